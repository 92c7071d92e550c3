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
from storage.articles.report import report as look_back
from storage.model.errors import ConfigError

DEFAULT_SINCE = "7d"


@click.command()
@filter_options
@format_option("text", "json", "md")
@config_options
def report(*, form: str, config_path: str | None, database: str | None, **asked: Any) -> None:
    """What a period brought, and how well it was watched; without --since, the last seven days.

    Articles by day and section beside the share of looks that succeeded, most read and most edited, sources silent or
    failing, gaps, fields that could not be read.
    """
    now = datetime.now(UTC)
    wanted = article_filter(now=now, **{**asked, "since": asked["since"] or DEFAULT_SINCE})
    until = min(wanted.until or now, now)
    if wanted.since is not None and wanted.since >= until:
        raise ConfigError(f"--since: {wanted.since:%Y-%m-%d %H:%M} is still to come")
    _config, store = store_from_config(config_path, database)
    with store:
        found = look_back(store, wanted, until=until)
    if form == "json":
        formats.write_stdout([formats.as_json(found, indent=2), "\n"])
    elif form == "md":
        formats.write_stdout(f"{line}\n" for line in render_markdown(found))
    else:
        formats.print_lines(render_text(found, terminal_width()))
