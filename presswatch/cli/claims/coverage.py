"""`presswatch coverage`: what could not be seen of each source in a period, and why."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from presswatch.cli.claims.period import checked_store, period_options
from presswatch.cli.completion import complete_source
from presswatch.cli.group import config_options
from presswatch.cli.options import NAME_PARAM, as_of_option, format_options, parse_time_option, zone_option
from presswatch.output import formats
from presswatch.output.coverage_text import CoverageRow, coverage_rows, render_coverage
from presswatch.output.records import field_names, print_notice, terminal_width, write_records
from storage.coverage.coverage import coverage as read_coverage

DEFAULT_SINCE = "7d"


@click.command()
@click.argument("sources", metavar="[SOURCE]...", nargs=-1, type=NAME_PARAM, shell_complete=complete_source)
@period_options
@as_of_option
@format_options
@zone_option
@config_options
def coverage(
    *,
    sources: tuple[str, ...],
    since: str | None,
    until: str | None,
    as_of: str | None,
    form: str,
    raw: bool,
    config_path: str | None,
    database: str | None,
) -> None:
    """Show what could not be seen of each source in a period, by default the last seven days, and why.

    Visible means: what the channels of the source listed then is stored with its text. Formats other than table list
    the visible intervals, too.
    """
    now = datetime.now(UTC)
    typed = {"--since": since or DEFAULT_SINCE, "--until": until, "--as-of": as_of}
    begin, end, known_at = (parse_time_option(option, at, now=now) for option, at in typed.items())
    with checked_store(config_path, database, sources) as store:
        found = read_coverage(store, since=begin, until=end, sources=sources, as_of=known_at, now=now)
    if not found:
        print_notice("no source was ever crawled into this database; run presswatch crawl")
    elif form == "table":
        formats.print_lines(render_coverage(found, columns_wide=terminal_width()))
        return
    write_records(map(formats.as_dict, coverage_rows(found)), field_names(CoverageRow), form, raw=raw)
