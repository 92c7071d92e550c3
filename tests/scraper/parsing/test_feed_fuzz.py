"""Test mutations of feeds in a process with a limit of CPU time: each has links or a ChannelError, and none is slow.

`FUZZ_FEEDS=1000000 python -m pytest tests/scraper/parsing/test_feed_fuzz.py` for more of them than the usual ones.
"""

from __future__ import annotations

import asyncio
import os
import random

import pytest

from scraper.crawl.parser_process import ParserLimits, ParserProcess
from scraper.errors import ChannelError
from scraper.parsing.feeds import parse_feed
from tests.scraper.parsing.test_feed_cases import CASES, whole
from tests.support.declared import HOME, SOURCE_URLS

COUNT = int(os.environ.get("FUZZ_FEEDS", "10000"))
BATCH = 1_000
CPU_SECONDS_A_BATCH = 30  # a hundred times of what a batch takes

PIECES = (
    *("<", ">", "&", ";", '"', "'", "=", "/>", "[", "]>", "{", "}", "\\", "\0", "\ud800", "\u0300", "\ufeff"),
    *("<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "<!DOCTYPE ", "<!ENTITY a 'b'>", "&amp;", "&#0;", "&#xD800;"),
    *("<item>", "</item>", "<entry>", "</entry>", "<link>", "</link>", "<title type='xhtml'>", "</title>", "<br/>"),
    *("xml:base='../'", "<a:b xmlns:a='x'>", "&lang;", "</channel>", "<feed>", " " * 50, "\n" * 50, "9" * 400),
)


def mutate(text: str, chance: random.Random) -> str:
    """Insert, repeat, replace and delete pieces of a feed, and mix it with another."""
    for _ in range(chance.randrange(1, 6)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.randrange(40))
        other = whole(chance.choice(CASES)[0])
        cut = chance.randrange(len(other) + 1)
        text = chance.choice(
            (
                text[:start] + chance.choice(PIECES) * chance.randrange(1, 30) + text[end:],
                text[:start] + text[start:end] * chance.randrange(5) + text[end:],
                text[:start] + other[cut : cut + 200] + text[start:],
                text[:start],
            )
        )
    return text


def read_mutations(seed: int, count: int) -> str | None:
    """Return the first mutation of which parsing raises anything but a ChannelError, with the error."""
    chance = random.Random(seed)
    for _ in range(count):
        text = mutate(whole(chance.choice(CASES)[0]), chance)
        body = text.encode("utf-8", "surrogatepass")
        try:
            parse_feed(body, url=f"{HOME}/rss.xml", urls=SOURCE_URLS, language=None, content_type=None)
        except ChannelError:
            continue
        except Exception as error:  # noqa: BLE001
            return f"{error!r}: {text!r}"
    return None


@pytest.mark.long
@pytest.mark.timeout(0)
def test_mutations_of_feeds() -> None:
    async def run() -> None:
        parser = ParserProcess(ParserLimits(cpu_seconds=CPU_SECONDS_A_BATCH, wall_seconds=3600))
        try:
            for seed in range(COUNT // BATCH):
                assert await parser.call(read_mutations, seed, BATCH) is None, f"seed {seed}"
        finally:
            await parser.close()

    asyncio.run(run())
