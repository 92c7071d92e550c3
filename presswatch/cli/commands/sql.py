"""`presswatch sql`: read-only SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from presswatch.cli.group import config_options, invalid_option
from presswatch.cli.options import COUNT_PARAM, format_options
from presswatch.output.records import print_notice, write_records
from storage.config.config_file import load_config
from storage.config.parsers import duration, size
from storage.config.settings import StorageSettings
from storage.database.engine import Engine, create_store_engine
from storage.database.read_only import QueryLimits, run_query
from storage.model.errors import ConfigError, PresswatchError

MAX_TABLE_ROWS = 100_000
MAX_TABLE_CHARACTERS = 64_000_000
"""Maximum number of rows and of characters of a table, which is built in memory."""


@click.command()
@click.argument("statement", metavar="SELECT")
@format_options
@click.option("--timeout", metavar="TIME", default="30 s", show_default=True, help="Maximum duration of the query.")
@click.option("--memory", metavar="SIZE", default="1 GB", show_default=True, help="Maximum memory of the query.")
@click.option(
    "--max-rows",
    metavar="N",
    type=COUNT_PARAM,
    default=1_000_000,
    show_default=True,
    help="Maximum number of rows; a query with more fails (0: all).",
)
@config_options
def sql(
    *,
    statement: str,
    form: str,
    raw: bool,
    timeout: str,
    memory: str,
    max_rows: int,
    config_path: str | None,
    database: str | None,
) -> None:
    """Run one read-only SQL query; a statement that writes is refused.

    presswatch db info lists the tables; docs/reference/tables.md describes tables and columns. On PostgreSQL a
    superuser is refused: set storage.sql_database to the URL of a role that may only read.
    """
    limits = _parse_limits(timeout, memory, max_rows)
    settings = load_config(config_path, database=database).storage
    is_role_named = database is None and bool(settings.sql_database)
    engine = _engine(settings, is_role_named=is_role_named)
    wait = settings.busy_timeout
    with run_query(engine, statement, limits, busy_timeout=wait, is_role_named=is_role_named) as result:
        rows = _limit_table(result.rows) if form == "table" else result.rows
        records: Any = (dict(zip(result.columns, row, strict=True)) for row in rows)
        if not write_records(records, result.columns, form, raw=raw):
            print_notice("no rows")


def _parse_limits(timeout: str, memory: str, max_rows: int) -> QueryLimits:
    try:
        limit = duration(timeout)
    except ValueError as error:
        raise invalid_option("--timeout", error) from error
    if not limit:
        raise ConfigError("--timeout: must be longer than zero")
    try:
        return QueryLimits(timeout=limit, memory=size(memory), rows=max_rows or None)
    except ValueError as error:
        raise invalid_option("--memory", error) from error


def _engine(settings: StorageSettings, *, is_role_named: bool) -> Engine:
    """Return the engine of `sql_database`, or of `database`; it connects to nothing, the query process does.

    Raises ConfigError if the two name different databases.
    """
    own = create_store_engine(settings.database, busy_timeout=settings.busy_timeout)
    if not is_role_named:
        return own
    named = create_store_engine(settings.sql_database, busy_timeout=settings.busy_timeout)
    if (named.url.get_backend_name(), named.url.database) != (own.url.get_backend_name(), own.url.database):
        raise ConfigError("storage.sql_database names another database than storage.database")
    return named


def _limit_table(rows: Iterator[Any]) -> Iterator[Any]:
    """Yield the rows; raise PresswatchError after the limits of a table, which is built in memory."""
    characters = 0
    for number, row in enumerate(rows, start=1):
        characters += sum(len(value) for value in row if isinstance(value, str | bytes))
        if number > MAX_TABLE_ROWS:
            raise PresswatchError(f"SQL: more than {MAX_TABLE_ROWS} rows; add a LIMIT, or use --format csv or jsonl")
        if characters > MAX_TABLE_CHARACTERS:
            raise PresswatchError("SQL: more than 64 MB; select less, or use --format csv or jsonl")
        yield row
