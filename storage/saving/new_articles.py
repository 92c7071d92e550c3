"""Load the existing rows that a save needs, and insert new articles: one, or a batch.

The first crawl of a source brings new articles only. Each alone takes three statements (existing rows, insert,
full-text index); a batch of independent ones takes four in all.
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
from storage.database.tables import articles, links
from storage.model.article_fields import DATE_FIELDS, TEXT_FIELDS, VOLATILE_FIELDS
from storage.model.listed_time import with_listed_time
from storage.model.recrawl import next_recrawl
from storage.model.reservations import stored_reservations
from storage.saving.change_detection import ChangeDecision
from storage.saving.requests import SaveRequest
from storage.search import index

RowValues = dict[str, Any]
PendingSave = tuple[SaveRequest, ChangeDecision]
"""A request, and the decision that applies if its article is not stored yet."""

# Statements are built once, with bind parameters: building them for every article took two thirds of a save.
P_URL: BindParameter[str] = bindparam("page_url")


@dataclass(frozen=True, slots=True)
class ExistingRows:
    """Existing rows that a save needs: the requested link, the page's article, an earlier one with the same text."""

    link_id: int
    source: str
    first_listed_at: datetime
    request_url: str | None  # spelling of the requested link
    previous_id: int | None  # article that the requested URL led to before
    article_id: int | None  # article of the page
    is_index_current: bool | None
    duplicate_of_id: int | None


_EXISTING_COLUMNS = (
    links.c.id,
    links.c.source,
    links.c.first_listed_at,
    links.c.request_url,
    links.c.article_id.label("previous_id"),
    articles.c.id.label("article_id"),
    index.IS_CURRENT.label("is_index_current"),
)
_DUPLICATE = (
    select(func.min(articles.c.id))
    .where(articles.c.content_hash == bindparam("text_hash"))
    .where(articles.c.source == bindparam("source_name"), articles.c.url != P_URL)
)
# One query for all that a save needs: each further statement takes two more switches between the store's thread and
# the event loop's, and they cost more than the statement.
_EXISTING = (
    select(*_EXISTING_COLUMNS, _DUPLICATE.scalar_subquery().label("duplicate_of_id"))
    .outerjoin(articles, articles.c.url == P_URL)
    .where(links.c.url == bindparam("requested_url"))
    .with_for_update(of=links)
)
_EXISTING_BATCH = (
    select(links.c.url, *_EXISTING_COLUMNS)
    .outerjoin(articles, articles.c.url == links.c.url)
    .where(links.c.url.in_(bindparam("requested_url", expanding=True)))
    .with_for_update(of=links)
)
_DUPLICATES = (
    select(articles.c.source, articles.c.content_hash, func.min(articles.c.id))
    .where(articles.c.content_hash.in_(bindparam("hashes", expanding=True)))
    .group_by(articles.c.source, articles.c.content_hash)
)


_PARSED_COLUMNS = (*TEXT_FIELDS, *DATE_FIELDS, *VOLATILE_FIELDS, "source", "url", "problems", "parser_version")


@cache
def _insert_article(dialect: str) -> Any:
    statement = upsert_insert_for(dialect, articles).on_conflict_do_nothing(index_elements=["url"])
    return statement.returning(articles.c.url, articles.c.id)


def load_existing(connection: Connection, pending: PendingSave) -> ExistingRows:
    """Load the existing rows that a save needs. Raises NoResultFound if its requested URL has no link."""
    save, decision = pending
    params = {"page_url": save.data.url, "source_name": save.data.source, "text_hash": decision.content_hash}
    return ExistingRows(*connection.execute(_EXISTING, params | {"requested_url": save.attempt.url}).one())


def load_existing_batch(connection: Connection, group: Sequence[PendingSave]) -> list[ExistingRows] | None:
    """Load the existing rows of a batch of new, independent articles; None if it is none.

    It is none if one of them redirects, is stored or led to an article, or if two have the same text: then one may
    need what another writes.
    """
    urls = [save.data.url for save, _ in group]
    hashes = {decision.content_hash for _, decision in group}
    if any(save.attempt.url != save.data.url for save, _ in group) or len(hashes) < len(group):
        return None
    known = {row.url: row for row in connection.execute(_EXISTING_BATCH, {"requested_url": urls})}
    if len(known) < len(group) or any({row.previous_id, row.article_id} != {None} for row in known.values()):
        return None
    # Before the duplicates are queried: articles that another process stores while this one waits are among them.
    advisory_lock(connection, "articles")
    duplicates = connection.execute(_DUPLICATES, {"hashes": list(hashes)})
    first_ids = {(source, text_hash): first_id for source, text_hash, first_id in duplicates}
    return [
        ExistingRows(*known[save.data.url][1:], first_ids.get((save.data.source, decision.content_hash)))
        for save, decision in group
    ]


def insert_articles(
    connection: Connection, rows: Sequence[RowValues], *, is_index_current: bool | None
) -> dict[str, int]:
    """Insert and index articles; return the new ids by URL, without URLs that exist already."""
    # Ids become visible in order: a watch that has seen one does not query those below it again.
    advisory_lock(connection, "articles")
    inserted = connection.execute(_insert_article(connection.dialect.name), [without_sections(row) for row in rows])
    ids: dict[str, int] = {row.url: row.id for row in inserted}
    add_sections(connection, [(ids[row["url"]], row) for row in rows if row["url"] in ids])
    if is_index_current:
        index.index_documents(
            connection, [(ids[row["url"]], index.index_document(row)) for row in rows if row["url"] in ids]
        )
    return ids


def new_row(pending: PendingSave, existing: ExistingRows) -> RowValues:
    """Build the row of an article that is stored for the first time."""
    save, decision = pending
    data = with_listed_time(save.data, save.listed)
    first_seen_at = min(existing.first_listed_at, data.fetched_at)
    return {name: getattr(data, name) for name in _PARSED_COLUMNS} | {
        "section": save.section or next(iter(data.sections), None),
        "content_hash": decision.content_hash,
        "reservations": stored_reservations(save.reservations, now=data.fetched_at),
        "first_seen_at": first_seen_at,
        "last_seen_at": existing.first_listed_at,
        "stored_at": data.fetched_at,
        "fetched_at": data.fetched_at,
        # Equal titles without a body are no duplicates.
        "duplicate_of_id": existing.duplicate_of_id if data.body else None,
        "recrawl_at": next_recrawl(data.published_at, first_seen_at, data.fetched_at),
    }
