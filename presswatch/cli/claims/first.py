"""`presswatch first`: which source said so first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from presswatch.cli.arguments import QueryCommand
from presswatch.cli.claims.period import checked_store, require_since, statement_options
from presswatch.cli.group import config_options
from presswatch.cli.options import article_filter, format_options, zone_option
from presswatch.output import formats
from presswatch.output.claims_text import FirstRow, first_row, render_firsts
from presswatch.output.records import field_names, print_notice, terminal_width, write_records
from storage.coverage.firsts import first_statements


@click.command(cls=QueryCommand)
@statement_options
@format_options
@zone_option
@config_options
def first(
    *, sources: tuple[str, ...], form: str, raw: bool, config_path: str | None, database: str | None, **options: Any
) -> None:
    """Show when each source first said so in a period, and which order is proven.

    Of each source: the last poll without such an article, and the fetch of the first one with it. An order is claimed
    only where these intervals do not overlap; before what was not visible of a source, it may have said so.
    """
    now = datetime.now(UTC)
    wanted = article_filter(now=now, **options)
    require_since(wanted)
    with checked_store(config_path, database, sources, **options) as store:
        firsts = first_statements(store, wanted, sources=sources, now=now)
    if form == "table" and firsts:
        formats.print_lines(render_firsts(firsts, columns_wide=terminal_width()))
        return
    if not write_records(map(formats.as_dict, map(first_row, firsts)), field_names(FirstRow), form, raw=raw):
        print_notice("no source was ever crawled into this database; run presswatch crawl")
