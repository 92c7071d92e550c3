"""Build the answers of a news site by hand: a feed of given hrefs, and one page for each target."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

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


def site(hrefs: Iterable[str], targets: Iterable[str]) -> dict[str, bytes]:
    """Return the answers of a site whose feed lists `hrefs` and which has pages at `targets`, and no robots.txt."""
    pages = {target: answer(page(target), b"Content-Type: text/html; charset=utf-8") for target in targets}
    return {FEED: answer(feed(hrefs), b"Content-Type: application/rss+xml"), **pages}
