"""Save what a page said: one transaction an article, decided by storage.changes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from storage import events
from storage.changes import Decision, StoredWording, compare
from storage.engine import insert_into
from storage.links import Try, record_fetch
from storage.models import ArticleRow, LinkRow, RevisionRow, ViewReadingRow
from storage.records import ArticleData, Change, ChangeKind, FetchResult, Outcome
from storage.relooks import next_relook

if TYPE_CHECKING:
    from storage.store import Store

MINOR_WINDOW = timedelta(hours=48)
"""Minor edits of this long are counted before one more is believed (policy: more than 24 in 48 h)."""

# What the page says, column by column; the wording decides over an edit, the rest follows the page.
WORDING = ("title", "subtitle", "body", "author", "sections", "published_at", "published_text", "published_precision")
FOLLOWING = ("language", "description", "image_url", "view_count")
STORED = tuple(field.name for field in fields(StoredWording))

_ADDRESS = bindparam("address")
_FIND_LINK = select(LinkRow.id, LinkRow.source, LinkRow.first_listed_at).where(LinkRow.url == _ADDRESS)
_FIND_ARTICLE = select(
    ArticleRow.id,
    ArticleRow.source,
    ArticleRow.first_seen_at,
    ArticleRow.stored_at,
    ArticleRow.revised_at,
    ArticleRow.gone_at,
    *(getattr(ArticleRow, name) for name in (*FOLLOWING, *STORED)),
).where(ArticleRow.url == _ADDRESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What saving one fetch did."""

    article_id: int
    change: Change
    kind: ChangeKind | None
    reason: str


class Saving:
    """Turns fetched articles into rows."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, data: ArticleData, tried: Try, *, section: str | None) -> Saved:
        """Keep what one fetch said: the article, its earlier wording, its view reading, the link's outcome.

        `tried.url` is the address that was asked for; it differs from `data.url` after a redirect within the site.
        `section` is the wanted section the page belongs to. All of it is kept, or nothing. Raises StoreError.
        """
        with self._store.write() as connection:
            link = connection.execute(_FIND_LINK, {"address": tried.url}).one()
            saved = _save_article(connection, data, link, section)
            _count_views(connection, saved.article_id, data)
            _settle_links(connection, data, tried, saved, link)
        return saved


def _save_article(connection: Connection, data: ArticleData, link: Row[Any], section: str | None) -> Saved:
    stored = connection.execute(_FIND_ARTICLE, {"address": data.url}).first()
    if stored is None:
        decision = compare(None, data, now=data.fetched_at)
        article_id = _insert(connection, data, link, section, decision)
        if article_id is not None:
            return Saved(article_id=article_id, change=Change.NEW, kind=None, reason=decision.reason)
        # Another crawl stored it between the two statements: what it wrote is what we compare with.
        stored = connection.execute(_FIND_ARTICLE, {"address": data.url}).one()
    return _change(connection, data, stored, section)


def _insert(
    connection: Connection, data: ArticleData, link: Row[Any], section: str | None, decision: Decision
) -> int | None:
    """Insert the article; None if its address is there already."""
    values = {name: getattr(data, name) for name in (*WORDING, *FOLLOWING, "source", "url", "problems", "reader_version")}
    seen = min(link.first_listed_at, data.fetched_at)
    values |= {
        "section": section or next(iter(data.sections), None),
        "content_hash": decision.content_hash,
        "first_seen_at": seen,
        "last_seen_at": link.first_listed_at,
        "stored_at": data.fetched_at,
        "last_fetched_at": data.fetched_at,
        "same_as_id": _same_wording(connection, data, decision.content_hash),
        "relook_at": next_relook(data.published_at, seen, data.fetched_at),
    }
    statement = insert_into(connection, ArticleRow).on_conflict_do_nothing(index_elements=["url"])
    found: int | None = connection.execute(statement.returning(ArticleRow.id), values).scalar()
    return found


def _same_wording(connection: Connection, data: ArticleData, content_hash: str) -> int | None:
    """The first article of the source with this wording; a title alone is none."""
    if not data.body:
        return None
    same = (ArticleRow.content_hash == content_hash, ArticleRow.source == data.source, ArticleRow.url != data.url)
    first: int | None = connection.scalar(select(func.min(ArticleRow.id)).where(*same))
    return first
