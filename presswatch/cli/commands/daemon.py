"""`presswatch daemon`: crawl every source on its schedule."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence

import click

from presswatch.cli.group import config_options
from scheduler.daemon.daemon import Daemon
from scraper.sources import Sources, load_crawl_config, load_sources
from storage.config import logging_setup
from storage.config.logging_setup import DEBUG
from storage.config.settings import Config
from storage.store import open_store


def ignore_hang_up() -> None:
    """Ignore SIGHUP until the daemon listens to it: its default would end a daemon that is starting."""
    if hasattr(signal, "SIGHUP"):  # not on Windows
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


@click.command()
@click.option("--source", "names", multiple=True, metavar="NAME", help="Only this source; can be repeated.")
@click.option("--once", is_flag=True, help="Crawl the sources that are due now, then exit.")
@click.option("--standby", is_flag=True, help="Wait while another daemon is running, and take over when it stops.")
@config_options
def daemon(names: Sequence[str], *, once: bool, standby: bool, config_path: str | None, database: str | None) -> int:
    """Crawl every source on its schedule until SIGTERM or SIGINT; SIGHUP loads the configuration again.

    Exit codes: 0 stopped by a signal, 1 failure (with --once: a crawl failed), 2 invalid usage or configuration, 3
    another daemon is running on this database.
    """
    ignore_hang_up()

    def load() -> Config:
        return load_crawl_config(config_path, database=database)

    def watched(config: Config) -> Sources:
        sources = load_sources(config)
        if not names:
            return sources.watched(config)
        return sources.only(tuple(sources.named(name).name for name in names))

    config = load()
    watched(config)
    logging_setup.configure(level=config.log.level, form=config.log.format, traces=DEBUG.get())
    with open_store(config.storage.database, busy_timeout=config.storage.busy_timeout) as store:
        return asyncio.run(Daemon(store, config, watched, load).run(standby=standby, once=once))
