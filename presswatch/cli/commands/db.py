"""`presswatch db`: manage the database."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from presswatch.cli.arguments import CommandGroup
from presswatch.cli.database import engine_from_config, store_from_config
from presswatch.cli.group import config_options, debug_option
from presswatch.cli.options import text_or_records_options
from presswatch.output import formats
from presswatch.output.progress import progress_bars
from presswatch.output.records import write_records
from storage.config.config_file import load_config
from storage.copying.backup import back_up
from storage.copying.moving import copy_database
from storage.database import schema
from storage.database.engine import shown_url
from storage.database.info import describe_database
from storage.database.tables import SCHEMA_VERSION
from storage.database.vacuum import vacuum
from storage.integrity.database_check import check_database
from storage.model.errors import ConfigError
from storage.retention.pruning import RetentionLimits, prune
from storage.search.index import ReindexProgress
from storage.search.index import reindex as index_articles
from storage.store import Store
from storage.text.counts import counted
from storage.text.sanitize import sanitize


@click.group(cls=CommandGroup)
def db() -> None:
    """Manage the database."""


@db.command()
@config_options
def upgrade(config_path: str | None, database: str | None) -> None:
    """Create or migrate the tables, then index articles for full-text search.

    With scheduler.engine = "procrastinate", the queue of crawls is created, too.
    """
    config = load_config(config_path, database=database)
    with engine_from_config(config_path, database) as engine:
        before = schema.upgrade(engine)
        done = {None: "tables created", SCHEMA_VERSION: "nothing to do"}.get(before, f"upgraded from {before}")
        click.echo(f"database {shown_url(engine)}: {done}, now {SCHEMA_VERSION}")
        if before not in {None, SCHEMA_VERSION}:
            _index(Store(engine), rebuild=False)
        if config.scheduler.engine == "procrastinate":
            from presswatch.cli.cluster.engines import create_queue  # noqa: PLC0415  (start-up time: the daemon)

            create_queue(Store(engine), config)


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
            click.echo(f"\rindexed {done.indexed_count} of {counted(done.total_count, 'article')}", nl=False, err=True)

    try:
        done = index_articles(store, anew=rebuild, progress=print_progress)
    finally:
        if sys.stderr.isatty():
            click.echo(err=True)  # what follows, an error too, begins a line
    click.echo(f"{counted(done.indexed_count, 'article')} indexed for full-text search; the index is complete")


@db.command("prune")
@click.option("--dry-run", is_flag=True, help="Only count what would be deleted.")
@config_options
def prune_rows(dry_run: bool, config_path: str | None, database: str | None) -> None:
    """Delete fetches and view readings that are older than storage.keep_fetches and storage.keep_readings.

    Answers stay as they were: of fetches those that changed nothing are deleted, of readings all but one a day and
    those of the ages that are compared. Runs during crawls, and can be interrupted and repeated. A running daemon
    prunes by itself what has come of age since; begin with this command after the settings were changed.
    """
    config, store = store_from_config(config_path, database)
    kept = config.storage
    limits = RetentionLimits.at(datetime.now(UTC), keep_fetches=kept.keep_fetches, keep_readings=kept.keep_readings)
    with store:
        if kept.keep_fetches is None and kept.keep_readings is None:
            raise ConfigError('nothing to prune: write keep_fetches or keep_readings, such as "90 d", into [storage]')
        counts = prune(store, limits, dry_run=dry_run)
    deleted = f"{counted(counts.fetches, 'fetch', 'fetches')} and {counted(counts.readings, 'view reading')}"
    click.echo(f"{deleted} {'would be ' if dry_run else ''}deleted")


@db.command("vacuum")
@config_options
def vacuum_file(config_path: str | None, database: str | None) -> None:
    """Give the space of deleted rows back to the disk.

    SQLite needs as much free disk as the database has, and crawls cannot write meanwhile: stop the daemon before.
    """
    _config, store = store_from_config(config_path, database)
    with store:
        before, after = vacuum(store.engine)
    click.echo(f"{before} bytes before, {after} bytes now")


@db.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--config", "config_path", metavar="FILE", help="Configuration file, of which busy_timeout is read.")
@debug_option
def copy(source: str, target: str, config_path: str | None) -> None:
    """Copy all rows of a database into an empty one, also of the other kind, with their ids and history.

    FROM and TO are SQLite files, such as presswatch.db, or URLs. Nobody can write to FROM meanwhile: stop the daemon
    before. A copy that was ended goes on where it ended when the same command is run again; until the last row is
    copied, indexed and compared, every other command refuses TO.
    """
    busy_timeout = load_config(config_path).storage.busy_timeout
    with progress_bars() as progress:
        done = copy_database(source, target, progress, busy_timeout=busy_timeout, now=datetime.now(UTC))
    before = f", {done.resumed_at} of them before this run" if done.resumed_at else ""
    click.echo(f"{counted(done.row_count, 'row')} copied{before}; both databases have the same rows")
    if done.replaced_count:
        click.echo(f"{counted(done.replaced_count, 'row')} had characters that no database keeps: U+FFFD replaces them")


@db.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@config_options
def backup(file: Path, *, force: bool, config_path: str | None, database: str | None) -> None:
    """Back up the database into a SQLite file, also while a daemon runs, and also from PostgreSQL.

    FILE holds the rows of one moment, and every command reads it (--database FILE). It appears under its name only when
    it is complete; only its owner may read it.
    """
    with engine_from_config(config_path, database) as engine, progress_bars() as progress:
        size = back_up(engine, file, progress, force=force)
    click.echo(f"{file}: {counted(size, 'byte')}")


@db.command()
@config_options
def check(config_path: str | None, database: str | None) -> int:
    """Check the database, and print what is wrong: exit code 1 if anything is, 0 if nothing.

    The file of SQLite (PRAGMA integrity_check), the version of the tables and their indexes, foreign keys, values, what
    tables promise about each other, and whether the full-text index has the words of the articles. Changes nothing, and
    runs beside a daemon; it reads everything.
    """
    found = 0
    with engine_from_config(config_path, database) as engine:
        with progress_bars() as progress:
            for finding in check_database(engine, progress):
                found += 1
                click.echo(sanitize(str(finding)))
        where = shown_url(engine)
    click.echo(f"database {where}: {counted(found, 'problem') if found else 'nothing is wrong'}")
    return 1 if found else 0


@db.command()
@click.option("--sizes", is_flag=True, help="Print also the bytes of each table and index; SQLite reads all for it.")
@text_or_records_options
@config_options
def info(sizes: bool, form: str, raw: bool, config_path: str | None, database: str | None) -> None:
    """Print the database URL, the version of its tables and their row counts. Changes nothing."""
    with engine_from_config(config_path, database) as engine:
        pairs = list(describe_database(engine, sizes=sizes))
    if form == "text":
        width = max(len(name) + 2 for name, _ in pairs)
        formats.print_lines(f"{name:<{width}}{sanitize(value)}" for name, value in pairs)
    else:
        write_records(({"name": name, "value": value} for name, value in pairs), ("name", "value"), form, raw=raw)
