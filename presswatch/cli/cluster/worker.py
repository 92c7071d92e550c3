"""`presswatch worker`: run the crawls that a daemon queues, on any machine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing, closing

import click

from presswatch.cli.cluster.engines import require_cluster
from presswatch.cli.completion import complete_source
from presswatch.cli.group import config_options
from presswatch.cli.options import IntRangeParam
from scheduler.daemon.configuration_check import daemon_problems, schedulable
from scheduler.daemon.file_handles import raise_handle_limit
from scraper.crawl.store_thread import StoreThread
from scraper.sources import Sources, load_crawl_config, load_sources
from storage.config import logging_setup
from storage.config.logging_setup import DEBUG
from storage.config.settings import Config
from storage.model.errors import refuse
from storage.store import open_store

MAX_CONCURRENCY = 100


@click.command()
@click.option(
    "--concurrency",
    type=IntRangeParam(1, MAX_CONCURRENCY),
    help="Crawls at once (default: scheduler.crawls_per_worker).",
)
@click.option(
    "--sources",
    "names",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_source,
    help="Only this source; can be repeated.",
)
@config_options
def worker(concurrency: int | None, names: Sequence[str], config_path: str | None, database: str | None) -> int:
    """Run the crawls that daemons with scheduler.engine = "procrastinate" queue, until SIGTERM or SIGINT.

    Crawls that run then have scheduler.shutdown_grace_period to end by themselves; then they finish the requests under
    way. While the database is away it waits. Exit codes: 0 stopped by a signal, 1 failure, 2 invalid usage or
    configuration.
    """
    config = load_crawl_config(config_path, database=database)
    require_cluster(config)
    sources = schedulable(load_sources(config).watched(config), config)
    refuse(daemon_problems(config, sources))
    only = tuple(sources.named(name).name for name in names)
    logging_setup.configure(level=config.log.level, form=config.log.format, traces=DEBUG.get())
    for library in ("procrastinate", "psycopg.pool"):  # they tell of each job
        logging.getLogger(library).setLevel(logging.DEBUG if config.log.level == "debug" else logging.CRITICAL)
    raise_handle_limit()
    from scraper.engine.event_loop import run_async  # noqa: PLC0415  (start-up time: Scrapy)

    run_async(_work(config, sources, only, concurrency or config.scheduler.crawls_per_worker))
    return 0


async def _work(config: Config, sources: Sources, only: Sequence[str], concurrency: int) -> None:
    """Work until this is cancelled: once to let crawls end, twice to stop them."""
    from presswatch.cli.worker import CrawlWorker  # noqa: PLC0415  (start-up time: Scrapy)
    from scheduler.cluster.worker import ClusterWorker  # noqa: PLC0415  (an optional library)

    storage = config.storage
    with closing(open_store(storage.database, busy_timeout=storage.busy_timeout)) as store:
        async with aclosing(StoreThread()) as store_thread:
            with closing(CrawlWorker(config, store_thread)) as crawls:
                cluster = ClusterWorker(store, config, sources, crawls.crawl, concurrency=concurrency, only=only)
                working = asyncio.create_task(cluster.run())
                while not working.done():
                    try:
                        await asyncio.shield(working)
                    except asyncio.CancelledError:
                        cluster.stop()
