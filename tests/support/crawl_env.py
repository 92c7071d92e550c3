"""Provide an environment for crawls: a folder with a database and settings, and the bundled site."""

from __future__ import annotations

import asyncio
import os
import subprocess
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy import Row, select

from scraper.crawl.options import CrawlOptions
from scraper.crawl.store_thread import StoreThread
from scraper.engine.run import crawl
from scraper.source import Source
from scraper.sources import get_source
from storage.config.settings import Config, ScraperSettings, SourceSettings, StorageSettings
from storage.crawling.runs import RunSummary
from storage.database.tables import articles, channels, events, fetches, links, revisions
from storage.store import Store, open_store
from tests.support.forked_command import run_command
from tests.support.paths import ROOT
from tests.support.patience import patient
from tests.support.site import Site

NO_WAIT = timedelta(0)
FAST = ScraperSettings(delay=NO_WAIT, retry_delay=NO_WAIT, autothrottle=False, concurrency=8, retries=0)
SETTINGS = '[scraper]\ndelay = "0 s"\nretry_delay = "0 s"\nautothrottle = false\nconcurrency = 8\nretries = 0\n'
COLUMNS = {
    "articles": articles,
    "links": links,
    "fetches": fetches,
    "revisions": revisions,
    "channels": channels,
    "events": events,
}


class CrawlEnv:
    """Crawls the bundled site into its own database: in this process, or through the command line."""

    def __init__(self, folder: Path, site: Site, database: str = "") -> None:
        self.folder = folder
        self.site = site
        self.database = database or f"sqlite:///{folder}/env.db"
        self.settings = FAST
        self.of_source = SourceSettings()
        (folder / "presswatch.toml").write_text(SETTINGS, encoding="utf-8")

    @property
    def config(self) -> Config:
        storage = StorageSettings(database=self.database)
        return Config(storage=storage, scraper=self.settings, sources={"caliber": self.of_source})

    def slow_down(self, **settings: Any) -> None:
        """Change [scraper] settings for later crawls."""
        self.settings = replace(self.settings, **settings)

    def store(self) -> Store:
        return open_store(self.database)

    def crawl(self, **options: Any) -> RunSummary:
        """Crawl once in this process."""
        return self.crawl_source(get_source("caliber"), base_url=self.site.url, **options)

    def crawl_source(self, source: Source, **options: Any) -> RunSummary:
        """Crawl a source once in this process, at its declared base URL unless options name another."""
        chosen = CrawlOptions(**options)
        loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        with closing(self.store()) as store, closing(StoreThread()) as writer, loop as runner:
            return runner.run(crawl(source, store, writer, self.config, chosen))

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `presswatch` with these arguments, in the folder and with the database of the environment."""
        return run_command(arguments, folder=self.folder, environment=self.environment(), timeout=patient(60))

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT), "PRESSWATCH_DATABASE": self.database}

    def crawl_command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.command("crawl", "caliber", "--base-url", self.site.url, *arguments)

    def rows(self, table: str) -> list[Row[Any]]:
        """Return all rows of a table, ordered by id."""
        columns = COLUMNS[table]
        with closing(self.store()) as store, store.read() as connection:
            return list(connection.execute(select(columns).order_by(columns.c.id)))

    def row(self, table: str, **where: Any) -> Row[Any]:
        """Return the only row with these values."""
        found = [row for row in self.rows(table) if all(getattr(row, name) == value for name, value in where.items())]
        assert len(found) == 1, f"{len(found)} rows of {table} with {where}"
        return found[0]
