"""Test channels of many bytes: they are parsed in the parser process, whose end fails the poll and not the crawl."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from scraper.crawl.channel_reading import LARGE_CHANNEL_SIZE, ChannelResponse, parse_channel
from scraper.crawl.parser_process import ParserLimits, ParserProcess
from scraper.crawl.session import now
from scraper.errors import ChannelError
from scraper.parsing.source_urls import SourceUrls
from scraper.source import Channel, Feed, ListingPage
from scraper.sources import get_source
from storage.model.records import FailureStage, Link, RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import plain_article
from tests.support.site import Site

CALIBER = get_source("caliber")
URL = "https://caliber.az/x"
FEED = '<rss version="2.0"><channel><item><link>https://caliber.az/en/post/a</link></item></channel></rss>'
PAGE = "<div class='float_block'><a href='/en/post/a'>A</a></div>"


def parse(channel: Channel, text: str, parser: ParserProcess) -> tuple[Link, ...]:
    async def run() -> tuple[Link, ...]:
        urls = SourceUrls(CALIBER)
        session = cast("Any", SimpleNamespace(parser=parser, urls=urls, source=CALIBER, now=now))
        body = (text + " " * LARGE_CHANNEL_SIZE).encode()
        response = ChannelResponse(status=200, url=URL, body=body, etag=None, last_modified=None, content_type=None)
        try:
            return await parse_channel(session, channel, response)
        finally:
            await parser.close()

    return asyncio.run(run())


@pytest.mark.parametrize(("channel", "text"), [(Feed(path="/x"), FEED), (ListingPage(path="/x"), PAGE)], ids=str)
def test_a_large_channel_is_parsed_in_the_parser_process(channel: Channel, text: str) -> None:
    assert [link.url for link in parse(channel, text, ParserProcess())] == ["https://caliber.az/en/post/a"]


@pytest.mark.parametrize(
    ("channel", "stage"),
    [(Feed(path="/x"), FailureStage.NOT_A_FEED), (ListingPage(path="/x"), FailureStage.EMPTY_LIST)],
    ids=str,
)
def test_what_is_wrong_with_a_large_channel_is_said_as_of_a_small_one(channel: Channel, stage: FailureStage) -> None:
    with pytest.raises(ChannelError) as refused:
        parse(channel, "<html><body>", ParserProcess())
    assert (refused.value.stage, refused.value.url) == (stage, URL)


def test_a_channel_of_which_the_parser_dies_fails_and_is_named_with_its_size() -> None:
    with pytest.raises(ChannelError) as refused:
        parse(Feed(path="/x"), FEED, ParserProcess(ParserLimits(memory=1_000_000)))
    assert refused.value.stage is FailureStage.PARSE
    assert "bytes" in refused.value.reason


def test_a_crawl_of_a_large_feed(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    item = f"<item><link>{site.url}/en/post/one</link></item>"
    padding = "<description>" + "x" * LARGE_CHANNEL_SIZE + "</description>"
    site.override("/rss.xml", f'<rss version="2.0"><channel>{padding}{item}</channel></rss>'.encode())
    run = env.crawl()
    assert (run.status, run.new, run.error) == (RunStatus.SUCCEEDED, 1, None)
