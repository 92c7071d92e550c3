"""Channels of every kind in whole crawls: sitemap indexes, JSON lists, and lists of several pages with their ends."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from scraper.crawl.parser_process import ParserProcess
from scraper.crawl.selection import RecrawlMode
from scraper.parsing.markup_limits import COSTLY_TAGS
from scraper.source import (
    Channel,
    Feed,
    Identity,
    JsonItems,
    JsonList,
    ListingPage,
    Paging,
    Sitemap,
    Source,
    TeaserSelectors,
)
from scraper.sources import get_source
from storage.database.tables import view_readings
from tests.support.crawl_env import CrawlEnv
from tests.support.raw_server import RawServer, answer
from tests.support.raw_site import feed, page, raw_env

HTML = b"Content-Type: text/html; charset=utf-8"
HOUR = timedelta(hours=1)


def source_of(server: RawServer, *channels: Channel) -> Source:
    """A source whose pages are those of the bundled site, at the address of a raw server."""
    return replace(
        get_source("caliber"),
        name="press",
        base_url=server.url,
        channels=channels,
        article_path=r"/news/[\w-]+",
        languages=(),
        sections=(),
    )


def pages(*names: str) -> dict[str, bytes]:
    return {f"/news/{name}": answer(page(name), HTML) for name in names}


def urlset(server: RawServer, *names: str) -> bytes:
    rows = "".join(f"<url><loc>{server.url}/news/{name}</loc></url>" for name in names)
    return f"<urlset>{rows}</urlset>".encode()


def index(server: RawServer, **lastmods: datetime | None) -> bytes:
    rows = "".join(
        f"<sitemap><loc>{server.url}/{name}.xml.gz</loc>{f'<lastmod>{at:%Y-%m-%dT%H:%M:%SZ}</lastmod>' if at else ''}"
        "</sitemap>"
        for name, at in lastmods.items()
    )
    return answer(f"<sitemapindex>{rows}</sitemapindex>".encode())


def stored(env: CrawlEnv) -> set[str]:
    return {row.url.rpartition("/")[2] for row in env.rows("articles")}


def test_only_changed_children_of_a_sitemap_index_are_read(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with RawServer({}) as server:
        env, source = raw_env(tmp_path, server), source_of(server, Sitemap(path="/sitemap.xml"))
        children = {
            "/old.xml.gz": answer(gzip.compress(urlset(server, "old"))),
            "/new.xml.gz": answer(gzip.compress(urlset(server, "one"))),
        }
        every = children | pages("old", "one", "two")
        server.answer_with({"/sitemap.xml": index(server, old=now - 50 * HOUR, new=now - 2 * HOUR), **every})
        assert env.crawl_source(source).error is None
        assert stored(env) == {"old", "one"}
        children["/new.xml.gz"] = answer(gzip.compress(urlset(server, "one", "two")))
        server.answer_with({"/sitemap.xml": index(server, old=now - 50 * HOUR, new=now), **every, **children})
        assert env.crawl_source(source).error is None
        assert stored(env) == {"old", "one", "two"}
        assert "/old.xml.gz" not in server.targets
        server.answer_with({"/sitemap.xml": index(server, old=now - 50 * HOUR, new=now), **every, **children})
        assert env.crawl_source(source).error is None
        assert server.targets == ["/robots.txt", "/sitemap.xml"]  # an unchanged index names no changed child
        assert env.rows("events") == []


def test_children_without_dates_are_read_although_their_index_never_changes(tmp_path: Path) -> None:
    with RawServer({}) as server:
        env, source = raw_env(tmp_path, server), source_of(server, Sitemap(path="/sitemap.xml"))
        for names in (("one",), ("one", "two")):
            tagged = index(server, posts=None).replace(b"\r\n\r\n", b'\r\nETag: "same"\r\n\r\n', 1)
            child = {"/posts.xml.gz": answer(urlset(server, *names))}
            server.answer_with({"/sitemap.xml": tagged, **child, **pages("one", "two")})
            assert env.crawl_source(source).error is None
            assert stored(env) == set(names)


@pytest.mark.parametrize(
    ("broken", "said"),
    [("all", "posts.xml.gz: answered 404"), ("one", None), ("elsewhere", "sitemap index without an article")],
)
def test_a_child_that_fails_is_left_out_unless_all_do(broken: str, said: str | None, tmp_path: Path) -> None:
    with RawServer({}) as server:
        env, source = raw_env(tmp_path, server), source_of(server, Sitemap(path="/sitemap.xml"))
        names = {"posts": None} if broken != "one" else {"posts": None, "more": None}
        document = index(server, **names)
        if broken == "elsewhere":
            body = b"<sitemapindex><sitemap><loc>https://elsewhere.example/posts.xml</loc></sitemap></sitemapindex>"
            document = answer(body)
        server.answer_with({"/sitemap.xml": document, "/more.xml.gz": answer(urlset(server, "one")), **pages("one")})
        error = env.crawl_source(source).error
        assert (error is None) if said is None else (error is not None and said in error)
        assert stored(env) == ({"one"} if said is None else set())


def listing(*names: str, more: str = "") -> bytes:
    cards = "".join(f"<div class='float_block'><a href='/news/{name}'>{name}</a></div>" for name in names)
    return answer(f"<html><body>{cards}{more}</body></html>".encode(), HTML)


def items(*names: str) -> bytes:
    return answer(json.dumps({"items": [{"link": f"/news/{name}"} for name in names]}).encode())


JSON = JsonItems(items="items[*]", url="link")
TWO_PAGES = {"/list": listing("a", "b"), "/list?page=2": listing("c", "d")}


@pytest.mark.parametrize(
    ("channel", "answers", "asked"),
    [
        (ListingPage(path="/list", paging=Paging(suffix="?page={page}")), TWO_PAGES, ["/list?page=2", "/list?page=3"]),
        (ListingPage(path="/list", paging=Paging(suffix="?page={page}", most=2)), TWO_PAGES, ["/list?page=2"]),
        (
            ListingPage(path="/list", paging=Paging(json="/more?p={page}", items=JSON, first=1)),
            {"/list": listing("a", "b"), "/more?p=1": items("c", "d"), "/more?p=2": items()},
            ["/more?p=1", "/more?p=2"],
        ),
        (
            ListingPage(path="/list", paging=Paging(link="a.next")),
            {
                "/list": listing("a", "b", more="<a class='next' href='/list/old?from=2#top'>Older</a>"),
                "/list/old?from=2": listing("c", "d", more="<a class='prev' href='/list'>Newer</a>"),
            },
            ["/list/old?from=2"],
        ),
        (
            JsonList(path="/latest?p={page}", items=JSON, most=2),
            {"/latest?p=1": items("a", "b"), "/latest?p=2": items("c", "d")},
            ["/latest?p=2"],
        ),
        (
            ListingPage(path="/list", paging=Paging(suffix="?page={page}", most=30)),
            {"/list": listing("a", "b", "c", "d")}
            | {f"/list?page={number}": listing(f"x{number}") for number in range(2, 31)},
            [f"/list?page={number}" for number in range(2, 31)],
        ),
    ],
    ids=["ends with 404", "declared limit", "json pages", "next link", "json list", "more than twenty"],
)
@pytest.mark.long_after(3)
def test_the_end_of_a_list_is_no_trouble(
    channel: Channel,
    answers: dict[str, bytes],
    asked: list[str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    articles = pages("a", "b", "c", "d", *(f"x{number}" for number in range(2, 31)))
    with RawServer({**answers, **articles}) as server, caplog.at_level(logging.WARNING):
        env = raw_env(tmp_path, server)
        assert env.crawl_source(source_of(server, channel)).error is None
        assert stored(env) >= {"a", "b", "c", "d"}
        first = "/latest?p=1" if isinstance(channel, JsonList) else "/list"
        assert [target for target in server.targets if target.startswith(("/list", "/more", "/latest"))] == [
            first,
            *asked,
        ]
        assert [record.message for record in caplog.records if record.name.startswith("scraper")] == []


def test_a_page_that_fails_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    failing = {"/list": listing("a"), "/list?page=2": answer(b"", status=b"500 Internal Server Error")}
    with RawServer({**failing, **pages("a")}) as server, caplog.at_level(logging.WARNING):
        env = raw_env(tmp_path, server)
        channel = ListingPage(path="/list", paging=Paging(suffix="?page={page}"))
        assert env.crawl_source(source_of(server, channel)).error is None
        assert "pagination ends here" in caplog.text


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("/list", None),
        ("?from=1", None),
        ("javascript:more()", "names a next page on another host: javascript:more()"),
        ("https://elsewhere.example/list", "names a next page on another host: https://elsewhere.example/list"),
        ("/list?" + "x" * 3_000, "pagination ends here: its next page: channel 'http://127.0.0.1"),
        ("/list?" + "é" * 1_000, "pagination ends here: its next page: channel 'http://127.0.0.1"),
    ],
    ids=["itself", "a page that repeats itself", "script", "another host", "too long", "too long as it is sent"],
)
@pytest.mark.long_after(3)
def test_a_next_link_that_leads_nowhere_ends_the_list_alone(
    link: str, said: str | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = listing("a", more=f"<a class='next' href='{link}'>Older</a>")
    again = {
        f"/list?from={number}": listing("a", more=f"<a class='next' href='?from={number + 1}'>") for number in (1, 2)
    }
    with RawServer({"/list": page, **again, **pages("a")}) as server, caplog.at_level(logging.WARNING):
        env = raw_env(tmp_path, server)
        channel = ListingPage(path="/list", paging=Paging(link="a.next"))
        assert env.crawl_source(source_of(server, channel)).error is None
        assert stored(env) == {"a"}
        assert "/list?from=2" not in server.targets
    messages = [record.message for record in caplog.records if record.name.startswith("scraper")]
    assert (messages == []) if said is None else (said in messages[0])


def test_the_next_link_of_a_costly_page_is_found_in_the_parser_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    call = ParserProcess.call

    async def noted(self: ParserProcess, function: Callable[..., object], *args: object, **options: object) -> object:
        called.append(function.__name__)
        return await call(self, function, *args, **options)

    monkeypatch.setattr(ParserProcess, "call", noted)
    page = listing("a", more="<i>x</i>" * COSTLY_TAGS + "<a class='next' href='/list?from=2'>Older</a>")
    with RawServer({"/list": page, "/list?from=2": listing("b"), **pages("a", "b")}) as server:
        env = raw_env(tmp_path, server)
        channel = ListingPage(path="/list", paging=Paging(link="a.next"))
        assert env.crawl_source(source_of(server, channel)).error is None
        assert stored(env) == {"a", "b"}
    assert called == ["parse_listing_page", "next_page_url"]


def test_an_article_is_known_by_its_id_whatever_its_name(tmp_path: Path) -> None:
    def feed_of(*names: str) -> bytes:
        return answer(feed(f"/news/{name}" for name in names), b"Content-Type: application/rss+xml")

    with RawServer({}) as server:
        env = raw_env(tmp_path, server)
        pattern = r"/news/(?:[a-z-]+-)?n(?P<id>\d+)"
        source = replace(source_of(server, Feed(path="/feed")), identity=Identity.ID, article_path=pattern)
        server.answer_with(
            {"/feed": feed_of("vote-n12", "a-vote-n12", "storm-n123"), **pages("vote-n12", "storm-n123")}
        )
        assert env.crawl_source(source).error is None
        assert stored(env) == {"vote-n12", "storm-n123"}
        renamed = pages("vote-is-off-n12") | {
            "/news/storm-over-n123": answer(b"", b"Location: /news/n123", status=b"301 Moved"),
            **pages("n123", "n1"),
        }
        server.answer_with({"/feed": feed_of("vote-is-off-n12", "storm-over-n123", "n1"), **renamed})
        assert env.crawl_source(source, recrawl=RecrawlMode.ALL).error is None
        assert stored(env) == {"vote-n12", "storm-n123", "n1"}
        assert len(env.rows("links")) == 3
        assert env.rows("events") == []


def test_a_list_without_selectors_is_read_by_the_cards_around_its_links(tmp_path: Path) -> None:
    cards = "".join(
        f"<li><a href='/news/{name}-{number}00'><img alt=''></a><time datetime='2026-11-04T0{number}:00:00Z'></time>"
        f"<h3><a href='/news/{name}-{number}00'>The story of {name}</a></h3></li>"
        for number, name in enumerate("abc", 1)
    )
    front = f"<nav><a href='/about'>About</a><a href='/news/tag/x'>Tag</a></nav><ul>{cards}</ul>"
    every = pages("a-100", "b-200", "c-300")
    with RawServer({"/": answer(f"<html><body>{front}</body></html>".encode(), HTML), **every}) as server:
        env = raw_env(tmp_path, server)
        bundled = source_of(server, ListingPage(path="/"))
        assert env.crawl_source(replace(bundled, teasers=None, article_path=None)).error is None
        assert stored(env) == {"a-100", "b-200", "c-300"}
        links = {row.url.rpartition("/")[2]: row for row in env.rows("links")}
        assert links["b-200"].title == "The story of b"
        assert links["b-200"].published_at == datetime(2026, 11, 4, 2, tzinfo=UTC)


def test_view_counts_of_a_list_are_read_without_a_fetch_of_their_pages(tmp_path: Path) -> None:
    def front(count: str) -> bytes:
        return answer(f"<div class='x'><a href='/news/a'>A</a> <b class='v'>{count} views</b></div>".encode(), HTML)

    def latest(count: int) -> bytes:
        return answer(json.dumps([{"u": "/news/b", "n": count}]).encode())

    teasers = TeaserSelectors(card="div.x", views=".v")
    channels = (
        ListingPage(path="/", teasers=teasers),
        JsonList(path="/api", items=JsonItems(items="[*]", url="u", views="n")),
    )
    with RawServer({}) as server:
        env, source = raw_env(tmp_path, server), source_of(server, *channels)
        for shown, number in (("1,200", 5), ("1,250", 7), ("1,300", 9)):
            server.answer_with({"/": front(shown), "/api": latest(number), **pages("a", "b")})
            assert env.crawl_source(source, recrawl=RecrawlMode.NONE).error is None
        assert [target for target in server.targets if "/news/" in target] == []
        with closing(env.store()) as store, store.read() as connection:
            readings = connection.execute(select(view_readings.c.article_id, view_readings.c.view_count)).all()
        counts = {row.url.rpartition("/")[2]: (row.id, row.view_count) for row in env.rows("articles")}
        assert {name: count for name, (_, count) in counts.items()} == {"a": 1300, "b": 9}
        assert sorted(count for _, count in readings) == [7, 9, 1250, 1300]
