"""Test what a crawl keeps to: robots.txt as URLs are sent, its delay, https, and answers that refuse."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest
from scrapy import Request

from scraper.crawl.options import CrawlOptions
from scraper.crawl.session import SourceContext
from scraper.engine.failures import RequestRejected
from scraper.engine.middlewares import SameHostOnly
from scraper.engine.robots import RobotsRules
from scraper.sources import get_source
from storage.config.settings import Config, SourceSettings
from storage.model.records import FailureStage, RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import plain_article
from tests.support.raw_server import RawServer, answer
from tests.support.raw_site import FEED, page
from tests.support.raw_site import site as raw_site
from tests.support.site import Site, bad

RULES = """
User-agent: *
Disallow: /admin/
Disallow: /*?print=
Disallow: /caf%C3%A9
Disallow: /private.html$
Disallow: /a%2Fb/
Allow: /admin/open
"""
FORBIDDEN = """
/admin/x
//admin/x
///admin//x
/./admin/x
/en/post/%2e%2e/%2e%2e/admin/x
/en/post/..%2f..%2Fadmin/x
/en/post/%2E%2E%5cadmin/../../admin/x
/%61dmin/x
/%2fadmin/x
/admin%2fx
/admin/x?y=1#z
/en/post/one?print=1
/en/post/one?print=
/caf%c3%a9/one
/café/one
/private.html
/private.html#top
/a%2fb/c
"""
ALLOWED = """
/
/en/post/one
/ADMIN/x
/administrator
/en/post/admin/x
/admin/open
/en/post/one#?print=1
/en/post/one?printed=1
/cafe
/private.html?x
/a/b/c
/en/post/100%25
/en//post/one
"""


@pytest.mark.parametrize("target", FORBIDDEN.split())
def test_robots_txt_forbids_every_spelling(target: str) -> None:
    assert not RobotsRules(RULES.encode(), "Presswatch").allows(f"https://news.test{target}")


@pytest.mark.parametrize("target", ALLOWED.split())
def test_robots_txt_forbids_nothing_else(target: str) -> None:
    assert RobotsRules(RULES.encode(), "Presswatch").allows(f"https://news.test{target}")


@pytest.mark.parametrize(
    "location",
    [
        "/en/post/%2e%2e/%2e%2e/admin/x",
        "//{host}/admin/x",
        "/en/../admin/x",
        "/%61dmin/x",
        "/en/post/..%2f..%2fadmin/x",
    ],
)
@pytest.mark.long_after(2)
def test_a_redirect_is_judged_by_robots_txt_as_it_is_sent(location: str, env: CrawlEnv) -> None:
    robots = answer(RULES.encode(), b"Content-Type: text/plain")
    with RawServer({}) as server:
        moved = answer(b"", b"Location: " + location.format(host=server.url[7:]).encode(), status=b"302 Found")
        server.answer_with(raw_site(["/en/post/moved"], []) | {"/robots.txt": robots, "/en/post/moved": moved})
        env.site = cast("Any", SimpleNamespace(url=server.url))
        env.of_source = SourceSettings(channels=({"feed": FEED},))
        env.crawl()
        assert server.targets == ["/robots.txt", FEED, "/en/post/moved"]
    assert env.row("fetches").failure_stage is FailureStage.ROBOTS


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ("Crawl-delay: 5", 5.0),
        ("Crawl-delay: 0.5", 0.5),
        ("Request-rate: 1/10", 10.0),
        ("Request-rate: 2/1m", 30.0),
        ("Crawl-delay: 3\nRequest-rate: 1/4", 4.0),
        ("Crawl-delay: 1e300", 86_400.0),
        ("Crawl-delay: soon", 0.0),
        ("Crawl-delay: -1", 0.0),
        ("Disallow: /x\n\nUser-agent: other\nCrawl-delay: 9", 0.0),
        ("Crawl-delay: 9\n\nUser-agent: presswatch\nDisallow: /x", 0.0),
    ],
)
def test_robots_txt_asks_for_a_delay(lines: str, seconds: float) -> None:
    rules = RobotsRules(f"User-agent: *\n{lines}\n".encode(), "Presswatch")
    assert rules.delay == timedelta(seconds=seconds)


@pytest.mark.parametrize("autothrottle", [False, True])
def test_a_crawl_delay_is_the_least_delay(autothrottle: bool, env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article(f"story-{number}") for number in range(3)])
    site.robots("User-agent: *\nCrawl-delay: 0.6\n")
    env.slow_down(autothrottle=autothrottle)
    assert env.crawl().new == 3
    arrivals = [request.arrived for request in site.requests]
    assert len(arrivals) == 6
    assert all(later - earlier > 0.5 for earlier, later in pairwise(arrivals[1:]))


def test_a_delay_counts_from_the_moment_at_which_a_request_is_sent(env: CrawlEnv, site: Site) -> None:
    """Not from before its connection is opened, and no delay is shortened at random."""
    site.publish_many([plain_article(f"story-{number}") for number in range(3)])
    env.slow_down(delay=timedelta(milliseconds=600))
    assert env.crawl().new == 3
    arrivals = [request.arrived for request in site.requests]
    assert len(arrivals) == 6
    assert all(later - earlier > 0.5 for earlier, later in pairwise(arrivals))


def test_a_crawl_delay_has_a_maximum(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    site.robots("User-agent: *\nCrawl-delay: 36000\n")
    env.slow_down(max_crawl_delay=timedelta(milliseconds=100))
    assert env.crawl().new == 1


@pytest.mark.parametrize(
    ("base_url", "url", "is_refused"),
    [
        ("https://news.test", "http://news.test/en/post/one", True),
        ("https://news.test", "http://www.news.test/en/post/one", True),
        ("https://news.test", "https://www.news.test/en/post/one", False),
        ("http://news.test", "https://news.test/en/post/one", False),
        ("http://news.test", "http://news.test/en/post/one", False),
    ],
)
def test_https_never_falls_to_http(base_url: str, url: str, is_refused: bool) -> None:
    context = SourceContext(source=get_source("caliber"), config=Config(), options=CrawlOptions(base_url=base_url))
    rule = SameHostOnly(cast("Any", SimpleNamespace(spider=SimpleNamespace(context=context))))
    if not is_refused:
        rule.process_request(Request(url))
        return
    with pytest.raises(RequestRejected, match="redirects from https to http"):
        rule.process_request(Request(url))


@pytest.mark.parametrize(
    ("status", "advice"),
    [(401, "answered 401"), (402, "licence"), (403, "answered 403"), (451, "another country")],
)
def test_a_refusal_is_blocked_with_its_advice(status: int, advice: str, env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("closed"))
    site.misbehave("closed", bad.answer(status))
    env.crawl()
    fetch = env.row("fetches")
    assert (fetch.failure_stage, fetch.http_status) == (FailureStage.BLOCKED, status)
    assert advice in fetch.reason


def test_a_robots_txt_that_cannot_be_fetched_is_said_once(env: CrawlEnv, site: Site) -> None:
    site.robots("", status=503)
    run = env.crawl()
    assert run.status is RunStatus.FAILED
    assert (run.error or "").count("robots.txt could not be fetched") == 1
    assert (run.error or "").count(site.url) == 2  # both channels


SOFT_404 = {
    "a title": page("404 — Page not found"),
    "a Russian title": page("Страница не найдена | Caliber.Az"),
    "canonical": page("News").replace(b"<body>", b'<head><link rel="canonical" href="/"></head><body>'),
    "og:url": page("News").replace(b"<body>", b'<head><meta property="og:url" content="{url}/en"></head><body>'),
}


def test_a_page_that_was_not_found_is_no_article(env: CrawlEnv) -> None:
    targets = [f"/en/post/gone-{number}" for number in range(len(SOFT_404))]
    with RawServer({}) as server:
        pages = [answer(body.replace(b"{url}", server.url.encode())) for body in SOFT_404.values()]
        server.answer_with(raw_site([*targets, "/en/post/x"], ["/en/post/x"]) | dict(zip(targets, pages, strict=True)))
        env.site = cast("Any", SimpleNamespace(url=server.url))
        env.of_source = SourceSettings(channels=({"feed": FEED},))
        run = env.crawl()
    assert (run.new, run.failed) == (1, len(SOFT_404))
    assert {row.failure_stage for row in env.rows("fetches")} == {None, FailureStage.PARSE}


def test_the_same_page_at_several_urls_is_an_article_once(env: CrawlEnv) -> None:
    targets = [f"/en/post/gone-{number}" for number in range(4)]
    with RawServer({}) as server:
        server.answer_with(raw_site(targets, []) | dict.fromkeys(targets, answer(page("Latest news"))))
        env.site = cast("Any", SimpleNamespace(url=server.url))
        env.of_source = SourceSettings(channels=({"feed": FEED},))
        run = env.crawl()
    assert (run.new, run.failed) == (1, 3)
    assert any("answered 200 with the title and text of" in (row.reason or "") for row in env.rows("fetches"))
