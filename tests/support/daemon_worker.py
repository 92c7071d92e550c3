"""Run many crawls in one loop of one process and print after each tenth what it holds.

`python -m tests.support.daemon_worker FOLDER CRAWLS`. A process of its own, since a test runner keeps every line of
log, and with it the spider that logged it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta

from scraper.crawl.options import CrawlOptions
from scraper.crawl.store_thread import StoreThread
from scraper.engine.event_loop import run_async
from scraper.engine.run import crawl
from scraper.sources import get_source
from storage.config.settings import Config, ScraperSettings, SourceSettings, StorageSettings
from storage.model.records import RunStatus
from storage.store import open_store
from tests.support.daemon_env import Size
from tests.support.plain_articles import plain_article
from tests.support.site import Site

OFTEN = 10


async def work(site: Site, database: str, crawls: int) -> None:
    """Crawl so many times; before each, one more article is published."""
    waits = ScraperSettings(delay=timedelta(0), retry_delay=timedelta(0), autothrottle=False, concurrency=8, retries=0)
    sources = {"caliber": SourceSettings(base_url=site.url)}
    config = Config(storage=StorageSettings(database=database), scraper=waits, sources=sources)
    with closing(open_store(database)) as store, closing(StoreThread()) as writer:
        for number in range(crawls):
            site.publish(plain_article(f"story-{number}"))
            run = await crawl(get_source("caliber"), store, writer, config, CrawlOptions())
            assert (run.status, run.new) == (RunStatus.SUCCEEDED, 1), run
            if number % OFTEN == 0:
                print(json.dumps(asdict(Size.of(os.getpid(), len(asyncio.all_tasks())))), flush=True)


if __name__ == "__main__":
    with Site.start() as started:
        run_async(work(started, f"sqlite:///{sys.argv[1]}/worker.db", int(sys.argv[2])))
