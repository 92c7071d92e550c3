"""Create, check and upgrade the tables of a database."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from storage.database import sqlite_file
from storage.database.engine import advisory_lock, shown_url, transaction
from storage.database.tables import SCHEMA_VERSION
from storage.model.errors import StoreError

MIGRATIONS = Path(__file__).with_name("migrations")
SQLITE_SCHEMA = Path(__file__).with_name("sqlite_schema.sql")
"""Statements that make the tables of an empty SQLite database, as all migrations do: written by schema_dump. Without
them a first crawl loads Alembic and takes every migration, 0.16 s of CPU time more."""
STATEMENT_END = ";\n"
UNFINISHED_COPY = "unfinished"
"""Begins the version of a database into which rows are being copied (storage.copying), so that nothing else uses it."""


def check(engine: Engine) -> None:
    """Make the tables of an empty database; raise StoreError for one of another version or of another program."""
    with transaction(engine, writes=False) as connection:
        found = version_of(connection)
        empty = _is_empty(connection)
    if empty:
        upgrade(engine)
    else:
        require_version(engine, found)


def create(engine: Engine) -> None:
    """Make the tables of an empty database; leave any other as it is."""
    with transaction(engine, writes=False) as connection:
        empty = _is_empty(connection)
    if empty:
        upgrade(engine)


def check_unchanged(engine: Engine) -> None:
    """Raise StoreError if `check` would, or a new database could not be made; change nothing."""
    if engine.dialect.name == "sqlite" and engine.url.database is not None:
        sqlite_file.require_writable(Path(engine.url.database))
        if not sqlite_file.has_content(Path(engine.url.database)):
            return
    with transaction(engine, writes=False) as connection:
        found = version_of(connection)
        if found != SCHEMA_VERSION and not _is_empty(connection):
            raise StoreError(_mismatch(engine, found))


def require_tables(engine: Engine) -> None:
    """Raise StoreError if there is no database yet, or one without tables; create nothing."""
    if engine.dialect.name == "sqlite" and engine.url.database is not None:
        sqlite_file.require_content(Path(engine.url.database))
    with transaction(engine, writes=False) as connection:
        if _is_empty(connection):
            raise StoreError(f"database {shown_url(engine)} is empty; {sqlite_file.BEGIN}")


def upgrade(engine: Engine) -> str | None:
    """Bring the tables to this program's version; return the version they had. One transaction, one upgrader.

    Raises StoreError for those of a newer version or of another program.
    """
    if engine.dialect.name == "sqlite":
        with transaction(engine) as connection:
            if _is_empty(connection):
                for statement in SQLITE_SCHEMA.read_text("utf-8").split(STATEMENT_END)[:-1]:
                    connection.exec_driver_sql(statement)
                return None
    return migrate(engine)


def _is_empty(connection: Connection) -> bool:
    return not inspect(connection).get_table_names()


def version_of(connection: Connection) -> str | None:
    """The version the tables were made for; None where Presswatch never was."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def set_version(connection: Connection, version: str) -> None:
    """Write the version the tables were made for."""
    connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})


def require_version(engine: Engine, found: str | None) -> None:
    """Raise StoreError unless the tables are those of this program."""
    if found != SCHEMA_VERSION:
        raise StoreError(_mismatch(engine, found))


def include_object(name: str | None, kind: str, _parents: object = None) -> bool:
    """Return whether METADATA defines a table: the full-text index is created by hand for each database."""
    return not (kind == "table" and (name or "").startswith("articles_fts"))


def migrate(engine: Engine) -> str | None:
    """Take the migrations that the tables lack, in one transaction; return the version they had.

    Raises StoreError for tables of a newer version or of another program.
    """
    # Start-up time: a database that is up to date needs no Alembic.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    with transaction(engine) as connection:
        advisory_lock(connection, "tables")
        before = version_of(connection)
        newer = before is not None and before > SCHEMA_VERSION
        if newer or (before is None and not _is_empty(connection)):
            raise StoreError(_mismatch(engine, before))
        config = Config()
        # Alembic keeps its options in a ConfigParser, to which % begins the name of another option.
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before


def _mismatch(engine: Engine, found: str | None) -> str:
    return f"database {shown_url(engine)} {mismatch(found)}"


def mismatch(found: str | None) -> str:
    """Say of a database with tables of another version what it is, and what to do."""
    if found is None:
        return "holds tables of another program; name another database"
    if found.startswith(UNFINISHED_COPY):
        return "holds an unfinished copy: run the same presswatch db copy again, which goes on where it ended"
    if found > SCHEMA_VERSION:
        return (
            f"was made by a newer Presswatch (tables {found}, this program knows {SCHEMA_VERSION}); "
            "install the newer one"
        )
    return f"has old tables ({found}, needed {SCHEMA_VERSION}): run presswatch db upgrade"
