"""`presswatch export`: export articles to a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options
from presswatch.cli.options import article_filter, fields_option, filter_options, raw_option
from presswatch.export.export import ExportRequest
from presswatch.export.export import export as write
from presswatch.export.writers import max_rows, writer_for
from presswatch.output.records import select_fields, with_attribution
from storage.model.article_fields import EXPORT_FIELDS
from storage.model.errors import ConfigError

FORMULAS_NOTE = (
    "CSV: a cell that a spreadsheet would run as a formula is prefixed with an apostrophe, and control characters are "
    "replaced; --no-escape disables both."
)


@click.command(epilog=FORMULAS_NOTE)
@click.argument("out", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
@filter_options
@fields_option
@raw_option
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@config_options
def export(
    out: Path,
    *,
    fields: str | None,
    raw: bool,
    force: bool,
    config_path: str | None,
    database: str | None,
    **options: Any,
) -> None:
    """Export articles, all fields, to a file: .parquet, .csv, .jsonl, .xlsx or .db (SQLite).

    Every row has the source, URL, fetch time and terms of use. OUT.about.json records the query, the time, the program
    version and the number of articles. The file appears under its name only when it is complete.
    """
    now = datetime.now(UTC)
    selection = article_filter(now=now, **options)
    _config, store = store_from_config(config_path, database)
    with store:
        columns = with_attribution(select_fields(fields, EXPORT_FIELDS, EXPORT_FIELDS))
        request = ExportRequest(file=out, columns=columns, article_filter=selection, raw=raw, force=force)
        writer = writer_for(out)
        if not out.parent.is_dir():
            raise ConfigError(f"{out.parent} is not a directory; create it first")
        done = write(store, request, writer, progress=_print_progress, row_limit=max_rows(out), now=now)
    summary = "; ".join((f"{done.article_count} articles", *done.notes))
    click.echo(f"presswatch: {out}: {summary}; {request.about.name} describes it", err=True)


def _print_progress(rows: Iterator[list[Any]], total: int) -> Iterator[list[Any]]:
    """Show a progress bar on stderr if it is a terminal."""
    if not sys.stderr.isatty():
        yield from rows
        return
    every = max(total // 200, 1)
    with click.progressbar(rows, length=total, label="exporting", file=sys.stderr, update_min_steps=every) as bar:
        yield from bar
