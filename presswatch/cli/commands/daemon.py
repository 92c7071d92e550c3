"""`presswatch daemon`: crawl every source on its schedule."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from presswatch.cli.cluster.engines import make_claim, make_engine
from presswatch.cli.completion import complete_source
from presswatch.cli.group import config_options
from presswatch.cli.pages_process import PagesProcess
from presswatch.web.safety.preconditions import require_libraries, require_protection
from scheduler.daemon.daemon import LEVEL_OF_ONCE, Daemon
from scheduler.daemon.stop_request import ignore_hang_up
from scheduler.daemon.workers import process_environment
from scraper.sources import Sources, load_crawl_config, load_sources
from storage.config import logging_setup
from storage.config.logging_setup import DEBUG
from storage.config.settings import STDIN, Config
from storage.model.errors import AlreadyRunningError, ConfigError
from storage.store import open_store


@click.command()
@click.option(
    "--source",
    "names",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_source,
    help="Only this source; can be repeated.",
)
@click.option("--once", is_flag=True, help="Crawl the sources that are due now, then exit; log warnings alone.")
@click.option("--standby", is_flag=True, help="Wait while another daemon is running, and take over when it stops.")
@click.option("--serve", "serves", is_flag=True, help="Also serve the pages of presswatch serve, in a process beside.")
@config_options
def daemon(
    names: Sequence[str],
    *,
    once: bool,
    standby: bool,
    serves: bool,
    config_path: str | None,
    database: str | None,
) -> int:
    """Crawl every source on its schedule until SIGTERM or SIGINT; SIGHUP loads the configuration again.

    With scheduler.engine = "procrastinate" it queues the crawls for presswatch worker, and stands by while another
    daemon leads.

    Exit codes: 0 stopped by a signal, 1 failure (with --once: a crawl failed), 2 invalid usage or configuration, 3
    another daemon is running on this database.
    """
    ignore_hang_up()

    def load() -> Config:
        return load_crawl_config(config_path, database=database)

    urls: dict[str, str] = {}

    def watched(config: Config) -> Sources:
        sources = load_sources(config)
        urls.update({name: config.source(name).base_url or source.base_url for name, source in sources.items()})
        if not names:
            return sources.watched(config)
        return sources.only(tuple(sources.named(name).name for name in names))

    config = load()
    watched(config)
    if serves:
        _check_pages(config, once=once)
    if once and "log.level" not in config.origins:  # cron mails what is printed
        config = config.with_log_level("warning", LEVEL_OF_ONCE)
    logging_setup.configure(level=config.log.level, form=config.log.format, traces=DEBUG.get())
    with open_store(config.storage.database, busy_timeout=config.storage.busy_timeout) as store:
        many = config.scheduler.engine == "procrastinate" and not once
        while True:
            companion = PagesProcess(process_environment(config)) if serves else None
            engine, claim = make_engine(store, config, urls), make_claim(store, config)
            made = Daemon(store, config, watched, load, companion=companion, engine=engine, claim=claim)
            code = asyncio.run(made.run(standby=standby or many, once=once))
            if not many or code != AlreadyRunningError.exit_code:
                return code
            config = load()


def _check_pages(config: Config, *, once: bool) -> None:
    """Raise ConfigError for pages that could not be served: a daemon that runs would only log it."""
    if once:
        raise ConfigError("--serve cannot be used with --once, which ends")
    if str(config.path) == STDIN:
        raise ConfigError("--serve needs a configuration file: its process reads it, too")
    require_libraries()
    require_protection(config.web, config.web.host)
