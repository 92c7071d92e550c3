"""Crawl the bundled site with a parser that dies of some pages, as a C library may, in this process or in a child.

Run as `python -m tests.support.deadly_pages DATABASE SITE [URL]`: one crawl, of the one page if a URL is given. A page
says in its body what it does: KILL, CRASH, LOOP or SLEEP.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import closing
from dataclasses import replace
from importlib import import_module
from typing import Any

from scraper.crawl.options import CrawlOptions
from scraper.crawl.store_thread import StoreThread
from scraper.engine.event_loop import run_async
from scraper.engine.run import crawl
from scraper.reading.article_page import ArticlePage
from scraper.sources import get_source
from storage.config.settings import Config
from storage.model.records import Trigger
from storage.store import open_store
from tests.support.crawl_env import FAST


class DeadlyPage(ArticlePage):
    """Parser that does what a page says."""

    def __init__(self, body: bytes, **arguments: Any) -> None:
        super().__init__(body, **arguments)
        if b"KILL" in body:
            os.kill(os.getpid(), signal.SIGKILL)
        if b"CRASH" in body:
            os.kill(os.getpid(), signal.SIGSEGV)
        while b"LOOP" in body:
            pass
        if b"SLEEP" in body:
            time.sleep(600)
        if b"RAISE" in body:
            raise IndexError("a fault of the parser")


DEADLY = replace(get_source("caliber"), page_class=DeadlyPage)


def main(database: str, site: str, *urls: str) -> None:
    """Crawl once, as the daemon does unless a URL is given."""
    trigger = Trigger.MANUAL if urls else Trigger.SCHEDULED
    options = CrawlOptions(base_url=site, urls=urls, trigger=trigger)
    with open_store(database) as store, closing(StoreThread()) as writer:
        run = run_async(crawl(DEADLY, store, writer, Config(scraper=FAST), options))
    print(run.status, run.new)


if __name__ == "__main__":
    # A parser process knows DeadlyPage by the name of its module.
    import_module("tests.support.deadly_pages").main(*sys.argv[1:])
