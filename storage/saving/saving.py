"""Save fetched articles, each as storage.saving.change_detection decides: article, revision, views, link, fetch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from storage.crawling import events, quarantine
from storage.crawling.fencing import fenced_write
from storage.crawling.fetches import FetchAttempt, fetch_row, record_fetches
from storage.crawling.quarantine import ParsingMarks
from storage.database.article_sections import column_of, replace_sections, without_sections
from storage.database.engine import AnyRow, upsert_insert, upsert_insert_for
from storage.database.session import Database
from storage.database.tables import articles, links, revisions, view_readings
from storage.model.article_fields import REVISION_FIELDS, VOLATILE_FIELDS
from storage.model.event_kinds import EventKind
from storage.model.records import ArticleData, EditKind, FetchFailure, FetchResult, Outcome, SaveOutcome
from storage.saving.change_detection import ChangeDecision, StoredText, detect_change
from storage.saving.merge import merged_values
from storage.saving.new_articles import (
    P_URL,
    ExistingRows,
    PendingSave,
    RowValues,
    insert_articles,
    load_existing,
    load_existing_batch,
    new_row,
)
from storage.saving.page_ends import broken_off_failure
from storage.saving.requests import SaveRequest, SaveResult
from storage.saving.stated_dates import as_stated
from storage.search import index
from storage.search.index_entries import analyze_large

MINOR_EDIT_WINDOW = timedelta(hours=48)
"""Period whose minor edits are counted before another is stored (policy: at most 24 in 48 h)."""

STORED_TEXT_FIELDS = tuple(field.name for field in fields(StoredText))


_STORED_ARTICLE = (
    select(
        articles.c.id,
        articles.c.source,
        articles.c.section,
        articles.c.first_seen_at,
        articles.c.stored_at,
        articles.c.revised_at,
        articles.c.gone_at,
        articles.c.reservations,
        *(column_of(name) for name in dict.fromkeys((*VOLATILE_FIELDS, *STORED_TEXT_FIELDS))),
    )
    .where(articles.c.url == P_URL)
    .with_for_update()
)

_UPDATE_ARTICLE = update(articles).where(articles.c.id == bindparam("row_id"))
_UPDATE_LINK = update(links).where(links.c.id == bindparam("row_id"))


@cache
def _insert_reading(dialect: str) -> Any:
    return upsert_insert_for(dialect, view_readings).on_conflict_do_nothing()


class ArticleWriter:
    """Write fetched articles with all rows that belong to them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, data: ArticleData, attempt: FetchAttempt, *, section: str | None) -> SaveResult:
        """Save one fetched article: its row, revision, view reading, link and fetch, in one transaction.

        Raises StoreError.
        """
        (saved,) = self.save_all([SaveRequest(data=data, attempt=attempt, section=section)])
        return saved

    def broken_off_failure(self, data: ArticleData, attempt: FetchAttempt) -> FetchFailure | None:
        """Return the failure of a page that broke off and is not to be saved; None if it is. Raises StoreError."""
        with self._database.read() as connection:
            return broken_off_failure(connection, data, attempt)

    def save_all(self, saves: Sequence[SaveRequest], *, marks: ParsingMarks | None = None) -> tuple[SaveResult, ...]:
        """Save several fetched articles in their order, in one transaction; return their results in the same order.

        `marks` are links that are parsed next. Raises StoreError, LostLeaseError if the run of one is closed.
        """
        pending = [(save, detect_change(None, save.data, now=save.data.fetched_at)) for save in saves]
        analyze_large((save.data.body, save.data.language) for save in saves)
        with fenced_write(self._database, *(save.attempt.run_id for save in saves)) as connection:
            quarantine.mark(connection, marks)
            return tuple(rows.result for batch in _batches(pending) for rows in _write_batch(connection, batch))


def _batches(pending: Sequence[PendingSave]) -> Iterator[Sequence[PendingSave]]:
    """Split saves, in their order, into batches in which no URL occurs twice."""
    start, seen_urls = 0, set[str]()
    for position, (save, _) in enumerate(pending):
        urls = {save.attempt.url, save.data.url}
        if not seen_urls.isdisjoint(urls):
            yield pending[start:position]
            start, seen_urls = position, set()
        seen_urls |= urls
    yield pending[start:]


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRows:
    """The result of a save, and its rows that are still to be written."""

    result: SaveResult
    view_reading: RowValues | None
    link: RowValues
    fetch: RowValues


def _write_batch(connection: Connection, batch: Sequence[PendingSave]) -> list[PendingRows]:
    """Write saves of which no two have a URL in common."""
    existing = load_existing_batch(connection, batch) if len(batch) > 1 else None
    if existing is not None:
        written = _write_all(connection, batch, existing)
    else:
        written = [
            rows
            for pending in batch
            for rows in _write_all(connection, [pending], [load_existing(connection, pending)])
        ]
    # No save of the batch reads these rows, so they are written together: a statement costs more than its row.
    if readings := [rows.view_reading for rows in written if rows.view_reading is not None]:
        connection.execute(_insert_reading(connection.dialect.name), readings)
    connection.execute(_UPDATE_LINK, [rows.link for rows in written])
    record_fetches(connection, [rows.fetch for rows in written])
    return written


def _write_all(
    connection: Connection, batch: Sequence[PendingSave], existing: Sequence[ExistingRows]
) -> list[PendingRows]:
    """Write saves with the existing rows of each; insert all new articles together."""
    known = list(zip(batch, existing, strict=True))
    new = [new_row(pending, before) for pending, before in known if before.article_id is None]
    ids = insert_articles(connection, new, is_index_current=existing[0].is_index_current) if new else {}
    return [
        _write_article(connection, save, before, decision, ids.get(save.data.url)) for (save, decision), before in known
    ]


def _write_article(
    connection: Connection, save: SaveRequest, before: ExistingRows, decision: ChangeDecision, new_id: int | None
) -> PendingRows:
    """Write one save; `decision` applies to a new article, and `new_id` is its id if it was inserted."""
    data, attempt = save.data, save.attempt
    if new_id is None:
        # It is stored, or another crawl stored it between two statements: compare with the stored row.
        stored = connection.execute(_STORED_ARTICLE, {"page_url": data.url}).one()
        saved, is_incomplete = _record_change(connection, save, stored, is_index_current=before.is_index_current)
        if is_incomplete:  # a count may be cut, and sections be missing
            data = replace(data, view_count=None, sections=stored.sections)
    else:
        saved = SaveResult(article_id=new_id, outcome=SaveOutcome.NEW, edit_kind=None, reason=decision.reason)
    settled = _close_links(connection, data, attempt, saved, before)
    result = FetchResult(saved.outcome.value)
    fetch = fetch_row(before.link_id, attempt, result, reason=saved.reason, view_count=data.view_count)
    return PendingRows(result=saved, view_reading=_view_reading(saved.article_id, data), link=settled, fetch=fetch)


def _record_change(
    connection: Connection, save: SaveRequest, stored: AnyRow, *, is_index_current: bool | None
) -> tuple[SaveResult, bool]:
    """Write the change of a stored article; return its result, and whether the page was incomplete."""
    data = save.data
    stored_text = StoredText(**{name: getattr(stored, name) for name in STORED_TEXT_FIELDS})
    stated = as_stated(stored_text, data, save.listed)
    minor_count = _recent_minor_edits(connection, stored.id, data)
    decision = detect_change(stated, data, now=data.fetched_at, recent_minor_count=minor_count)
    if decision.change is SaveOutcome.REVISED:
        _insert_revision(connection, stored, data, decision)
        edit = f"{'stealth edit' if decision.is_stealth else 'edit'}: {decision.kind}"
        _record_event(connection, stored, data, EventKind.EDITED, f" ({edit})", {"is_stealth": decision.is_stealth})
    if decision.is_noisy:
        _record_event(connection, stored, data, EventKind.NOISY, f": {decision.reason}", {})
    if stored.gone_at is not None:
        _record_event(
            connection, stored, data, EventKind.RESTORED, f": was gone since {stored.gone_at:%Y-%m-%d %H:%M} UTC", {}
        )
    values = merged_values(stored, save, decision, stored_text, stated)
    connection.execute(_UPDATE_ARTICLE, without_sections(values) | {"row_id": stored.id})
    before = stored._asdict()
    replace_sections(connection, stored.id, before, before | values)
    if is_index_current:
        index.replace(connection, stored.id, index.index_document(before), index.index_document(before | values))
    saved = SaveResult(article_id=stored.id, outcome=decision.change, edit_kind=decision.kind, reason=decision.reason)
    return saved, decision.is_incomplete


def _recent_minor_edits(connection: Connection, article_id: int, data: ArticleData) -> int:
    recent = (revisions.c.article_id == article_id, revisions.c.seen_until >= data.fetched_at - MINOR_EDIT_WINDOW)
    minor = select(func.count()).where(*recent, revisions.c.edit_kind == EditKind.MINOR)
    return connection.scalar(minor) or 0


def _insert_revision(connection: Connection, stored: AnyRow, data: ArticleData, decision: ChangeDecision) -> None:
    last = select(func.coalesce(func.max(revisions.c.revision_number), 0)).where(revisions.c.article_id == stored.id)
    values = {name: getattr(stored, name) for name in REVISION_FIELDS} | {
        "article_id": stored.id,
        "revision_number": (connection.scalar(last) or 0) + 1,
        "seen_from": stored.revised_at or stored.stored_at,
        "seen_until": data.fetched_at,
        "edit_kind": decision.kind,
        "is_stealth": decision.is_stealth,
    }
    connection.execute(insert(revisions).values(values))


def _record_event(
    connection: Connection, stored: AnyRow, data: ArticleData, kind: str, description: str, details: dict[str, Any]
) -> None:
    event_details = {"sentence": f"{data.title}{description}", "article_id": stored.id} | details
    events.record(
        connection, source=stored.source, kind=kind, subject=data.url, details=event_details, now=data.fetched_at
    )


def _view_reading(article_id: int, data: ArticleData) -> RowValues | None:
    if data.view_count is None:
        return None
    return {"article_id": article_id, "measured_at": data.fetched_at, "view_count": data.view_count}


def _close_links(
    connection: Connection, data: ArticleData, attempt: FetchAttempt, saved: SaveResult, before: ExistingRows
) -> RowValues:
    """Return the columns of the requested link, now stored; after a redirect, write the link of the target too."""
    hints = {
        "sections": data.sections,
        "language": data.language,
        "article_id": saved.article_id,
        "parsed_at": attempt.fetched_at,
    }
    settled: dict[str, Any] = {
        "outcome": Outcome.STORED,
        "failed_attempts": 0,
        "next_attempt_at": None,
        "first_404_at": None,
        **quarantine.PARSED,
    }
    reason = None if data.url == attempt.url else f"redirects to {data.url}"
    answered = {"request_url": None if attempt.request_url == data.url else attempt.request_url}
    if reason is not None:
        _close_redirect_target(connection, data, before, settled | hints | answered)
        answered = {"request_url": before.request_url}
    if before.previous_id is not None and before.previous_id != saved.article_id:
        _redirect_link(connection, before.previous_id, saved.article_id)
    return settled | hints | answered | {"outcome_reason": reason, "row_id": before.link_id}


def _redirect_link(connection: Connection, previous_id: int, article_id: int) -> None:
    """Mark an article whose URL now redirects to another as the same article, and stop its recrawls."""
    connection.execute(_UPDATE_ARTICLE, {"row_id": previous_id, "recrawl_at": None})
    if previous_id < article_id:  # the first has no duplicate_of_id, and two never refer to each other
        connection.execute(_UPDATE_ARTICLE, {"row_id": article_id, "duplicate_of_id": previous_id})


def _close_redirect_target(
    connection: Connection, data: ArticleData, before: ExistingRows, settled: dict[str, Any]
) -> None:
    fresh = {"source": before.source, "url": data.url, "first_listed_at": data.fetched_at} | settled
    statement = upsert_insert(connection, links).values(last_listed_at=data.fetched_at, outcome_reason=None, **fresh)
    connection.execute(statement.on_conflict_do_update(index_elements=["url"], set_=settled | {"outcome_reason": None}))
