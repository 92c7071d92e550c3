"""`presswatch export`: export articles to a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from presswatch.cli.arguments import QueryCommand
from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options
from presswatch.cli.options import article_filter, bom_option, fields_option, filter_options, raw_option, zone_option
from presswatch.export.export import ExportRequest
from presswatch.export.export import export as write
from presswatch.export.export import stream as write_stream
from presswatch.export.writers import STREAMED, max_rows, writer_for
from presswatch.output.records import print_notice, select_fields, with_attribution
from storage.model.article_fields import EXPORT_FIELDS
from storage.model.errors import ConfigError
from storage.text.counts import counted

STDOUT = "-"
FORMULAS_NOTE = (
    "CSV: a cell that a spreadsheet would run as a formula is prefixed with an apostrophe, and control characters are "
    "replaced; --no-escape disables both."
)


@click.command(cls=QueryCommand, epilog=FORMULAS_NOTE)
@click.argument("out", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
@filter_options
@fields_option
@raw_option
@bom_option
@click.option(
    "--format",
    "form",
    type=click.Choice(STREAMED),
    default=STREAMED[0],
    show_default=True,
    help="With - as OUT: the format on stdout.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@zone_option
@config_options
def export(
    out: Path,
    *,
    fields: str | None,
    raw: bool,
    bom: bool,
    form: str,
    force: bool,
    config_path: str | None,
    database: str | None,
    **options: Any,
) -> None:
    """Export articles, all fields, to a file: .parquet, .csv, .jsonl, .xlsx or .db (SQLite), or with - to stdout.

    Every row has the source, URL, fetch time and terms of use. OUT.about.json records the query, the time, the program
    version and the number of articles, but beside stdout there is none. The file appears under its name only when it is
    complete.
    """
    now = datetime.now(UTC)
    is_stream = str(out) == STDOUT
    selection = article_filter(now=now, **options)
    _config, store = store_from_config(config_path, database, options)
    with store:
        columns = with_attribution(select_fields(fields, EXPORT_FIELDS, EXPORT_FIELDS))
        request = ExportRequest(
            file=Path(f"stdout.{form}") if is_stream else out,
            columns=columns,
            article_filter=selection,
            raw=raw,
            bom=bom,
            force=force,
        )
        writer = writer_for(request.file)
        progress = partial(_print_progress, is_stream=is_stream)
        if bom and request.file.suffix.lower() != ".csv":
            raise ConfigError("--bom is for CSV alone")
        if is_stream:
            done = write_stream(store, request, writer, sys.stdout.buffer, progress=progress)
        else:
            if not out.parent.is_dir():
                raise ConfigError(f"{out.parent} is not a directory; create it first")
            done = write(store, request, writer, progress=progress, row_limit=max_rows(out), now=now)
    summary = "; ".join((counted(done.article_count, "article"), *done.notes))
    described = "" if is_stream else f"; {request.about.name} describes it"
    print_notice(f"{'stdout' if is_stream else out}: {summary}{described}")


def _print_progress(rows: Iterator[list[Any]], total: int, *, is_stream: bool) -> Iterator[list[Any]]:
    """Show a progress bar on stderr if it is a terminal, and stdout a file or a pipe that shows no rows between."""
    if not sys.stderr.isatty() or (is_stream and sys.stdout.isatty()):
        yield from rows
        return
    every = max(total // 200, 1)
    with click.progressbar(rows, length=total, label="exporting", file=sys.stderr, update_min_steps=every) as bar:
        yield from bar
