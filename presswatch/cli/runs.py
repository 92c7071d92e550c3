"""`presswatch runs`: past crawls."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options
from presswatch.cli.options import (
    DEFAULT_LIMIT,
    list_options,
    source_option,
)
from presswatch.output.records import print_notice, write_list
from presswatch.output.tables import render_runs
from storage.crawling.runs import CrawlRun, list_runs

T = TypeVar("T")


def _requested_page(limit: int | None) -> int | None:
    """How many rows to ask the database for; one more than the default shows, to know whether there are more."""
    return DEFAULT_LIMIT + 1 if limit is None else limit or None


def _apply_limit(found: Iterator[T], limit: int | None) -> Iterator[T]:
    if limit is not None:
        yield from found
        return
    yield from islice(found, DEFAULT_LIMIT)
    if next(found, None) is not None:
        click.echo(f"presswatch: these are the first {DEFAULT_LIMIT}; --limit 0 gives all", err=True)


@click.command()
@source_option
@list_options
@config_options
def runs(
    source: str | None, limit: int | None, form: str, raw: bool, config_path: str | None, database: str | None
) -> None:
    """Show past crawls, the latest first."""
    _config, store = store_from_config(config_path, database)
    with store:
        found = list_runs(store, source=source, limit=_requested_page(limit))
        if not write_list(_apply_limit(found, limit), form, kind=CrawlRun, as_table=render_runs, raw=raw):
            print_notice("no crawls are recorded")
