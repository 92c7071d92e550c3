"""Check that the tables are those of this program: version, columns, keys and indexes."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Inspector, Table, UniqueConstraint, inspect, text

from storage.database import daemon_tables, note_tables, schema  # noqa: F401  (its tables join METADATA)
from storage.database.tables import METADATA, SCHEMA_VERSION
from storage.integrity.finding import Finding


def check_shape(connection: Connection) -> Iterator[Finding]:
    """Yield what the tables lack. Where there is anything, the rows cannot be checked."""
    found = schema.version_of(connection)
    if found != SCHEMA_VERSION:
        yield Finding("database", schema.mismatch(found))
        return
    inspector = inspect(connection)
    present = set(inspector.get_table_names())
    for table in METADATA.sorted_tables:
        if table.name in present:
            yield from _check_table(inspector, table)
        else:
            yield Finding(table.name, "the table is missing")
    if "articles_fts" not in present:
        yield Finding("articles_fts", "the full-text index is missing")
    if connection.dialect.name == "postgresql":
        yield from (Finding(name, sentence) for name, sentence in connection.execute(text(_NOT_IN_FORCE)))


def _check_table(inspector: Inspector, table: Table) -> Iterator[Finding]:
    columns = {column["name"] for column in inspector.get_columns(table.name)}
    for name in sorted(set(table.columns.keys()) - columns):
        yield Finding(table.name, f"the column {name} is missing")
    indexes = {index["name"] for index in inspector.get_indexes(table.name)}
    for index in table.indexes:
        if index.name not in indexes:
            yield Finding(table.name, f"the index {index.name} is missing")
    unique = {tuple(constraint["column_names"]) for constraint in inspector.get_unique_constraints(table.name)}
    for columns_of in _unique_columns(table):
        if columns_of not in unique:
            yield Finding(table.name, f"nothing keeps {', '.join(columns_of)} unique")
    referring = {tuple(key["constrained_columns"]) for key in inspector.get_foreign_keys(table.name)}
    for key in table.foreign_keys:
        if (key.parent.name,) not in referring:
            yield Finding(table.name, f"nothing keeps {key.parent.name} a row of {key.column.table.name}")


def _unique_columns(table: Table) -> Iterator[tuple[str, ...]]:
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield tuple(column.name for column in constraint.columns)


_NOT_IN_FORCE = """
SELECT relname, 'the index is invalid: run REINDEX' FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
 WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace
UNION ALL SELECT conrelid::regclass::text, 'the constraint ' || conname || ' is not validated' FROM pg_constraint
 WHERE NOT convalidated AND connamespace = current_schema()::regnamespace
"""
