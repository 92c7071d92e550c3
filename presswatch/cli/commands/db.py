"""`presswatch db`: manage the database."""

from __future__ import annotations

import sys

import click

from presswatch.cli.database import engine_from_config, store_from_config
from presswatch.cli.group import config_options
from presswatch.cli.options import text_or_records_options
from presswatch.output import formats
from presswatch.output.records import write_records
from storage.database import schema
from storage.database.engine import shown_url
from storage.database.info import describe_database
from storage.database.tables import SCHEMA_VERSION
from storage.search.index import ReindexProgress
from storage.search.index import reindex as index_articles
from storage.store import Store
from storage.text.sanitize import sanitize

LABEL_WIDTH = 16


@click.group()
def db() -> None:
    """Manage the database."""


@db.command()
@config_options
def upgrade(config_path: str | None, database: str | None) -> None:
    """Create or migrate the tables, then index articles for full-text search."""
    with engine_from_config(config_path, database) as engine:
        before = schema.upgrade(engine)
        done = {None: "tables created", SCHEMA_VERSION: "nothing to do"}.get(before, f"upgraded from {before}")
        click.echo(f"database {shown_url(engine)}: {done}, now {SCHEMA_VERSION}")
        if before not in {None, SCHEMA_VERSION}:
            _index(Store(engine), rebuild=False)


@db.command()
@click.option("--all", "rebuild", is_flag=True, help="Index all articles again, not only those that are missing.")
@config_options
def reindex(rebuild: bool, config_path: str | None, database: str | None) -> None:
    """Index missing articles for full-text search. Can be interrupted and repeated, and run during crawls."""
    _config, store = store_from_config(config_path, database)
    with store:
        _index(store, rebuild=rebuild)


def _index(store: Store, *, rebuild: bool) -> None:
    def print_progress(done: ReindexProgress) -> None:
        if sys.stderr.isatty():
            click.echo(f"\rindexed {done.indexed_count} of {done.total_count} articles", nl=False, err=True)

    done = index_articles(store, anew=rebuild, progress=print_progress)
    if sys.stderr.isatty():
        click.echo(err=True)
    click.echo(f"{done.indexed_count} articles indexed for full-text search; the index is complete")


@db.command()
@text_or_records_options
@config_options
def info(form: str, raw: bool, config_path: str | None, database: str | None) -> None:
    """Print the database URL, the version of its tables and their row counts. Changes nothing."""
    with engine_from_config(config_path, database) as engine:
        pairs = list(describe_database(engine))
    if form == "text":
        formats.print_lines(f"{name:<{LABEL_WIDTH}}{sanitize(value)}" for name, value in pairs)
    else:
        write_records(({"name": name, "value": value} for name, value in pairs), ("name", "value"), form, raw=raw)
