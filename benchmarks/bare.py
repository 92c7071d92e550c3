"""Crawl the same pages with a bare Scrapy spider: eight selectors, an insert into sqlite3, no politeness, no recrawl.

`python -m benchmarks.bare BASE_URL DATABASE_FILE`
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from typing import Any

import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response

FIELDS = {
    "title": "h1.post_title::text",
    "section": ".post_categoty::text",
    "date": ".post_time::text",
    "body": ".post_body p::text",
    "views": ".post_hits::text",
    "image": "meta[property='og:image']::attr(content)",
    "description": "meta[name=description]::attr(content)",
    "signature": ".post_signature::text",
}


class BareSpider(scrapy.Spider):
    """Read the feed, and write a row for each article."""

    name = "bare"
    base: str
    database: sqlite3.Connection

    async def start(self) -> Any:
        yield scrapy.Request(f"{self.base}/rss.xml", callback=self.parse_feed)

    def parse_feed(self, response: Response) -> Iterator[scrapy.Request]:
        for url in response.xpath("//item/link/text()").getall():
            yield scrapy.Request(url, callback=self.parse_article)

    def parse_article(self, response: Response) -> None:
        row = {name: " ".join(response.css(css).getall()) for name, css in FIELDS.items()}
        columns = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        self.database.execute(
            f"INSERT INTO articles (url, {columns}) VALUES (?, {marks})", [response.url, *row.values()]
        )
        self.database.commit()


def main(base: str, file: str) -> None:
    """Crawl the site at `base` into a new database."""
    database = sqlite3.connect(file)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(f"CREATE TABLE articles (id INTEGER PRIMARY KEY, url TEXT UNIQUE, {', '.join(FIELDS)})")
    process = AsyncCrawlerProcess(
        {"LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False}
    )
    process.crawl(BareSpider, base=base, database=database)
    process.start()
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
