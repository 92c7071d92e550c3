"""Copy the rows of a database into an empty one, some hundred a transaction, so that it can be ended and go on.

Rows go in the order of their keys, tables behind those they refer to: what is there already says where to go on. Until
all is there, indexed and compared, the version of the tables is a mark, by which every command refuses the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, null, select, text, update

from storage.copying.comparison import Comparison, compare
from storage.copying.stored_tables import StoredTable, stored_tables
from storage.copying.streams import batches, row_count, stream
from storage.database import schema
from storage.database.engine import AnyRow, advisory_lock, shown_url
from storage.database.session import Database
from storage.database.tables import SCHEMA_VERSION
from storage.model.errors import RefusedRowError, StoreError
from storage.search.index import clear, reindex

COPYING, INDEXING, COMPARING = "copying", "indexing", "comparing"
"""Phases of a copy."""
Progress = Callable[[str, int, int], None]
"""Called after each batch with the phase, and how much is done of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResult:
    """The rows of each table, and how many of them were there already when the copy went on."""

    row_counts: Mapping[str, int]
    resumed_at: int
    replaced_count: int
    """Rows with characters that a database of Presswatch does not keep, in whose place is U+FFFD."""

    @property
    def row_count(self) -> int:
        return sum(self.row_counts.values())


def copy_rows(source: Connection, target: Database, progress: Progress, *, what_remains: str) -> CopyResult:
    """Copy all rows that `source` sees into `target`, which is empty or holds an unfinished copy of them.

    `source` is one transaction: its rows do not change meanwhile. Raises StoreError; to one that ends the copy
    `what_remains` is added, a clause for a person.
    """
    require_empty(target)
    counts = {table.name: row_count(source, table) for table in stored_tables(source.dialect.name)}
    copied = _begin(target, _fingerprint(source, counts))
    try:
        comparison = _copy_and_compare(source, target, progress, sum(counts.values()), copied)
    except RefusedRowError:
        raise
    except StoreError as error:
        raise StoreError(f"{error}; {what_remains}") from error
    if comparison.difference is not None:
        _abandon(target)
        raise StoreError(
            f"database {shown_url(target.engine)} is not the same: {comparison.difference};"
            " copy again, which begins anew"
        )
    _finish(target)
    return CopyResult(row_counts=counts, resumed_at=copied, replaced_count=comparison.replaced_count)


def _copy_and_compare(source: Connection, target: Database, progress: Progress, total: int, copied: int) -> Comparison:
    _copy_tables(source, target, _Steps(progress, COPYING, total, done=copied))
    _fill_references(source, target)
    reindex(target, progress=lambda done: progress(INDEXING, done.indexed_count, done.total_count))
    with target.read() as other:
        steps = _Steps(progress, COMPARING, total)
        steps.add(0)
        return compare(source, other, steps.add)


@dataclass(slots=True)
class _Steps:
    """Adds up what is done, and tells it."""

    progress: Progress
    phase: str
    total: int
    done: int = field(default=0, kw_only=True)

    def add(self, rows: int) -> None:
        self.done += rows
        self.progress(self.phase, self.done, self.total)


def _fingerprint(source: Connection, counts: Mapping[str, int]) -> str:
    """Tell the rows of one state of a database from others, as far as their numbers and last keys do."""
    last_keys = [source.execute(table.last_key()).all() for table in stored_tables(source.dialect.name)]
    return sha256(repr((SCHEMA_VERSION, sorted(counts.items()), last_keys)).encode()).hexdigest()[:20]


def _begin(target: Database, fingerprint: str) -> int:
    """Mark the target as an unfinished copy, and return how many rows of it are there.

    One of other rows is emptied. Raises StoreError if the target has rows, but is no unfinished copy.
    """
    mark = f"{schema.UNFINISHED_COPY} {fingerprint}"
    with target.write() as connection:
        advisory_lock(connection, "tables")
        found = schema.version_of(connection)
        if found == mark:
            return sum(row_count(connection, table) for table in stored_tables(connection.dialect.name))
        _require_empty(target, connection)
        clear(connection)
        if found != SCHEMA_VERSION:
            _delete_rows(connection)
        schema.set_version(connection, mark)
    return 0


def require_empty(target: Database) -> None:
    """Raise StoreError if a database has other tables, or rows that are not those of an unfinished copy."""
    with target.read() as connection:
        _require_empty(target, connection)


def _require_empty(target: Database, connection: Connection) -> None:
    found = schema.version_of(connection)
    if found is not None and found.startswith(schema.UNFINISHED_COPY):
        return
    schema.require_version(target.engine, found)
    for stored in stored_tables(connection.dialect.name):
        if connection.execute(select(stored.table).limit(1)).first() is not None:
            raise StoreError(
                f"database {shown_url(target.engine)} holds rows already, in the table {stored.name}: name an empty one"
            )


def _delete_rows(connection: Connection) -> None:
    tables = stored_tables(connection.dialect.name)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"TRUNCATE {', '.join(stored.name for stored in tables)} CASCADE")
        return
    for stored in tables:
        for column in stored.references_itself:
            connection.execute(update(stored.table).values({column: null()}))
    for stored in reversed(tables):
        connection.execute(delete(stored.table))


def _copy_tables(source: Connection, target: Database, steps: _Steps) -> None:
    steps.add(0)
    into = {stored.name: stored.table for stored in stored_tables(target.engine.dialect.name)}
    for stored in stored_tables(source.dialect.name):
        rows = stored.rows(after=_last_key(target, stored.name), references=False)
        with stream(source, rows, stored.name) as read:
            for batch in batches(read):
                with target.write() as connection:
                    _insert(connection, into[stored.name], batch)
                steps.add(len(batch))


def _last_key(target: Database, name: str) -> Sequence[object] | None:
    (stored,) = (stored for stored in stored_tables(target.engine.dialect.name) if stored.name == name)
    with target.read() as connection:
        last = connection.execute(stored.last_key()).first()
    return None if last is None else tuple(last)


def _insert(connection: Connection, table: Table, rows: Sequence[AnyRow]) -> None:
    connection.execute(insert(table), [row._asdict() for row in rows])


def _fill_references(source: Connection, target: Database) -> None:
    """Fill the columns that name another row of their table, of a row that may have been copied after it."""
    into = {stored.name: stored for stored in stored_tables(target.engine.dialect.name)}
    for stored in stored_tables(source.dialect.name):
        for column in stored.references_itself:
            reference = stored.table.c[column]
            named = select(*stored.key, reference).where(reference.is_not(None)).order_by(*stored.key)
            with stream(source, named, stored.name) as read:
                for batch in batches(read):
                    with target.write() as connection:
                        _update_reference(connection, into[stored.name], column, batch)


def _update_reference(connection: Connection, stored: StoredTable, column: str, rows: Sequence[AnyRow]) -> None:
    (key,) = stored.key
    values = update(stored.table).where(key == bindparam("of")).values({column: bindparam("refers_to")})
    connection.execute(values, [{"of": of, "refers_to": refers_to} for of, refers_to in rows])


def _abandon(target: Database) -> None:
    """Let the next copy begin anew: what is there does not become right by what is added."""
    with target.write() as connection:
        schema.set_version(connection, f"{schema.UNFINISHED_COPY} that differed")


def _finish(target: Database) -> None:
    with target.write() as connection:
        if connection.dialect.name == "postgresql":
            _raise_sequences(connection)
            connection.exec_driver_sql("ANALYZE")
        schema.set_version(connection, SCHEMA_VERSION)


def _raise_sequences(connection: Connection) -> None:
    """Let PostgreSQL number new rows after those that came with their ids."""
    for stored in stored_tables(connection.dialect.name):
        if "id" not in stored.table.c:
            continue
        last = connection.scalar(select(func.max(stored.table.c.id)))
        sequence = connection.scalar(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": stored.name})
        if last is not None and sequence is not None:
            connection.execute(
                text("SELECT setval(CAST(:sequence AS regclass), :last)"), {"sequence": sequence, "last": last}
            )
