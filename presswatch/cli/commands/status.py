"""`presswatch status`: the status of every source."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options
from presswatch.cli.options import details_format_option
from presswatch.output import formats
from presswatch.output.status_text import render_status
from scheduler.health.status import status_report


@click.command()
@details_format_option
@config_options
def status(form: str, config_path: str | None, database: str | None) -> int:
    """Show the status of every source: last run, next poll and its reason, open events, detection latency.

    Exit codes: 0 healthy, 1 the daemon is not running, or a source is failing, silent, drifting or overdue.
    """
    _config, store = store_from_config(config_path, database)
    with store:
        report = status_report(store, now=datetime.now(UTC))
    if form == "json":
        formats.write_stdout([formats.as_json(formats.as_dict(report), indent=2), "\n"])
    else:
        formats.print_lines(render_status(report))
    return int(report.is_wrong)
