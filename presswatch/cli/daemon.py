"""The commands of the daemon: daemon, status, pause, resume, now, events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from presswatch.cli.group import CommandGroup, config_options, open_configured, refuse_value
from presswatch.cli.options import DEFAULT_LIMIT, NAME, limit_option
from storage.printable import safe

if TYPE_CHECKING:
    from datetime import datetime

    from storage.store import Store


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Look at every source on time, and say when something is wrong."""


@commands.command()
@click.option("--source", "names", multiple=True, metavar="NAME", help="Watch only this source; may be repeated.")
@click.option("--once", is_flag=True, help="Crawl what is due now, then end.")
@click.option("--standby", is_flag=True, help="Wait while another daemon watches, and take over when it ends.")
@config_options
def daemon(names: Sequence[str], *, once: bool, standby: bool, config_path: str | None, database: str | None) -> int:
    """Keep every source up to date until SIGTERM or SIGINT.

    Exit codes: 0 stopped as asked, 1 failed (with --once: a crawl failed), 2 wrong usage or configuration, 3 another
    daemon watches this database.
    """
    import asyncio

    from scheduler.daemon import Daemon
    from scraper.sources import get_source, load_crawl_config, load_sources
    from storage import logs
    from storage.logs import DEBUG
    from storage.store import open_store

    config = load_crawl_config(config_path, database=database)
    sources = {name: get_source(name) for name in names} or load_sources()
    logs.configure(level=config.log.level, form=config.log.format, traces=DEBUG.get())
    with open_store(config.storage.database, busy_timeout=config.storage.busy_timeout) as store:
        return asyncio.run(Daemon(store, config, sources).run(standby=standby, once=once))


@commands.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@config_options
def status(form: str, config_path: str | None, database: str | None) -> int:
    """How every source stands: state, last run, next look and why, what is open, today's articles, delay.

    Exit codes: 0 all is well, 1 something is wrong: nobody watches, or a source fails, is silent, drifts, is overdue.
    """
    _config, store = open_configured(config_path, database)
    from presswatch.output import formats
    from presswatch.output.status_text import status_lines
    from scheduler.report import look_around

    with store:
        report = look_around(store, now=_now())
    if form == "json":
        formats.emit([formats.as_json(formats.record(report), indent=2), "\n"])
    else:
        formats.say(status_lines(report))
    return int(report.is_wrong)


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)


@commands.command()
@click.argument("source")
@config_options
def pause(source: str, config_path: str | None, database: str | None) -> None:
    """Look at a source no more until it is resumed. A crawl that runs ends as it would."""
    with _store_that_knows(source, config_path, database) as store:
        store.schedules.pause(source, now=_now())
    click.echo(safe(f"{source}: paused; presswatch resume {source} goes on"))


@commands.command()
@click.argument("source")
@config_options
def resume(source: str, config_path: str | None, database: str | None) -> None:
    """Look at a paused source again."""
    with _store_that_knows(source, config_path, database) as store:
        store.schedules.resume(source)
    click.echo(safe(f"{source}: resumed"))


@commands.command("now")
@click.argument("source")
@config_options
def crawl_now(source: str, config_path: str | None, database: str | None) -> None:
    """Ask the running daemon to crawl a source now."""
    with _store_that_knows(source, config_path, database) as store:
        lease = store.leases.holder()
        store.schedules.ask(source, now=_now())
        watched = lease is not None and lease.holds(_now())
    click.echo(safe(f"{source}: asked for" if watched else f"{source}: asked for; no daemon runs now, the next will"))


def _store_that_knows(source: str, config_path: str | None, database: str | None) -> Store:
    from scraper.sources import get_source

    get_source(source)
    return open_configured(config_path, database)[1]


@commands.command()
@click.option("--open", "open_only", is_flag=True, help="Only what is not over.")
@click.option("--source", metavar="NAME", type=NAME, help="Only of this source.")
@click.option("--kind", metavar="KIND", help="Only of this kind, such as silent, drift, gap, gone.")
@limit_option
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "jsonl", "csv"]), default="table", show_default=True
)
@config_options
def events(
    *,
    open_only: bool,
    source: str | None,
    kind: str | None,
    limit: int | None,
    form: str,
    config_path: str | None,
    database: str | None,
) -> None:
    """What happened to sources, channels and articles, the latest first, with details."""
    if kind is not None:
        _refuse_unknown_kind(kind)
    _config, store = open_configured(config_path, database)
    from presswatch.output.records import give, say_nothing
    from presswatch.output.status_text import event_lines
    from storage.events import Event

    most = DEFAULT_LIMIT if limit is None else limit or None
    with store:
        found = store.events.find(source=source, open_only=open_only, kind=kind, limit=most)
    if not give(iter(found), form, kind=Event, as_table=event_lines, raw=False):
        say_nothing("nothing of that kind happened" if not open_only else "nothing is open")


def _refuse_unknown_kind(kind: str) -> None:
    """A misspelt kind must not pass for one that did not happen."""
    from storage.records import EventKind
    from storage.values import choice

    try:
        choice(*EventKind)(kind)
    except ValueError as error:
        raise refuse_value("--kind", error) from error
