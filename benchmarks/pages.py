"""Parse article pages with a source's selectors beside the same eight fields by compiled XPath, parse included.

The pages are those of the bundled site in the size of real ones, 65 KB. The rival finds the elements and joins their
texts: it reads no date and no count, renders no paragraphs, and checks neither the page's end nor its limits.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from benchmarks.goals import Goal
from benchmarks.pairs import HEAD, Comparison, goals, measure, row
from scraper.parsing.source_urls import SourceUrls
from scraper.reading.article_page import page_class
from scraper.sources import get_source
from storage.model.records import ParsedPage
from tests.support.site import generate_articles
from tests.support.site.markup import article_page, card
from tests.support.site.styles import ListStyle, PageStyle

PAGES = 20
PAIRS = 9
SIZE = 65_000
"""Bytes of a page."""
RELATED = 24
"""Cards of other articles on a page."""
CPU_RATIO = Goal("page-with-selectors-ratio", 1.1)
HOME = "https://caliber.az"
MARKS = {"-", ">"}
"""Marks of lists and quotes, which the rival does not write."""


PARSER = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
XPATHS = {
    "title": "string(//h1[@class='post_title'])",
    "section": "string(//div[@class='post_categoty'])",
    "date": "string(//div[@class='post_time'])",
    "body": "//div[@class='post_body']//text()",
    "views": "string(//div[@class='post_hits'])",
    "image": "string(//meta[@property='og:image']/@content)",
    "description": "string(//meta[@name='description']/@content)",
    "author": "string(//div[@class='post_signature'])",
}
"""The cheapest XPaths that find the fields; one that finds an element with a second class takes twice the time."""
FIELDS = {name: etree.XPath(xpath) for name, xpath in XPATHS.items()}


def by_xpath(body: bytes) -> dict[str, str]:
    """Read the fields by XPath."""
    root = etree.fromstring(body, parser=PARSER)
    found: dict[str, Any] = {name: xpath(root) for name, xpath in FIELDS.items()}
    return {name: value if isinstance(value, str) else " ".join(value) for name, value in found.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and the goal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    chosen = parser.parse_args(arguments)
    pages = make_pages(chosen.pages)
    source = get_source("caliber")
    urls = SourceUrls(source)
    fetched_at = datetime(2026, 11, 2, tzinfo=UTC)

    def by_selectors(url: str, body: bytes) -> ParsedPage:
        page = page_class(source)(
            body, url=url, source=source, urls=urls, fetched_at=fetched_at, content_type="text/html; charset=utf-8"
        )
        return page.parse()

    check(pages, by_selectors)
    measured = measure(
        Comparison(
            name=f"{len(pages)} pages of {sum(map(len, pages.values())) // len(pages) // 1000} KB",
            ours=lambda: [by_selectors(url, body) for url, body in pages.items()],
            plain=lambda: [by_xpath(body) for body in pages.values()],
            ratio=CPU_RATIO,
        ),
        chosen.pairs,
    )
    print(HEAD)
    print(row(measured))
    print("\n".join(goals([measured])))


def make_pages(count: int) -> dict[str, bytes]:
    """Render pages of generated articles, by their URLs."""
    articles = generate_articles(count + RELATED)
    cards = [card(article, HOME, ListStyle()) for article in articles[count:]]
    style = PageStyle(weight=SIZE)
    return {HOME + article.path: article_page(article, HOME, cards, style).encode() for article in articles[:count]}


def check(pages: Mapping[str, bytes], by_selectors: Callable[[str, bytes], ParsedPage]) -> None:
    """Raise RuntimeError unless both read the same article, for the figures would compare nothing."""
    for url, body in pages.items():
        ours, rival = by_selectors(url, body).article, by_xpath(body)
        words = [word for word in ours.body.split() if word not in MARKS]
        if (
            ours.title not in rival["title"]
            or words != rival["body"].split()
            or ours.published_at is None
            or ours.view_count is None
        ):
            raise RuntimeError(f"{url} is read differently: {ours} and {rival}")


if __name__ == "__main__":
    main()
