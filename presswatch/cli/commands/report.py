"""`presswatch report`: articles, coverage and problems of a period."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from presswatch.cli.arguments import QueryCommand
from presswatch.cli.covering import covered
from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options
from presswatch.cli.options import article_filter, filter_options, format_option, zone_option
from presswatch.output import formats
from presswatch.output.display_zone import format_time
from presswatch.output.records import terminal_width
from presswatch.output.report_text import render_markdown, render_text, report_record
from storage.articles.report import report as article_report
from storage.model.errors import ConfigError

DEFAULT_SINCE = "7d"


@click.command(cls=QueryCommand)
@filter_options
@format_option("text", "json", "md")
@zone_option
@config_options
def report(*, form: str, config_path: str | None, database: str | None, **options: Any) -> None:
    """Report on a period, by default the last seven days.

    Articles per day and section with the share of successful crawls, most read and most edited articles, what could
    not be seen, sources that are silent or failing, gaps, and fields that could not be parsed.
    """
    now = datetime.now(UTC)
    selection = article_filter(now=now, **{**options, "since": options["since"] or DEFAULT_SINCE})
    until = min(selection.until or now, now)
    if selection.since is not None and selection.since >= until:
        raise ConfigError(f"--since: {format_time(selection.since)} is in the future")
    _config, store = store_from_config(config_path, database, options)
    with store:
        document = article_report(store, selection, until=until)
        coverage = covered(store, selection, until=until, now=now)
    if form == "json":
        formats.write_stdout([formats.as_json(report_record(document, coverage), indent=2), "\n"])
    elif form == "md":
        formats.write_stdout(f"{line}\n" for line in render_markdown(document, coverage))
    else:
        formats.print_lines(render_text(document, terminal_width(), coverage))
