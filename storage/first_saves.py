"""What a save asks before it writes, and articles that are written for the first time: one, or many at once.

A crawl's first sight of a source is nothing but new articles. Each alone takes three statements (what is known of it,
its row, its place in the full-text index); a group of them that have nothing to do with each other takes four.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select

from storage import indexing
from storage.article_sections import add_sections, without_sections
from storage.changes import Decision
from storage.engine import hold_lock, insert_for
from storage.models import ArticleRow, LinkRow
from storage.overwriting import DATE, FOLLOWING, WORDING
from storage.relooks import next_relook

if TYPE_CHECKING:
    from storage.saving import Save

Values = dict[str, Any]
Asked = tuple["Save", Decision]
"""A save, and the decision that holds if its article is not stored yet."""

# Statements are built once and on tables, not classes: building them for every article took two thirds of a save,
# and a class as their target sends every row through the ORM's bulk machinery. Values go in as parameters.
ARTICLES: Any = ArticleRow.__table__
LINKS: Any = LinkRow.__table__
PAGE: BindParameter[str] = bindparam("page")


@dataclass(frozen=True, slots=True)
class Found:
    """What is known before a save: of the address that was asked for, of the page's article, of the same wording."""

    link_id: int
    source: str
    first_listed_at: datetime
    before_id: int | None  # the article the address led to
    article_id: int | None  # that of the page
    index_keeps_up: bool | None
    same_as_id: int | None


_KNOWN = (
    LINKS.c.id,
    LINKS.c.source,
    LINKS.c.first_listed_at,
    LINKS.c.article_id.label("before_id"),
    ARTICLES.c.id.label("article_id"),
    indexing.KEEPS_UP.label("index_keeps_up"),
)
_SAME_WORDING = (
    select(func.min(ARTICLES.c.id))
    .where(ARTICLES.c.content_hash == bindparam("wording"))
    .where(ARTICLES.c.source == bindparam("of"), ARTICLES.c.url != PAGE)
)
# One question for all that a save must know: each statement more is two more switches between the store's thread and
# the loop's, and they cost more than the statement.
_FIND = (
    select(*_KNOWN, _SAME_WORDING.scalar_subquery().label("same_as_id"))
    .outerjoin(ARTICLES, ARTICLES.c.url == PAGE)
    .where(LINKS.c.url == bindparam("asked"))
    .with_for_update(of=LINKS)
)
_FIND_ALL = (
    select(LINKS.c.url, *_KNOWN)
    .outerjoin(ARTICLES, ARTICLES.c.url == LINKS.c.url)
    .where(LINKS.c.url.in_(bindparam("asked", expanding=True)))
    .with_for_update(of=LINKS)
)
_SAME_WORDINGS = (
    select(ARTICLES.c.source, ARTICLES.c.content_hash, func.min(ARTICLES.c.id))
    .where(ARTICLES.c.content_hash.in_(bindparam("wordings", expanding=True)))
    .group_by(ARTICLES.c.source, ARTICLES.c.content_hash)
)


_READ = (*WORDING, *DATE, *FOLLOWING, "source", "url", "problems", "reader_version")


@cache
def _insert_article(dialect: str) -> Any:
    statement = insert_for(dialect, ARTICLES).on_conflict_do_nothing(index_elements=["url"])
    return statement.returning(ARTICLES.c.url, ARTICLES.c.id)


def find(connection: Connection, asked: Asked) -> Found:
    """What is known before this save. Raises NoResultFound if its address was never listed."""
    save, decision = asked
    page = {"page": save.data.url, "of": save.data.source, "wording": decision.content_hash}
    return Found(*connection.execute(_FIND, page | {"asked": save.tried.url}).one())


def find_new(connection: Connection, group: Sequence[Asked]) -> list[Found] | None:
    """What `find` would say of each, if every one brings an article that no other has to do with.

    None if one of them redirects, is stored or led to an article, or if two say the same: then one may have to know
    what another wrote.
    """
    urls = [save.data.url for save, _ in group]
    wordings = {decision.content_hash for _, decision in group}
    if any(save.tried.url != save.data.url for save, _ in group) or len(wordings) < len(group):
        return None
    known = {row.url: row for row in connection.execute(_FIND_ALL, {"asked": urls})}
    if len(known) < len(group) or any({row.before_id, row.article_id} != {None} for row in known.values()):
        return None
    # Before the wordings are asked for: what another process stores while this one waits is among them.
    hold_lock(connection, "articles")
    said = connection.execute(_SAME_WORDINGS, {"wordings": list(wordings)})
    same = {(source, wording): first_id for source, wording, first_id in said}
    return [
        Found(*known[save.data.url][1:], same.get((save.data.source, decision.content_hash)))
        for save, decision in group
    ]


def insert_articles(connection: Connection, rows: Sequence[Values], *, index_keeps_up: bool | None) -> dict[str, int]:
    """Insert and index articles; the ids by address, without those whose address is there already."""
    # Ids become visible in their order: whoever has seen one, as a watch has, looks for none below it again.
    hold_lock(connection, "articles")
    found = connection.execute(_insert_article(connection.dialect.name), [without_sections(row) for row in rows])
    ids: dict[str, int] = {row.url: row.id for row in found}
    add_sections(connection, [(ids[row["url"]], row) for row in rows if row["url"] in ids])
    if index_keeps_up:
        indexing.add_all(connection, [(ids[row["url"]], indexing.document(row)) for row in rows if row["url"] in ids])
    return ids


def article_values(asked: Asked, found: Found) -> Values:
    """The row of an article that is stored for the first time."""
    save, decision = asked
    data = save.data
    seen = min(found.first_listed_at, data.fetched_at)
    return {name: getattr(data, name) for name in _READ} | {
        "section": save.section or next(iter(data.sections), None),
        "content_hash": decision.content_hash,
        "first_seen_at": seen,
        "last_seen_at": found.first_listed_at,
        "stored_at": data.fetched_at,
        "last_fetched_at": data.fetched_at,
        "same_as_id": found.same_as_id if data.body else None,  # a title alone is no wording
        "relook_at": next_relook(data.published_at, seen, data.fetched_at),
    }
