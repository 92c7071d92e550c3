"""`presswatch daemon`: crawl every source on its schedule."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from presswatch.cli.group import config_options
from scheduler.daemon.daemon import Daemon
from scraper.sources import get_source, load_crawl_config, load_sources
from storage.config import logging_setup
from storage.config.logging_setup import DEBUG
from storage.store import open_store


@click.command()
@click.option("--source", "names", multiple=True, metavar="NAME", help="Watch only this source; may be repeated.")
@click.option("--once", is_flag=True, help="Crawl what is due now, then end.")
@click.option("--standby", is_flag=True, help="Wait while another daemon watches, and take over when it ends.")
@config_options
def daemon(names: Sequence[str], *, once: bool, standby: bool, config_path: str | None, database: str | None) -> int:
    """Keep every source up to date until SIGTERM or SIGINT.

    Exit codes: 0 stopped as asked, 1 failed (with --once: a crawl failed), 2 wrong usage or configuration, 3 another
    daemon watches this database.
    """

    config = load_crawl_config(config_path, database=database)
    sources = {name: get_source(name) for name in names} or load_sources()
    logging_setup.configure(level=config.log.level, form=config.log.format, traces=DEBUG.get())
    with open_store(config.storage.database, busy_timeout=config.storage.busy_timeout) as store:
        return asyncio.run(Daemon(store, config, sources).run(standby=standby, once=once))
