"""Save what pages said: an article whole or not at all, decided by storage.changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from storage import events, indexing
from storage.article_sections import column_of, replace_sections, without_sections
from storage.changes import Decision, StoredWording, compare
from storage.engine import AnyRow, insert_for, insert_into
from storage.event_kinds import EventKind
from storage.fetches import Try, fetch_values, record_fetches
from storage.first_saves import (
    ARTICLES,
    LINKS,
    PAGE,
    Asked,
    Found,
    Values,
    article_values,
    find,
    find_new,
    insert_articles,
)
from storage.models import ArticleRow, LinkRow, RevisionRow, ViewReadingRow
from storage.overwriting import FOLLOWING, SAID, changed_values
from storage.records import ArticleData, Change, ChangeKind, FetchResult, Outcome
from storage.session import Database

MINOR_WINDOW = timedelta(hours=48)
"""Minor edits of this long are counted before one more is believed (policy: more than 24 in 48 h)."""

STORED = tuple(field.name for field in fields(StoredWording))

READINGS: Any = ViewReadingRow.__table__

_FIND_ARTICLE = (
    select(
        ArticleRow.id,
        ArticleRow.source,
        ArticleRow.section,
        ArticleRow.first_seen_at,
        ArticleRow.stored_at,
        ArticleRow.revised_at,
        ArticleRow.gone_at,
        *(column_of(name) for name in dict.fromkeys((*FOLLOWING, *STORED))),
    )
    .where(ArticleRow.url == PAGE)
    .with_for_update()
)

_UPDATE_ARTICLE = update(ARTICLES).where(ARTICLES.c.id == bindparam("which"))
_UPDATE_LINK = update(LINKS).where(LINKS.c.id == bindparam("which"))


@cache
def _insert_reading(dialect: str) -> Any:
    return insert_for(dialect, READINGS).on_conflict_do_nothing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What saving one fetch did."""

    article_id: int
    change: Change
    kind: ChangeKind | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """What one fetch said, to be kept.

    `tried.url` is the address that was asked for; it differs from `data.url` after a redirect within the site.
    `section` is the wanted section the page belongs to.
    """

    data: ArticleData
    tried: Try
    section: str | None


class Saving:
    """Turns fetched articles into rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, data: ArticleData, tried: Try, *, section: str | None) -> Saved:
        """Keep what one fetch said: the article, its earlier wording, its view reading, the link's outcome.

        All of it is kept, or nothing. Raises StoreError.
        """
        (saved,) = self.save_all([Save(data=data, tried=tried, section=section)])
        return saved

    def save_all(self, saves: Sequence[Save]) -> tuple[Saved, ...]:
        """Keep what several fetches said, one after the other, in one transaction: all of it, or nothing.

        Raises StoreError.
        """
        asked = [(save, compare(None, save.data, now=save.data.fetched_at)) for save in saves]
        with self._database.write() as connection:
            return tuple(kept.saved for part in _parts(asked) for kept in _keep_part(connection, part))


def _parts(asked: Sequence[Asked]) -> Iterator[Sequence[Asked]]:
    """Saves one after the other, cut where one has to do with an address of one before it."""
    start, met = 0, set[str]()
    for place, (save, _) in enumerate(asked):
        addresses = {save.tried.url, save.data.url}
        if not met.isdisjoint(addresses):
            yield asked[start:place]
            start, met = place, set()
        met |= addresses
    yield asked[start:]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What was done, and the rows that are still to be written."""

    saved: Saved
    reading: Values | None
    link: Values
    fetch: Values


def _keep_part(connection: Connection, part: Sequence[Asked]) -> list[_Kept]:
    """Keep saves of which no two have an address in common."""
    found = find_new(connection, part) if len(part) > 1 else None
    if found is not None:
        kept = _keep_all(connection, part, found)
    else:
        kept = [one for asked in part for one in _keep_all(connection, [asked], [find(connection, asked)])]
    # No save asks for these of another, so they are written together: a statement costs more than its row.
    if readings := [one.reading for one in kept if one.reading is not None]:
        connection.execute(_insert_reading(connection.dialect.name), readings)
    connection.execute(_UPDATE_LINK, [one.link for one in kept])
    record_fetches(connection, [one.fetch for one in kept])
    return kept


def _keep_all(connection: Connection, part: Sequence[Asked], found: Sequence[Found]) -> list[_Kept]:
    """Keep saves with what is known before each; new articles are written at once."""
    known = list(zip(part, found, strict=True))
    new = [article_values(asked, before) for asked, before in known if before.article_id is None]
    ids = insert_articles(connection, new, index_keeps_up=found[0].index_keeps_up) if new else {}
    return [_keep(connection, save, before, decision, ids.get(save.data.url)) for (save, decision), before in known]


def _keep(connection: Connection, save: Save, before: Found, decision: Decision, new_id: int | None) -> _Kept:
    """`decision` is the one that holds for a new article; `new_id` its id, if it was written."""
    data, tried = save.data, save.tried
    if new_id is None:
        # It is stored; or another crawl stored it between two statements, and what it wrote is what we compare with.
        stored = connection.execute(_FIND_ARTICLE, {"page": data.url}).one()
        saved = _change(connection, data, stored, save.section, keeps_up=before.index_keeps_up)
    else:
        saved = Saved(article_id=new_id, change=Change.NEW, kind=None, reason=decision.reason)
    settled = _settle_links(connection, data, tried, saved, before)
    result = FetchResult(saved.change.value)
    fetch = fetch_values(before.link_id, tried, result, reason=saved.reason, view_count=data.view_count)
    return _Kept(saved=saved, reading=_reading(saved.article_id, data), link=settled, fetch=fetch)


def _change(
    connection: Connection, data: ArticleData, stored: AnyRow, section: str | None, *, keeps_up: bool | None
) -> Saved:
    wording = StoredWording(**{name: getattr(stored, name) for name in STORED})
    minor = _recent_minor_edits(connection, stored.id, data)
    decision = compare(wording, data, now=data.fetched_at, recent_minor_count=minor)
    if decision.change is Change.REVISED:
        _keep_revision(connection, stored, data, decision)
        _tell(connection, stored, data, EventKind.EDITED, decision.reason, {"undeclared": decision.undeclared})
    if decision.volatile:
        _tell(connection, stored, data, EventKind.NOISY, decision.reason, {})
    if stored.gone_at is not None:
        _tell(connection, stored, data, EventKind.RESTORED, f"was gone since {stored.gone_at:%Y-%m-%d %H:%M} UTC", {})
    values = changed_values(stored, data, decision, section)
    connection.execute(_UPDATE_ARTICLE, without_sections(values) | {"which": stored.id})
    before = stored._asdict()
    replace_sections(connection, stored.id, before, before | values)
    if keeps_up:
        indexing.replace(connection, stored.id, indexing.document(before), indexing.document(before | values))
    return Saved(article_id=stored.id, change=decision.change, kind=decision.kind, reason=decision.reason)


def _recent_minor_edits(connection: Connection, article_id: int, data: ArticleData) -> int:
    recent = (RevisionRow.article_id == article_id, RevisionRow.seen_until >= data.fetched_at - MINOR_WINDOW)
    minor = select(func.count()).where(*recent, RevisionRow.kind == ChangeKind.MINOR)
    return connection.scalar(minor) or 0


def _keep_revision(connection: Connection, stored: AnyRow, data: ArticleData, decision: Decision) -> None:
    last = select(func.coalesce(func.max(RevisionRow.number), 0)).where(RevisionRow.article_id == stored.id)
    values = {name: getattr(stored, name) for name in SAID} | {
        "article_id": stored.id,
        "number": (connection.scalar(last) or 0) + 1,
        "seen_from": stored.revised_at or stored.stored_at,
        "seen_until": data.fetched_at,
        "kind": decision.kind,
        "undeclared": decision.undeclared,
    }
    connection.execute(insert(RevisionRow).values(values))


def _tell(
    connection: Connection, stored: AnyRow, data: ArticleData, kind: str, what: str, details: dict[str, Any]
) -> None:
    about = {"sentence": f"{data.title}: {what}", "article_id": stored.id} | details
    events.record(connection, source=stored.source, kind=kind, subject=data.url, details=about, now=data.fetched_at)


def _reading(article_id: int, data: ArticleData) -> Values | None:
    if data.view_count is None:
        return None
    return {"article_id": article_id, "read_at": data.fetched_at, "view_count": data.view_count}


def _settle_links(connection: Connection, data: ArticleData, tried: Try, saved: Saved, before: Found) -> Values:
    """The address that was asked for is stored, as what is returned says; after a redirect so is the one it led to."""
    learned = {
        "sections": data.sections,
        "language": data.language,
        "article_id": saved.article_id,
        "read_at": tried.at,
    }
    settled = {"outcome": Outcome.STORED, "attempts": 0, "next_attempt_at": None, "missing_at": None}
    reason = None if data.url == tried.url else f"redirects to {data.url}"
    if reason is not None:
        _settle_target(connection, data, before, settled | learned)
    if before.before_id is not None and before.before_id != saved.article_id:
        _move(connection, before.before_id, saved.article_id)
    return settled | learned | {"reason": reason, "which": before.link_id}


def _move(connection: Connection, before_id: int, article_id: int) -> None:
    """The address of one article has come to redirect to another: it is the same story, followed where it is now."""
    connection.execute(_UPDATE_ARTICLE, {"which": before_id, "relook_at": None})
    if before_id < article_id:  # the first of a story is the same as none; and two never point at each other
        connection.execute(_UPDATE_ARTICLE, {"which": article_id, "same_as_id": before_id})


def _settle_target(connection: Connection, data: ArticleData, before: Found, settled: dict[str, Any]) -> None:
    fresh = {"source": before.source, "url": data.url, "first_listed_at": data.fetched_at} | settled
    statement = insert_into(connection, LinkRow).values(last_listed_at=data.fetched_at, reason=None, **fresh)
    connection.execute(statement.on_conflict_do_update(index_elements=["url"], set_=settled | {"reason": None}))
