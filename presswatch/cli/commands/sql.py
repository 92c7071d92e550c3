"""`presswatch sql`: read-only SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from presswatch.cli.database import engine_from_config
from presswatch.cli.group import config_options, invalid_option
from presswatch.cli.options import format_options
from presswatch.output.records import print_notice, write_records
from storage.config.parsers import duration
from storage.database.read_only import run_query
from storage.model.errors import ConfigError, PresswatchError

MAX_TABLE_ROWS = 100_000
"""Maximum number of rows of a table, which is built in memory."""


@click.command()
@click.argument("statement", metavar="SELECT")
@format_options
@click.option("--timeout", metavar="TIME", default="30 s", show_default=True, help="Maximum duration of the query.")
@config_options
def sql(*, statement: str, form: str, raw: bool, timeout: str, config_path: str | None, database: str | None) -> None:
    """Run one read-only SQL query; a statement that writes is refused.

    presswatch db info lists the tables; docs/reference/tables.md describes tables and columns.
    """
    try:
        limit = duration(timeout)
    except ValueError as error:
        raise invalid_option("--timeout", error) from error
    if not limit:
        raise ConfigError("--timeout: must be longer than zero")
    with engine_from_config(config_path, database) as engine, run_query(engine, statement, timeout=limit) as result:
        rows = _limit_rows(result.rows) if form == "table" else result.rows
        records: Any = (dict(zip(result.columns, row, strict=True)) for row in rows)
        if not write_records(records, result.columns, form, raw=raw):
            print_notice("no rows")


def _limit_rows(rows: Iterator[Any]) -> Iterator[Any]:
    """Yield the rows; raise PresswatchError after MAX_TABLE_ROWS, because column widths need all rows in memory."""
    for number, row in enumerate(rows, start=1):
        if number > MAX_TABLE_ROWS:
            raise PresswatchError(f"SQL: more than {MAX_TABLE_ROWS} rows; add a LIMIT, or use --format csv or jsonl")
        yield row
