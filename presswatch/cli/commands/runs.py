"""`presswatch runs`: past crawls."""

from __future__ import annotations

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options
from presswatch.cli.options import list_options, source_option, zone_option
from presswatch.cli.paging import row_limit, shown_rows
from presswatch.output.records import print_notice, write_list
from presswatch.output.tables import render_runs
from storage.crawling.runs import CrawlRun, list_runs


@click.command()
@source_option
@list_options
@zone_option
@config_options
def runs(
    source: str | None, limit: int | None, form: str, raw: bool, config_path: str | None, database: str | None
) -> None:
    """List past crawls, latest first."""
    _config, store = store_from_config(config_path, database, {"source": source})
    with store:
        rows = list_runs(store, source=source, limit=row_limit(limit))
        if not write_list(shown_rows(rows, limit), form, kind=CrawlRun, as_table=render_runs, raw=raw):
            print_notice("no crawls are recorded")
