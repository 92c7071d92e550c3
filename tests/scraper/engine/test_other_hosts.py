"""Poll channels that a source declares on another host than its own, and request nothing else there."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from scraper.crawl.options import CrawlOptions
from scraper.crawl.session import CrawlSession, SourceContext
from scraper.source import Channel, Feed, JsonItems, JsonList, JsonViews, ListingPage, Paging, Sitemap, Source
from scraper.sources import load_crawl_config
from storage.crawling.runs import RunSummary
from storage.database.tables import crawl_runs
from storage.model.records import RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.raw_server import RawServer, answer
from tests.support.raw_site import feed, page, press_source, raw_env

HTML = b"Content-Type: text/html; charset=utf-8"
JSON = b"Content-Type: application/json"


@dataclass(frozen=True)
class Hosts:
    """A site, a service that has its feeds, and a host that nobody declares; a host with another port is another."""

    site: RawServer
    service: RawServer
    third: RawServer
    env: CrawlEnv

    def source(self, *channels: Channel, **changes: Any) -> Source:
        return press_source(self.site.url, channels=channels, article_path=r"/news/(?P<id>[\w-]+)", **changes)

    def crawl(self, source: Source) -> RunSummary:
        return self.env.crawl_source(source)

    def feed(self, *names: str) -> bytes:
        return answer(feed(f"{self.site.url}/news/{name}" for name in names))


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    with ExitStack() as stack:
        site, service, third = (stack.enter_context(RawServer({})) for _ in range(3))
        site.answer_with({f"/news/{name}": answer(page(name), HTML) for name in ("a", "b", "c")})
        env = raw_env(tmp_path, site)
        env.of_source = replace(env.of_source, channels=None, base_url=None)
        yield Hosts(site, service, third, env)


def stored(env: CrawlEnv) -> set[str]:
    return {row.url.rpartition("/")[2] for row in env.rows("articles")}


def redirect(url: str) -> bytes:
    return answer(b"", b"Location: " + url.encode(), status=b"302 Found")


def test_a_feed_of_a_service_lists_the_articles_of_the_site(hosts: Hosts) -> None:
    hosts.service.answer_with({"/tern": hosts.feed("a", "b")})
    source = hosts.source(Feed(path=f"{hosts.service.url}/tern"))
    assert hosts.crawl(source).status is RunStatus.SUCCEEDED
    assert stored(hosts.env) == {"a", "b"}
    assert hosts.service.targets == ["/robots.txt", "/tern"]
    assert sorted(hosts.site.targets) == ["/news/a", "/news/b", "/robots.txt"]
    hosts.service.answer_with({"/tern": hosts.feed("a", "b", "c")})
    assert hosts.crawl(source).new == 1
    assert [row.url for row in hosts.env.rows("channels")] == [f"{hosts.service.url}/tern"]


def test_robots_txt_of_the_service_is_obeyed(hosts: Hosts) -> None:
    rules = answer(b"User-agent: *\nDisallow: /tern\n")
    hosts.service.answer_with({"/robots.txt": rules, "/tern": hosts.feed("a")})
    assert hosts.crawl(hosts.source(Feed(path=f"{hosts.service.url}/tern"))).status is RunStatus.FAILED
    assert hosts.service.targets == ["/robots.txt"]
    assert hosts.env.rows("channels")[0].failure_stage == "robots"


def test_no_article_is_fetched_from_the_service(hosts: Hosts) -> None:
    hosts.service.answer_with({"/tern": hosts.feed("a", "gone"), "/news/gone": answer(page("gone"), HTML)})
    moved = redirect(f"{hosts.service.url}/news/gone")
    hosts.site.answer_with({"/news/a": answer(page("a"), HTML), "/news/gone": moved})
    hosts.crawl(hosts.source(Feed(path=f"{hosts.service.url}/tern")))
    assert stored(hosts.env) == {"a"}
    assert hosts.service.targets == ["/robots.txt", "/tern"]
    (failure,) = (row for row in hosts.env.rows("links") if row.url.endswith("/gone"))
    assert "redirects to another host" in failure.outcome_reason


@pytest.mark.parametrize("declares_it", [True, False])
def test_a_channel_is_redirected_to_the_site_or_the_service_alone(hosts: Hosts, declares_it: bool) -> None:
    target = hosts.service if declares_it else hosts.third
    hosts.service.answer_with({"/tern": redirect(f"{target.url}/feed"), "/feed": hosts.feed("a")})
    hosts.third.answer_with({"/feed": hosts.feed("a")})
    run = hosts.crawl(hosts.source(Feed(path=f"{hosts.service.url}/tern")))
    assert (run.status is RunStatus.SUCCEEDED) is declares_it
    assert hosts.third.targets == []


def test_a_channel_on_the_site_is_not_redirected_to_a_service_that_nobody_declares(hosts: Hosts) -> None:
    hosts.site.answer_with({"/feed": redirect(f"{hosts.service.url}/tern")})
    assert hosts.crawl(hosts.source(Feed(path="/feed"))).status is RunStatus.FAILED
    assert hosts.service.targets == []


def test_pages_and_children_of_a_channel_are_on_its_host(hosts: Hosts, caplog: pytest.LogCaptureFixture) -> None:
    rows = [{"url": f"{hosts.site.url}/news/{name}", "title": name} for name in ("a", "b")]
    children = "".join(
        f"<sitemap><loc>{url}/c.xml</loc></sitemap>" for url in (hosts.service.url, hosts.third.url, "mailto:x")
    )
    child = f"<urlset><url><loc>{hosts.site.url}/news/c</loc></url></urlset>"
    card = f"<div class='float_block'><a href='{hosts.site.url}/news/a'>A</a></div>"
    listed = f"{card}<a class='next' href='{{next}}'>Older</a>"
    hosts.service.answer_with(
        {
            "/api?page=1": answer(json.dumps(rows[:1]).encode(), JSON),
            "/api?page=2": answer(json.dumps(rows[1:]).encode(), JSON),
            "/index.xml": answer(f"<sitemapindex>{children}</sitemapindex>".encode()),
            "/c.xml": answer(child.encode()),
            "/list": answer(listed.replace("{next}", "/list2").encode(), HTML),
            "/list2": answer(listed.replace("{next}", f"{hosts.third.url}/list3").encode(), HTML),
        }
    )
    channels = (
        JsonList(path=f"{hosts.service.url}/api?page={{page}}", items=JsonItems(items="[*]", url="url", title="title")),
        Sitemap(path=f"{hosts.service.url}/index.xml"),
        ListingPage(path=f"{hosts.service.url}/list", paging=Paging(link="a.next")),
    )
    with caplog.at_level(logging.WARNING):
        hosts.crawl(hosts.source(*channels))
    assert stored(hosts.env) == {"a", "b", "c"}
    assert {"/api?page=2", "/c.xml"} < {*hosts.service.targets}
    assert hosts.third.targets == []
    assert f"names a sitemap on another host: {hosts.third.url}/c.xml" in caplog.text


def test_counts_may_be_on_another_host(hosts: Hosts) -> None:
    hosts.site.answer_with({"/feed": hosts.feed("a"), "/news/a": answer(page("a"), HTML)})
    hosts.service.answer_with({"/count/a": answer(b'{"views": 12}', JSON)})
    views = JsonViews(address=f"{hosts.service.url}/count/{{id}}", path="views")
    assert hosts.crawl(hosts.source(Feed(path="/feed"), views=views)).status is RunStatus.SUCCEEDED
    assert [row.view_count for row in hosts.env.rows("articles")] == [12]


def test_a_json_list_on_another_host_may_have_paths_of_the_site(hosts: Hosts) -> None:
    rows = [{"url": "/news/a"}, {"url": "news/b"}]
    hosts.service.answer_with({"/v1/latest": answer(json.dumps(rows).encode(), JSON)})
    channel = JsonList(path=f"{hosts.service.url}/v1/latest", items=JsonItems(items="[*]", url="url"))
    hosts.crawl(hosts.source(channel))
    assert stored(hosts.env) == {"a", "b"}


def test_further_pages_in_json_may_be_on_another_host(hosts: Hosts) -> None:
    listed = "<div class='float_block'><a href='/news/a'>A</a></div>"
    items = JsonItems(items="[*]", url="url")
    hosts.site.answer_with(
        {"/list": answer(listed.encode(), HTML)} | {f"/news/{name}": answer(page(name), HTML) for name in "ab"}
    )
    hosts.service.answer_with({"/more?page=2": answer(json.dumps([{"url": "/news/b"}]).encode(), JSON)})
    paging = Paging(json=f"{hosts.service.url}/more?page={{page}}", items=items)
    hosts.crawl(hosts.source(ListingPage(path="/list", paging=paging)))
    assert stored(hosts.env) == {"a", "b"}


CRAWL_SESSION_OPEN = CrawlSession.open
WAIT = answer(b"", b"Retry-After: 86400", status=b"429 Too Many Requests")


def test_a_service_that_asks_to_wait_stops_its_own_channels_alone(hosts: Hosts) -> None:
    hosts.service.answer_with({"/tern": WAIT})
    hosts.site.answer_with({"/feed": hosts.feed("a"), "/news/a": answer(page("a"), HTML)})
    source = hosts.source(Feed(path=f"{hosts.service.url}/tern"), Feed(path="/feed"))
    hosts.crawl(source)
    assert stored(hosts.env) == {"a"}
    failed = {row.url.rpartition("/")[2]: row.failure_stage for row in hosts.env.rows("channels")}
    assert failed == {"tern": "blocked", "feed": None}
    hosts.crawl(source)
    assert hosts.site.targets.count("/feed") == 2


def test_counts_of_a_service_that_asks_to_wait_cost_the_counts_alone(hosts: Hosts) -> None:
    hosts.site.answer_with({"/feed": hosts.feed("a", "b"), **{f"/news/{n}": answer(page(n), HTML) for n in "ab"}})
    hosts.service.answer_with({"/count/a": WAIT, "/count/b": WAIT})
    views = JsonViews(address=f"{hosts.service.url}/count/{{id}}", path="views")
    source = hosts.source(Feed(path="/feed"), views=views)
    assert hosts.crawl(source).status is RunStatus.SUCCEEDED
    assert stored(hosts.env) == {"a", "b"}
    assert hosts.crawl(source).status is RunStatus.SUCCEEDED


def test_a_source_whose_only_channels_are_of_a_service_waits_as_long_as_it_asks(hosts: Hosts) -> None:
    hosts.service.answer_with({"/tern": WAIT})
    source = hosts.source(Feed(path=f"{hosts.service.url}/tern"))
    assert hosts.crawl(source).status is RunStatus.FAILED
    assert "asked to be left alone until" in str(hosts.crawl(source).error)
    assert hosts.service.targets.count("/tern") == 1


@pytest.mark.parametrize("of_service", [True, False])
def test_a_crawl_delay_is_of_its_host(
    hosts: Hosts, of_service: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions: list[CrawlSession] = []

    async def opened(session: CrawlSession) -> None:
        sessions.append(session)
        await CRAWL_SESSION_OPEN(session)

    monkeypatch.setattr(CrawlSession, "open", opened)
    rules = {"/robots.txt": answer(b"User-agent: *\nCrawl-delay: 3600\n")}
    hosts.service.answer_with({"/tern": hosts.feed("a")} | (rules if of_service else {}))
    hosts.site.answer_with({"/news/a": answer(page("a"), HTML)} | ({} if of_service else rules))
    hosts.env.slow_down(max_crawl_delay=timedelta(milliseconds=10))
    with caplog.at_level(logging.INFO):
        hosts.crawl(hosts.source(Feed(path=f"{hosts.service.url}/tern")))
    assert stored(hosts.env) == {"a"}
    assert "asks for a delay of 1 h" in caplog.text
    assert [session.crawl_delay > timedelta(0) for session in sessions] == [not of_service]


def test_a_copy_of_the_site_that_is_the_site_has_read_its_channels(hosts: Hosts) -> None:
    hosts.site.answer_with({"/feed": hosts.feed("a"), "/news/a": answer(page("a"), HTML)})
    hosts.service.answer_with({"/tern": hosts.feed("a")})
    source = hosts.source(Feed(path=f"{hosts.service.url}/tern"), Feed(path="/feed"))
    hosts.crawl(source)
    hosts.env.crawl_source(source, base_url=hosts.site.url)
    with closing(hosts.env.store()) as store, store.read() as connection:
        assert list(connection.scalars(select(crawl_runs.c.channels_read))) == [True, True]


def test_a_declared_channel_is_no_way_into_the_own_network() -> None:
    """A public name that leads to a private address is a rebinding; a local name was meant."""
    config = load_crawl_config(toml="", database="sqlite:///unused.db")
    for address, is_named in {
        "https://feeds.example.net/x": False,
        "http://feeds.localhost/x": True,
        "http://10.0.0.7/x": True,
    }.items():
        source = press_source("https://tern.example.net", channels=(Feed(path=address),))
        context = SourceContext(source=source, config=config, options=CrawlOptions())
        assert bool(context.named_hosts) is is_named, address
        assert context.is_on_other_origin(address)
        assert not context.is_on_other_origin("https://other.example.net/x")


def test_the_declared_scheme_is_the_least(tmp_path: Path) -> None:
    config = load_crawl_config(toml="", database="sqlite:///unused.db")
    for declared, requested, is_allowed in [
        ("https://feeds.example.net/x", "http://feeds.example.net/x", False),
        ("http://feeds.example.net/x", "https://feeds.example.net/y", True),
        ("https://feeds.example.net/x", "https://feeds.example.net:8443/x", False),
        ("https://feeds.example.net/x", "https://www.feeds.example.net/x", True),
        ("https://www.feeds.example.net/x", "https://feeds.example.net/x", True),
        ("https://feeds.example.net/x", "https://evil.feeds.example.net/x", False),
        ("https://feeds.example.net/x", "https://feeds.example.net@evil.example/x", False),
    ]:
        source = press_source("https://tern.example.net", channels=(Feed(path=declared),))
        context = SourceContext(source=source, config=config, options=CrawlOptions())
        assert context.is_on_other_origin(requested) is is_allowed, requested
