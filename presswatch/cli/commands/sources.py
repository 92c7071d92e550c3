"""`presswatch sources`: the sources that can be crawled."""

from __future__ import annotations

import click

from presswatch.cli.group import debug_option
from presswatch.cli.options import format_options
from presswatch.output.records import write_records
from scraper.source import first_path
from scraper.sources import load_sources

COLUMNS = ("name", "title", "home", "channels", "terms")


@click.command()
@format_options
@debug_option
def sources(form: str, raw: bool) -> None:
    """List the sources that can be crawled."""
    records = (
        {
            "name": source.name,
            "title": source.title,
            "home": source.base_url,
            "channels": tuple(first_path(channel) for channel in source.channels),
            "terms": source.terms,
        }
        for source in load_sources().values()
    )
    write_records(records, COLUMNS, form, raw=raw)
