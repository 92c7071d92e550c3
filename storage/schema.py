"""The version of the database's tables: made on an empty database, refused when it is newer or older."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from storage.engine import transaction
from storage.errors import StoreError
from storage.models import SCHEMA_VERSION

MIGRATIONS = Path(__file__).with_name("migrations")


def check(engine: Engine) -> None:
    """Make the tables of an empty database; raise StoreError for one of another version or of another program."""
    with transaction(engine, writes=False) as connection:
        found = version_of(connection)
        empty = found is None and not inspect(connection).get_table_names()
    if empty:
        upgrade(engine)
    elif found != SCHEMA_VERSION:
        raise StoreError(_mismatch(engine, found))


def version_of(connection: Connection) -> str | None:
    """The version the tables were made for; None where Presswatch never was."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def upgrade(engine: Engine) -> str | None:
    """Bring the tables to this program's version; return the version they had. One transaction, one upgrader."""
    from alembic import command
    from alembic.config import Config

    with transaction(engine) as connection:
        before = version_of(connection)
        if before is not None and before > SCHEMA_VERSION:
            raise StoreError(_mismatch(engine, before))
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before


def _mismatch(engine: Engine, found: str | None) -> str:
    where = engine.url.render_as_string(hide_password=True)
    if found is None:
        return f"database {where} holds tables of another program; name another database"
    if found > SCHEMA_VERSION:
        return (
            f"database {where} was made by a newer Presswatch (tables {found}, this program knows {SCHEMA_VERSION}); "
            "install the newer one"
        )
    return f"database {where} has old tables ({found}, needed {SCHEMA_VERSION}): run presswatch db upgrade"
