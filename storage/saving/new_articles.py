"""What a save asks before it writes, and articles that are written for the first time: one, or many at once.

A crawl's first sight of a source is nothing but new articles. Each alone takes three statements (what is known of it,
its row, its place in the full-text index); a group of them that have nothing to do with each other takes four.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select

from storage.database.article_sections import add_sections, without_sections
from storage.database.engine import advisory_lock, upsert_insert_for
from storage.database.tables import ArticleRow, LinkRow
from storage.model.recrawl import next_recrawl
from storage.saving.change_detection import ChangeDecision
from storage.saving.merge import DATE_FIELDS, TEXT_FIELDS, VOLATILE_FIELDS
from storage.saving.requests import SaveRequest
from storage.search import index

RowValues = dict[str, Any]
PendingSave = tuple[SaveRequest, ChangeDecision]
"""A save, and the decision that holds if its article is not stored yet."""

# Statements are built once and on tables, not classes: building them for every article took two thirds of a save,
# and a class as their target sends every row through the ORM's bulk machinery. Values go in as parameters.
ARTICLE_TABLE: Any = ArticleRow.__table__
LINK_TABLE: Any = LinkRow.__table__
P_URL: BindParameter[str] = bindparam("page")


@dataclass(frozen=True, slots=True)
class ExistingRows:
    """What is known before a save: of the address that was asked for, of the page's article, of the same wording."""

    link_id: int
    source: str
    first_listed_at: datetime
    previous_id: int | None  # the article the address led to
    article_id: int | None  # that of the page
    is_index_current: bool | None
    duplicate_of_id: int | None


_KNOWN = (
    LINK_TABLE.c.id,
    LINK_TABLE.c.source,
    LINK_TABLE.c.first_listed_at,
    LINK_TABLE.c.article_id.label("before_id"),
    ARTICLE_TABLE.c.id.label("article_id"),
    index.IS_CURRENT.label("index_keeps_up"),
)
_SAME_WORDING = (
    select(func.min(ARTICLE_TABLE.c.id))
    .where(ARTICLE_TABLE.c.content_hash == bindparam("wording"))
    .where(ARTICLE_TABLE.c.source == bindparam("of"), ARTICLE_TABLE.c.url != P_URL)
)
# One question for all that a save must know: each statement more is two more switches between the store's thread and
# the loop's, and they cost more than the statement.
_FIND = (
    select(*_KNOWN, _SAME_WORDING.scalar_subquery().label("duplicate_of_id"))
    .outerjoin(ARTICLE_TABLE, ARTICLE_TABLE.c.url == P_URL)
    .where(LINK_TABLE.c.url == bindparam("asked"))
    .with_for_update(of=LINK_TABLE)
)
_FIND_ALL = (
    select(LINK_TABLE.c.url, *_KNOWN)
    .outerjoin(ARTICLE_TABLE, ARTICLE_TABLE.c.url == LINK_TABLE.c.url)
    .where(LINK_TABLE.c.url.in_(bindparam("asked", expanding=True)))
    .with_for_update(of=LINK_TABLE)
)
_SAME_WORDINGS = (
    select(ARTICLE_TABLE.c.source, ARTICLE_TABLE.c.content_hash, func.min(ARTICLE_TABLE.c.id))
    .where(ARTICLE_TABLE.c.content_hash.in_(bindparam("wordings", expanding=True)))
    .group_by(ARTICLE_TABLE.c.source, ARTICLE_TABLE.c.content_hash)
)


_READ = (*TEXT_FIELDS, *DATE_FIELDS, *VOLATILE_FIELDS, "source", "url", "problems", "parser_version")


@cache
def _insert_article(dialect: str) -> Any:
    statement = upsert_insert_for(dialect, ARTICLE_TABLE).on_conflict_do_nothing(index_elements=["url"])
    return statement.returning(ARTICLE_TABLE.c.url, ARTICLE_TABLE.c.id)


def load_existing(connection: Connection, asked: PendingSave) -> ExistingRows:
    """What is known before this save. Raises NoResultFound if its address was never listed."""
    save, decision = asked
    page = {"page": save.data.url, "of": save.data.source, "wording": decision.content_hash}
    return ExistingRows(*connection.execute(_FIND, page | {"asked": save.attempt.url}).one())


def load_existing_batch(connection: Connection, group: Sequence[PendingSave]) -> list[ExistingRows] | None:
    """What `find` would say of each, if every one brings an article that no other has to do with.

    None if one of them redirects, is stored or led to an article, or if two say the same: then one may have to know
    what another wrote.
    """
    urls = [save.data.url for save, _ in group]
    wordings = {decision.content_hash for _, decision in group}
    if any(save.attempt.url != save.data.url for save, _ in group) or len(wordings) < len(group):
        return None
    known = {row.url: row for row in connection.execute(_FIND_ALL, {"asked": urls})}
    if len(known) < len(group) or any({row.before_id, row.article_id} != {None} for row in known.values()):
        return None
    # Before the wordings are asked for: what another process stores while this one waits is among them.
    advisory_lock(connection, "articles")
    said = connection.execute(_SAME_WORDINGS, {"wordings": list(wordings)})
    same = {(source, wording): first_id for source, wording, first_id in said}
    return [
        ExistingRows(*known[save.data.url][1:], same.get((save.data.source, decision.content_hash)))
        for save, decision in group
    ]


def insert_articles(
    connection: Connection, rows: Sequence[RowValues], *, index_keeps_up: bool | None
) -> dict[str, int]:
    """Insert and index articles; the ids by address, without those whose address is there already."""
    # Ids become visible in their order: whoever has seen one, as a watch has, looks for none below it again.
    advisory_lock(connection, "articles")
    found = connection.execute(_insert_article(connection.dialect.name), [without_sections(row) for row in rows])
    ids: dict[str, int] = {row.url: row.id for row in found}
    add_sections(connection, [(ids[row["url"]], row) for row in rows if row["url"] in ids])
    if index_keeps_up:
        index.index_documents(
            connection, [(ids[row["url"]], index.index_document(row)) for row in rows if row["url"] in ids]
        )
    return ids


def new_row(asked: PendingSave, found: ExistingRows) -> RowValues:
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
        "fetched_at": data.fetched_at,
        "duplicate_of_id": found.duplicate_of_id if data.body else None,  # a title alone is no wording
        "recrawl_at": next_recrawl(data.published_at, seen, data.fetched_at),
    }
