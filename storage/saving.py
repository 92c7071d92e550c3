"""Save what pages said: an article whole or not at all, decided by storage.changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select, update

from storage import events, indexing
from storage.changes import Decision, StoredWording, compare
from storage.engine import AnyRow, hold_lock, insert_for, insert_into
from storage.fetches import Try, fetch_values, record_fetches
from storage.models import ArticleRow, LinkRow, RevisionRow, ViewReadingRow
from storage.overwriting import DATE, FOLLOWING, SAID, WORDING, changed_values
from storage.records import ArticleData, Change, ChangeKind, FetchResult, Outcome
from storage.relooks import next_relook

if TYPE_CHECKING:
    from storage.store import Store

MINOR_WINDOW = timedelta(hours=48)
"""Minor edits of this long are counted before one more is believed (policy: more than 24 in 48 h)."""

STORED = tuple(field.name for field in fields(StoredWording))

# Statements are built once and on tables, not classes: building them for every article took two thirds of a save,
# and a class as their target sends every row through the ORM's bulk machinery. Values go in as parameters.
ARTICLES: Any = ArticleRow.__table__
LINKS: Any = LinkRow.__table__
READINGS: Any = ViewReadingRow.__table__

_PAGE: BindParameter[str] = bindparam("page")
_SAME_WORDING = (
    select(func.min(ARTICLES.c.id))
    .where(ARTICLES.c.content_hash == bindparam("wording"))
    .where(ARTICLES.c.source == bindparam("of"), ARTICLES.c.url != _PAGE)
)
# One question for all that a save must know: each statement more is two more switches between the store's thread and
# the loop's, and they cost more than the statement.
_FIND_LINK = (
    select(
        LINKS.c.id,
        LINKS.c.source,
        LINKS.c.first_listed_at,
        LINKS.c.article_id.label("before_id"),
        ARTICLES.c.id.label("article_id"),
        _SAME_WORDING.scalar_subquery().label("same_as_id"),
        indexing.KEEPS_UP.label("index_keeps_up"),
    )
    .outerjoin(ARTICLES, ARTICLES.c.url == _PAGE)
    .where(LINKS.c.url == bindparam("asked"))
    .with_for_update(of=LINKS)
)
_FIND_ARTICLE = (
    select(
        ArticleRow.id,
        ArticleRow.source,
        ArticleRow.section,
        ArticleRow.first_seen_at,
        ArticleRow.stored_at,
        ArticleRow.revised_at,
        ArticleRow.gone_at,
        *(getattr(ArticleRow, name) for name in dict.fromkeys((*FOLLOWING, *STORED))),
    )
    .where(ArticleRow.url == _PAGE)
    .with_for_update()
)

_UPDATE_ARTICLE = update(ARTICLES).where(ARTICLES.c.id == bindparam("which"))
_UPDATE_LINK = update(LINKS).where(LINKS.c.id == bindparam("which"))


@cache
def _insert_article(dialect: str) -> Any:
    return insert_for(dialect, ARTICLES).on_conflict_do_nothing(index_elements=["url"]).returning(ARTICLES.c.id)


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

    def __init__(self, store: Store) -> None:
        self._store = store

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
        fresh = [compare(None, save.data, now=save.data.fetched_at) for save in saves]
        with self._store.write() as connection:
            kept = [_keep(connection, save, decision) for save, decision in zip(saves, fresh, strict=True)]
            # No save asks for these of another, so they are written together: a statement costs more than its row.
            if readings := [one.reading for one in kept if one.reading is not None]:
                connection.execute(_insert_reading(connection.dialect.name), readings)
            connection.execute(_UPDATE_LINK, [one.link for one in kept])
            record_fetches(connection, [one.fetch for one in kept])
            return tuple(one.saved for one in kept)


Values = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What was done, and the rows that are still to be written."""

    saved: Saved
    reading: Values | None
    link: Values
    fetch: Values


def _keep(connection: Connection, save: Save, fresh: Decision) -> _Kept:
    data, tried = save.data, save.tried
    asked = {"asked": tried.url, "page": data.url, "of": data.source, "wording": fresh.content_hash}
    link = connection.execute(_FIND_LINK, asked).one()
    saved = _save_article(connection, data, link, save.section, fresh)
    settled = _settle_links(connection, data, tried, saved, link)
    result = FetchResult(saved.change.value)
    fetch = fetch_values(link.id, tried, result, reason=saved.reason, view_count=data.view_count)
    return _Kept(saved=saved, reading=_reading(saved.article_id, data), link=settled, fetch=fetch)


def _save_article(
    connection: Connection, data: ArticleData, link: AnyRow, section: str | None, fresh: Decision
) -> Saved:
    """`fresh` is the decision that holds if the article is not stored yet."""
    if link.article_id is None:
        article_id = _insert(connection, data, link, section, fresh)
        if article_id is not None:
            return Saved(article_id=article_id, change=Change.NEW, kind=None, reason=fresh.reason)
        # Another crawl stored it between the two statements: what it wrote is what we compare with.
    stored = connection.execute(_FIND_ARTICLE, {"page": data.url}).one()
    return _change(connection, data, stored, section, keeps_up=link.index_keeps_up)


def _insert(
    connection: Connection, data: ArticleData, link: AnyRow, section: str | None, decision: Decision
) -> int | None:
    """Insert and index the article; None if its address is there already."""
    values = {
        name: getattr(data, name)
        for name in (*WORDING, *DATE, *FOLLOWING, "source", "url", "problems", "reader_version")
    }
    seen = min(link.first_listed_at, data.fetched_at)
    values |= {
        "section": section or next(iter(data.sections), None),
        "content_hash": decision.content_hash,
        "first_seen_at": seen,
        "last_seen_at": link.first_listed_at,
        "stored_at": data.fetched_at,
        "last_fetched_at": data.fetched_at,
        "same_as_id": link.same_as_id if data.body else None,  # a title alone is no wording
        "relook_at": next_relook(data.published_at, seen, data.fetched_at),
    }
    # Ids become visible in their order: whoever has seen one, as a watch has, looks for none below it again.
    hold_lock(connection, "articles")
    found: int | None = connection.execute(_insert_article(connection.dialect.name), values).scalar()
    if found is not None and link.index_keeps_up:
        indexing.add(connection, found, indexing.document(values))
    return found


def _change(connection: Connection, data: ArticleData, stored: AnyRow, section: str | None, *, keeps_up: bool) -> Saved:
    wording = StoredWording(**{name: getattr(stored, name) for name in STORED})
    minor = _recent_minor_edits(connection, stored.id, data)
    decision = compare(wording, data, now=data.fetched_at, recent_minor_count=minor)
    if decision.change is Change.REVISED:
        _keep_revision(connection, stored, data, decision)
        _tell(connection, stored, data, "edited", decision.reason, {"undeclared": decision.undeclared})
    if decision.volatile:
        _tell(connection, stored, data, "volatile", decision.reason, {})
    if stored.gone_at is not None:
        _tell(connection, stored, data, "back", f"was gone since {stored.gone_at:%Y-%m-%d %H:%M} UTC", {})
    values = changed_values(stored, data, decision, section)
    connection.execute(_UPDATE_ARTICLE, values | {"which": stored.id})
    if keeps_up:
        before = {name: getattr(stored, name) for name in indexing.SOURCES}
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


def _settle_links(connection: Connection, data: ArticleData, tried: Try, saved: Saved, link: AnyRow) -> Values:
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
        _settle_target(connection, data, link, settled | learned)
    if link.before_id not in {None, saved.article_id}:
        _move(connection, link.before_id, saved.article_id)
    return settled | learned | {"reason": reason, "which": link.id}


def _move(connection: Connection, before_id: int, article_id: int) -> None:
    """The address of one article has come to redirect to another: it is the same story, followed where it is now."""
    connection.execute(_UPDATE_ARTICLE, {"which": before_id, "relook_at": None})
    if before_id < article_id:  # the first of a story is the same as none; and two never point at each other
        connection.execute(_UPDATE_ARTICLE, {"which": article_id, "same_as_id": before_id})


def _settle_target(connection: Connection, data: ArticleData, link: AnyRow, settled: dict[str, Any]) -> None:
    fresh = {"source": link.source, "url": data.url, "first_listed_at": data.fetched_at} | settled
    statement = insert_into(connection, LinkRow).values(last_listed_at=data.fetched_at, reason=None, **fresh)
    connection.execute(statement.on_conflict_do_update(index_elements=["url"], set_=settled | {"reason": None}))
