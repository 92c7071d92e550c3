"""`presswatch runs`: past crawls."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options
from presswatch.cli.options import DEFAULT_LIMIT, list_options, source_option
from presswatch.output.records import print_notice, write_list
from presswatch.output.tables import render_runs
from storage.crawling.runs import CrawlRun, list_runs

T = TypeVar("T")


def _row_limit(limit: int | None) -> int | None:
    """Return the number of rows to select: one more than the default limit, to know whether there are more."""
    return DEFAULT_LIMIT + 1 if limit is None else limit or None


def _apply_limit(rows: Iterator[T], limit: int | None) -> Iterator[T]:
    """Yield the rows up to the default limit; print a notice if there are more."""
    if limit is not None:
        yield from rows
        return
    yield from islice(rows, DEFAULT_LIMIT)
    if next(rows, None) is not None:
        click.echo(f"presswatch: only the first {DEFAULT_LIMIT} are shown; use --limit 0 for all", err=True)


@click.command()
@source_option
@list_options
@config_options
def runs(
    source: str | None, limit: int | None, form: str, raw: bool, config_path: str | None, database: str | None
) -> None:
    """List past crawls, latest first."""
    _config, store = store_from_config(config_path, database)
    with store:
        rows = list_runs(store, source=source, limit=_row_limit(limit))
        if not write_list(_apply_limit(rows, limit), form, kind=CrawlRun, as_table=render_runs, raw=raw):
            print_notice("no crawls are recorded")
