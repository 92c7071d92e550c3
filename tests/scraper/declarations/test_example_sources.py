"""Test the sources of examples/sources on made-up feeds and lists with the quirks of their sites: tests/pages/NAME.

A channel is a folder with `feed.xml` or `list.html`, and `links.json`: the path of the channel, when it was polled, and
every link that is parsed of it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scraper.parsing.feeds import parse_feed
from scraper.parsing.list_page import parse_listing_page
from scraper.parsing.source_urls import SourceUrls
from scraper.source import Feed, ListingPage, first_path
from storage.model.records import Link
from tests.support.example_sources import EXAMPLES, NAMES, example_sources
from tests.support.paths import PAGES

CHANNELS = sorted(path.parent for name in NAMES for path in (PAGES / name).glob("*/links.json"))


def as_json(link: Link) -> dict[str, Any]:
    """Return a link as cases have it; a URL that is requested as it is stored is left out."""
    found = {
        "url": link.url,
        "request_url": link.request_url,
        "title": link.title,
        "published_at": None if link.published_at is None else link.published_at.isoformat(),
        "published_raw": link.published_raw,
        "sections": list(link.sections),
        "language": link.language,
    }
    return {name: value for name, value in found.items() if value or name == "published_at"}


def parse_channel(case: Path) -> list[dict[str, Any]]:
    """Parse the links of a channel with the code of a crawl."""
    document = json.loads((case / "links.json").read_text(encoding="utf-8"))
    source = example_sources()[case.parent.name]
    channel = next(channel for channel in source.channels if first_path(channel) == document["channel"])
    urls = SourceUrls(source)
    url = urls.channel_url(first_path(channel))
    if isinstance(channel, Feed):
        body = (case / "feed.xml").read_bytes()
        links = parse_feed(body, url=url, urls=urls, language=channel.language, content_type=None).links
    else:
        assert isinstance(channel, ListingPage)
        links = parse_listing_page(
            (case / "list.html").read_bytes(),
            url=url,
            source=source,
            urls=urls,
            language=channel.language,
            content_type=None,
            teasers=channel.teasers,
        )
    return [as_json(link) for link in links]


@pytest.mark.parametrize("case", CHANNELS, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_links_of_a_channel(case: Path) -> None:
    assert parse_channel(case) == json.loads((case / "links.json").read_text(encoding="utf-8"))["links"]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_says_what_is_known_and_has_a_case(name: str) -> None:
    text = (EXAMPLES / f"{name}.toml").read_text(encoding="utf-8")
    assert re.search(r"^# Known (?:since|from) ", text, re.MULTILINE)
    assert f"`{name}.toml`" in (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert any(case.parent.name == name for case in CHANNELS)
    assert example_sources()[name].name == name


def test_there_are_fifteen_examples() -> None:
    assert len(NAMES) == 15
