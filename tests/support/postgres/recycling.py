"""Empty a PostgreSQL database of our tables, so that the next test can have it: a tenth of the time of a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import Connection, sql

MAX_SIZE = 12_000_000  # bytes; with our tables and nothing in them it has 9 million
_FOREIGN: LiteralString = """
SELECT pg_database_size(current_database()) > %s
    OR EXISTS (SELECT FROM pg_statistic JOIN pg_class ON pg_class.oid = starelid
                WHERE relnamespace = 'public'::regnamespace)
    OR EXISTS (SELECT FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
                WHERE datname = current_database())
    OR EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid())
"""
_SHAPE: LiteralString = """
SELECT md5(string_agg(concat_ws(' ', relname, relkind, relacl, attname, atttypid, attnotnull), ','
                         ORDER BY relname, attnum))
  FROM pg_class LEFT JOIN pg_attribute ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT md5(string_agg(concat_ws(' ', conname, contype), ',' ORDER BY conname)) FROM pg_constraint
 WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT md5(string_agg(concat_ws(' ', nspname, nspacl, proname), ',' ORDER BY nspname, proname))
  FROM pg_namespace LEFT JOIN pg_proc ON pronamespace = pg_namespace.oid AND nspname = 'public'
"""


@dataclass(frozen=True, slots=True)
class InitialState:
    """Holds the rows and the shape of a database as it is when our tables are new."""

    rows: dict[str, list[tuple[Any, ...]]]  # by table
    shape: list[tuple[Any, ...]]

    @classmethod
    def of(cls, where: dict[str, Any]) -> InitialState:
        """Read the state of a database that nobody has used."""
        with psycopg.connect(**where) as connection:
            named = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            select = sql.SQL("SELECT * FROM {}")
            rows = {name: connection.execute(select.format(sql.Identifier(name))).fetchall() for (name,) in named}
            return cls(rows, connection.execute(_SHAPE).fetchall())

    def restore(self, where: dict[str, Any]) -> bool:
        """Bring a database back to this state; False if it was changed in more than its rows, or is still in use."""
        with psycopg.connect(**where) as connection:
            [(is_foreign,)] = connection.execute(_FOREIGN, [MAX_SIZE])
            if is_foreign or connection.execute(_SHAPE).fetchall() != self.shape:
                return False
            connection.execute("SET session_replication_role = replica")  # rows in any order, whatever refers to them
            for table, rows in self.rows.items():
                _refill(connection, table, rows)
            connection.execute("SELECT setval(seqrelid, seqstart, false) FROM pg_sequence")
            return True


def _refill(connection: Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    for row in rows:
        places = sql.SQL(", ").join([sql.Placeholder()] * len(row))
        connection.execute(sql.SQL("INSERT INTO {} VALUES ({})").format(sql.Identifier(table), places), row)
