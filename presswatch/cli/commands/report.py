"""`presswatch report`: articles, coverage and problems of a period."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options
from presswatch.cli.options import article_filter, filter_options, format_option
from presswatch.output import formats
from presswatch.output.records import terminal_width
from presswatch.output.report_text import render_markdown, render_text
from storage.articles.report import report as article_report
from storage.model.errors import ConfigError

DEFAULT_SINCE = "7d"


@click.command()
@filter_options
@format_option("text", "json", "md")
@config_options
def report(*, form: str, config_path: str | None, database: str | None, **options: Any) -> None:
    """Report on a period, by default the last seven days.

    Articles per day and section with the share of successful crawls, most read and most edited articles, sources that
    are silent or failing, gaps, and fields that could not be parsed.
    """
    now = datetime.now(UTC)
    selection = article_filter(now=now, **{**options, "since": options["since"] or DEFAULT_SINCE})
    until = min(selection.until or now, now)
    if selection.since is not None and selection.since >= until:
        raise ConfigError(f"--since: {selection.since:%Y-%m-%d %H:%M} is in the future")
    _config, store = store_from_config(config_path, database)
    with store:
        document = article_report(store, selection, until=until)
    if form == "json":
        formats.write_stdout([formats.as_json(document, indent=2), "\n"])
    elif form == "md":
        formats.write_stdout(f"{line}\n" for line in render_markdown(document))
    else:
        formats.print_lines(render_text(document, terminal_width()))
