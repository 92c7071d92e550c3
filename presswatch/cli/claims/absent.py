"""`presswatch absent`: prove a negative."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from presswatch.cli.arguments import QueryCommand
from presswatch.cli.claims.period import checked_store, require_since, statement_options
from presswatch.cli.group import config_options
from presswatch.cli.options import article_filter, details_format_option, zone_option
from presswatch.output import formats
from presswatch.output.claims_text import absence_record, render_absence
from storage.coverage.absence import Verdict
from storage.coverage.absence import absent as find_absence

EXIT_CODES = {Verdict.ABSENT: 0, Verdict.PRESENT: 4, Verdict.NOT_SEEN: 5}
"""Of their own: a command that failed, with 1, has found nothing out."""


@click.command(cls=QueryCommand)
@statement_options
@details_format_option
@zone_option
@config_options
def absent(
    *, sources: tuple[str, ...], form: str, config_path: str | None, database: str | None, **options: Any
) -> int:
    """Say whether an article said so in a period, in any version, and what of it was not visible.

    An article counts if it appeared in the period, was published in it by its own word, or was edited in it to say so.
    Exit codes: 0 no article said so and all was visible, 4 one said so, or may have, 5 none that was seen said so and
    something was not visible, 1 failure, 2 invalid usage or configuration.
    """
    now = datetime.now(UTC)
    wanted = article_filter(now=now, **options)
    require_since(wanted)
    with checked_store(config_path, database, sources, **options) as store:
        absence = find_absence(store, wanted, sources=sources, now=now)
    if form == "json":
        formats.write_stdout([formats.as_json(absence_record(absence), indent=2), "\n"])
    else:
        formats.print_lines(render_absence(absence))
    return EXIT_CODES[absence.verdict]
