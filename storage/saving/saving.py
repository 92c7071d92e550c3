"""Save what pages said: an article whole or not at all, decided by storage.saving.change_detection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from storage.crawling import events
from storage.crawling.fetches import FetchAttempt, fetch_row, record_fetches
from storage.database.article_sections import column_of, replace_sections, without_sections
from storage.database.engine import AnyRow, upsert_insert, upsert_insert_for
from storage.database.session import Database
from storage.database.tables import ArticleRow, LinkRow, RevisionRow, ViewReadingRow
from storage.model.event_kinds import EventKind
from storage.model.records import ArticleData, EditKind, FetchResult, Outcome, SaveOutcome
from storage.saving.change_detection import ChangeDecision, StoredText, detect_change
from storage.saving.merge import REVISION_FIELDS, VOLATILE_FIELDS, merged_values
from storage.saving.new_articles import (
    ARTICLE_TABLE,
    LINK_TABLE,
    P_URL,
    ExistingRows,
    PendingSave,
    RowValues,
    insert_articles,
    load_existing,
    load_existing_batch,
    new_row,
)
from storage.saving.requests import SaveRequest, SaveResult
from storage.search import index

MINOR_EDIT_WINDOW = timedelta(hours=48)
"""Minor edits of this long are counted before one more is believed (policy: more than 24 in 48 h)."""

STORED_TEXT_FIELDS = tuple(field.name for field in fields(StoredText))

VIEW_READINGS: Any = ViewReadingRow.__table__

_FIND_ARTICLE = (
    select(
        ArticleRow.id,
        ArticleRow.source,
        ArticleRow.section,
        ArticleRow.first_seen_at,
        ArticleRow.stored_at,
        ArticleRow.revised_at,
        ArticleRow.gone_at,
        *(column_of(name) for name in dict.fromkeys((*VOLATILE_FIELDS, *STORED_TEXT_FIELDS))),
    )
    .where(ArticleRow.url == P_URL)
    .with_for_update()
)

_UPDATE_ARTICLE = update(ARTICLE_TABLE).where(ARTICLE_TABLE.c.id == bindparam("which"))
_UPDATE_LINK = update(LINK_TABLE).where(LINK_TABLE.c.id == bindparam("which"))


@cache
def _insert_reading(dialect: str) -> Any:
    return upsert_insert_for(dialect, VIEW_READINGS).on_conflict_do_nothing()


class ArticleWriter:
    """Turns fetched articles into rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, data: ArticleData, tried: FetchAttempt, *, section: str | None) -> SaveResult:
        """Keep what one fetch said: the article, its earlier wording, its view reading, the link's outcome.

        All of it is kept, or nothing. Raises StoreError.
        """
        (saved,) = self.save_all([SaveRequest(data=data, attempt=tried, section=section)])
        return saved

    def save_all(self, saves: Sequence[SaveRequest]) -> tuple[SaveResult, ...]:
        """Keep what several fetches said, one after the other, in one transaction: all of it, or nothing.

        Raises StoreError.
        """
        asked = [(save, detect_change(None, save.data, now=save.data.fetched_at)) for save in saves]
        with self._database.write() as connection:
            return tuple(kept.result for part in _parts(asked) for kept in _write_batch(connection, part))


def _parts(asked: Sequence[PendingSave]) -> Iterator[Sequence[PendingSave]]:
    """Saves one after the other, cut where one has to do with an address of one before it."""
    start, met = 0, set[str]()
    for place, (save, _) in enumerate(asked):
        addresses = {save.attempt.url, save.data.url}
        if not met.isdisjoint(addresses):
            yield asked[start:place]
            start, met = place, set()
        met |= addresses
    yield asked[start:]


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRows:
    """What was done, and the rows that are still to be written."""

    result: SaveResult
    view_reading: RowValues | None
    link: RowValues
    fetch: RowValues


def _write_batch(connection: Connection, part: Sequence[PendingSave]) -> list[PendingRows]:
    """Keep saves of which no two have an address in common."""
    found = load_existing_batch(connection, part) if len(part) > 1 else None
    if found is not None:
        kept = _write_all(connection, part, found)
    else:
        kept = [one for asked in part for one in _write_all(connection, [asked], [load_existing(connection, asked)])]
    # No save asks for these of another, so they are written together: a statement costs more than its row.
    if readings := [one.view_reading for one in kept if one.view_reading is not None]:
        connection.execute(_insert_reading(connection.dialect.name), readings)
    connection.execute(_UPDATE_LINK, [one.link for one in kept])
    record_fetches(connection, [one.fetch for one in kept])
    return kept


def _write_all(connection: Connection, part: Sequence[PendingSave], found: Sequence[ExistingRows]) -> list[PendingRows]:
    """Keep saves with what is known before each; new articles are written at once."""
    known = list(zip(part, found, strict=True))
    new = [new_row(asked, before) for asked, before in known if before.article_id is None]
    ids = insert_articles(connection, new, index_keeps_up=found[0].is_index_current) if new else {}
    return [
        _write_article(connection, save, before, decision, ids.get(save.data.url)) for (save, decision), before in known
    ]


def _write_article(
    connection: Connection, save: SaveRequest, before: ExistingRows, decision: ChangeDecision, new_id: int | None
) -> PendingRows:
    """`decision` is the one that holds for a new article; `new_id` its id, if it was written."""
    data, tried = save.data, save.attempt
    if new_id is None:
        # It is stored; or another crawl stored it between two statements, and what it wrote is what we compare with.
        stored = connection.execute(_FIND_ARTICLE, {"page": data.url}).one()
        saved = _record_change(connection, data, stored, save.section, keeps_up=before.is_index_current)
    else:
        saved = SaveResult(article_id=new_id, outcome=SaveOutcome.NEW, edit_kind=None, reason=decision.reason)
    settled = _close_links(connection, data, tried, saved, before)
    result = FetchResult(saved.outcome.value)
    fetch = fetch_row(before.link_id, tried, result, reason=saved.reason, view_count=data.view_count)
    return PendingRows(result=saved, view_reading=_view_reading(saved.article_id, data), link=settled, fetch=fetch)


def _record_change(
    connection: Connection, data: ArticleData, stored: AnyRow, section: str | None, *, keeps_up: bool | None
) -> SaveResult:
    wording = StoredText(**{name: getattr(stored, name) for name in STORED_TEXT_FIELDS})
    minor = _recent_minor_edits(connection, stored.id, data)
    decision = detect_change(wording, data, now=data.fetched_at, recent_minor_count=minor)
    if decision.change is SaveOutcome.REVISED:
        _insert_revision(connection, stored, data, decision)
        _record_event(connection, stored, data, EventKind.EDITED, decision.reason, {"is_stealth": decision.is_stealth})
    if decision.is_noisy:
        _record_event(connection, stored, data, EventKind.NOISY, decision.reason, {})
    if stored.gone_at is not None:
        _record_event(
            connection, stored, data, EventKind.RESTORED, f"was gone since {stored.gone_at:%Y-%m-%d %H:%M} UTC", {}
        )
    values = merged_values(stored, data, decision, section)
    connection.execute(_UPDATE_ARTICLE, without_sections(values) | {"which": stored.id})
    before = stored._asdict()
    replace_sections(connection, stored.id, before, before | values)
    if keeps_up:
        index.replace(connection, stored.id, index.index_document(before), index.index_document(before | values))
    return SaveResult(article_id=stored.id, outcome=decision.change, edit_kind=decision.kind, reason=decision.reason)


def _recent_minor_edits(connection: Connection, article_id: int, data: ArticleData) -> int:
    recent = (RevisionRow.article_id == article_id, RevisionRow.seen_until >= data.fetched_at - MINOR_EDIT_WINDOW)
    minor = select(func.count()).where(*recent, RevisionRow.edit_kind == EditKind.MINOR)
    return connection.scalar(minor) or 0


def _insert_revision(connection: Connection, stored: AnyRow, data: ArticleData, decision: ChangeDecision) -> None:
    last = select(func.coalesce(func.max(RevisionRow.revision_number), 0)).where(RevisionRow.article_id == stored.id)
    values = {name: getattr(stored, name) for name in REVISION_FIELDS} | {
        "article_id": stored.id,
        "revision_number": (connection.scalar(last) or 0) + 1,
        "seen_from": stored.revised_at or stored.stored_at,
        "seen_until": data.fetched_at,
        "edit_kind": decision.kind,
        "is_stealth": decision.is_stealth,
    }
    connection.execute(insert(RevisionRow).values(values))


def _record_event(
    connection: Connection, stored: AnyRow, data: ArticleData, kind: str, what: str, details: dict[str, Any]
) -> None:
    about = {"sentence": f"{data.title}: {what}", "article_id": stored.id} | details
    events.record(connection, source=stored.source, kind=kind, subject=data.url, details=about, now=data.fetched_at)


def _view_reading(article_id: int, data: ArticleData) -> RowValues | None:
    if data.view_count is None:
        return None
    return {"article_id": article_id, "measured_at": data.fetched_at, "view_count": data.view_count}


def _close_links(
    connection: Connection, data: ArticleData, tried: FetchAttempt, saved: SaveResult, before: ExistingRows
) -> RowValues:
    """The address that was asked for is stored, as what is returned says; after a redirect so is the one it led to."""
    learned = {
        "sections": data.sections,
        "language": data.language,
        "article_id": saved.article_id,
        "parsed_at": tried.fetched_at,
    }
    settled = {"outcome": Outcome.STORED, "failed_attempts": 0, "next_attempt_at": None, "first_404_at": None}
    reason = None if data.url == tried.url else f"redirects to {data.url}"
    if reason is not None:
        _close_redirect_target(connection, data, before, settled | learned)
    if before.previous_id is not None and before.previous_id != saved.article_id:
        _redirect_link(connection, before.previous_id, saved.article_id)
    return settled | learned | {"outcome_reason": reason, "which": before.link_id}


def _redirect_link(connection: Connection, before_id: int, article_id: int) -> None:
    """The address of one article has come to redirect to another: it is the same story, followed where it is now."""
    connection.execute(_UPDATE_ARTICLE, {"which": before_id, "recrawl_at": None})
    if before_id < article_id:  # the first of a story is the same as none; and two never point at each other
        connection.execute(_UPDATE_ARTICLE, {"which": article_id, "duplicate_of_id": before_id})


def _close_redirect_target(
    connection: Connection, data: ArticleData, before: ExistingRows, settled: dict[str, Any]
) -> None:
    fresh = {"source": before.source, "url": data.url, "first_listed_at": data.fetched_at} | settled
    statement = upsert_insert(connection, LinkRow).values(last_listed_at=data.fetched_at, outcome_reason=None, **fresh)
    connection.execute(statement.on_conflict_do_update(index_elements=["url"], set_=settled | {"outcome_reason": None}))
