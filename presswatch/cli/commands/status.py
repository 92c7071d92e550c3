"""`presswatch status`: the status of every source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options
from presswatch.cli.options import details_format_option, zone_option
from presswatch.output import formats
from presswatch.output.status_text import render_status
from scheduler.health.status import status_report
from storage.config.settings import Config


@click.command()
@details_format_option
@zone_option
@config_options
def status(form: str, config_path: str | None, database: str | None) -> int:
    """Show the status of every source: last run, next poll and its reason, open events, detection latency.

    Exit codes: 0 healthy, 1 neither a daemon is running nor cron has run daemon --once in the last hour, a declaration
    is invalid, or a source is failing, silent, drifting or overdue.
    """
    config, store = store_from_config(config_path, database)
    with store:
        broken = _broken_declarations(config) if config.declarations else {}
        report = status_report(store, now=datetime.now(UTC), broken=broken)
    if form == "json":
        shown = formats.as_dict(report)
        if report.queue is None:
            del shown["queue"]
        formats.write_stdout([formats.as_json(shown, indent=2), "\n"])
    else:
        formats.print_lines(render_status(report))
    return int(report.is_wrong)


def _broken_declarations(config: Config) -> Mapping[str, str]:
    from scraper.sources import load_sources  # noqa: PLC0415  (start-up time: the parsers of pages, 0.1 s)

    return load_sources(config).problems
