"""Build the answers of a news site by hand: a feed of given hrefs, and one page for each target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from scraper.source import Feed, Source
from scraper.sources import get_source
from storage.config.settings import SourceSettings
from tests.support.crawl_env import CrawlEnv
from tests.support.raw_server import RawServer, answer

FEED = "/rss.xml"


def raw_env(folder: Path, server: RawServer) -> CrawlEnv:
    """Return an environment whose source polls the feed of a raw server alone."""
    env = CrawlEnv(folder, cast("Any", SimpleNamespace(url=server.url)))
    env.of_source = SourceSettings(channels=({"feed": FEED},))
    return env


def page(title: str = "Title") -> bytes:
    """Return an article page of the bundled source."""
    return (
        f"<!DOCTYPE html><html><body><div class='post'><h1 class='post_title'>{escape(title)}</h1>"
        f"<div class='post_body'><p>Text of {escape(title)}.</p></div></div></body></html>"
    ).encode()


def feed(hrefs: Iterable[str]) -> bytes:
    """Return an RSS feed whose items have these links, each with a title of its own."""
    items = (f"<item><title>{n}</title><link>{escape(href)}</link></item>" for n, href in enumerate(hrefs))
    return f'<rss version="2.0"><channel>{"".join(items)}</channel></rss>'.encode()


def press_source(url: str, **changes: Any) -> Source:
    """Return the bundled source at a URL as the source `press`, of its feed alone, in every section and language."""
    own: dict[str, Any] = {"name": "press", "channels": (Feed(path=FEED),), "languages": (), "sections": ()}
    return replace(get_source("caliber"), base_url=url, **own | changes)


def declaration(url: str, *, article: str, page: str) -> str:
    """Return a configuration that declares the source `press` at a URL, with its feed and the body of `page`."""
    return f"""
[scraper]
delay = "0 s"

[sources.press]
home = "{url}"
language = "en"
timezone = "Asia/Baku"
article = '{article}'

[[sources.press.channels]]
feed = "{FEED}"

[sources.press.page]
body = ".post_body"
{page}
"""


def site(hrefs: Iterable[str], targets: Iterable[str]) -> dict[str, bytes]:
    """Return the answers of a site whose feed lists `hrefs` and which has pages at `targets`, and no robots.txt."""
    pages = {target: answer(page(target), b"Content-Type: text/html; charset=utf-8") for target in targets}
    return {FEED: answer(feed(hrefs), b"Content-Type: application/rss+xml"), **pages}
