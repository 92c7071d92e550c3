"""Check what tables promise about each other: sections and versions of an article, and the numbers of new rows."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Table, func, or_, select, text

from storage.database.tables import METADATA, article_sections, articles, revisions, search_index_state
from storage.integrity.finding import Finding, rows_of


def check_promises(connection: Connection) -> Iterator[Finding]:
    """Yield the rows that contradict rows of another table."""
    yield from rows_of(connection, articles.name, _WITHOUT_SECTION, "with a section that article_sections lacks")
    yield from rows_of(connection, article_sections.name, _OTHER_TIME, "with another published_at than the article")
    yield from rows_of(
        connection, revisions.name, _MISNUMBERED, "with versions that are not numbered from 1", called="article"
    )
    yield from rows_of(connection, articles.name, _OWN_DUPLICATE, "as a duplicate of itself")
    if connection.dialect.name == "postgresql":
        for table in METADATA.sorted_tables:
            yield from _check_sequence(connection, table)


_stored_section = func.replace(articles.c.section, "|", "/")
_WITHOUT_SECTION = select(articles.c.id).where(
    articles.c.section != "",
    ~select(article_sections.c.article_id)
    .where(article_sections.c.article_id == articles.c.id, article_sections.c.section == _stored_section)
    .exists(),
)
_OTHER_TIME = (
    select(article_sections.c.article_id, article_sections.c.position)
    .join(articles, articles.c.id == article_sections.c.article_id)
    .where(article_sections.c.published_at.is_distinct_from(articles.c.published_at))
)
_MISNUMBERED = (
    select(revisions.c.article_id)
    .group_by(revisions.c.article_id)
    .having(or_(func.min(revisions.c.revision_number) != 1, func.max(revisions.c.revision_number) != func.count()))
)
_OWN_DUPLICATE = select(articles.c.id).where(articles.c.duplicate_of_id == articles.c.id)


def _check_sequence(connection: Connection, table: Table) -> Iterator[Finding]:
    """Yield a finding if PostgreSQL would give a new row the id of another."""
    if "id" not in table.columns or table is search_index_state:  # whose ids are given
        return
    sequence = connection.scalar(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": table.name})
    if sequence is None:
        return
    last = connection.scalar(select(func.max(table.c.id))) or 0
    value, is_called = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608
    if value + is_called <= last:
        yield Finding(table.name, f"the next row would get the id {value + is_called}, but {last} is taken")
