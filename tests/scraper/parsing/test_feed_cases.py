"""Test feeds as sites write them, each with the links that are expected of it: feed_cases/*.txt.

A file has cases of the form::

    # what is odd about it
    <item>…</item>
    => /en/post/a?lang=en | Title | 2026-03-05T10:00:00+00:00 | section, section

A case is an item of an RSS feed unless it begins with `<?xml`, `<rss`, `<feed`, `<rdf:RDF`, or `{`. `\\xNN` is that
character. Fields that an expected link leaves out are not compared; `-` is None. A case without a link expects that
the feed has no article.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scraper.errors import ChannelError
from scraper.parsing.feeds import parse_feed
from storage.model.records import DatePrecision, FailureStage, Link
from tests.support.declared import HOME, SOURCE_URLS

FOLDER = Path(__file__).with_name("feed_cases")
URL = f"{HOME}/rss.xml"
WHOLE = ("<?xml", "<rss", "<feed", "<rdf:RDF", "<RDF", "{", "<!DOCTYPE")
NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)


def read_cases() -> Iterator[tuple[str, list[str], str]]:
    """Yield feed, expected links and name of each case."""
    for file in sorted(FOLDER.glob("*.txt")):
        for block in re.split(r"\n\n(?=# )", file.read_text(encoding="utf-8").strip()):
            name, _, rest = block.removeprefix("# ").partition("\n")
            lines = rest.splitlines()
            feed = "\n".join(line for line in lines if not line.startswith("=>"))
            expected = [line.removeprefix("=>").strip() for line in lines if line.startswith("=>")]
            yield feed, expected, f"{file.stem}: {name}"


CASES = list(read_cases())


def whole(feed: str) -> str:
    text = re.sub(r"\\x([0-9a-f]{2})", lambda code: chr(int(code[1], 16)), feed)
    if text.startswith(WHOLE):
        return text
    return f'<?xml version="1.0"?><rss version="2.0" {NAMESPACES}><channel><title>t</title>{text}</channel></rss>'


def written(link: Link) -> list[str]:
    at = link.published_at
    is_day = link.published_precision is DatePrecision.DAY
    date = "-" if at is None else at.date().isoformat() if is_day else at.isoformat()
    return [link.url.removeprefix(HOME), link.title or "-", date, ", ".join(link.sections) or "-"]


@pytest.mark.parametrize(("feed", "expected"), [pytest.param(feed, links, id=name) for feed, links, name in CASES])
def test_a_feed_as_sites_write_it(feed: str, expected: list[str]) -> None:
    def read() -> tuple[Link, ...]:
        body = whole(feed).encode()
        return parse_feed(body, url=URL, urls=SOURCE_URLS, language=None, content_type="text/xml").links

    if not expected:
        with pytest.raises(ChannelError) as refused:
            read()
        assert refused.value.stage is FailureStage.EMPTY_LIST
        return
    links = read()
    wanted = [line.split(" | ") for line in expected]
    assert [written(link)[: len(fields)] for link, fields in zip(links, wanted, strict=False)] == wanted
    assert len(links) == len(wanted)


def test_every_file_has_cases() -> None:
    assert len(CASES) >= 60
