"""Test that each article is requested in the spelling in which it is listed, once, and known by its canonical URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from scraper.crawl.selection import RecrawlMode
from storage.model.records import Outcome, RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.raw_server import RawServer, answer
from tests.support.raw_site import FEED, feed, page, raw_env, site

LISTED = {
    # href: request target, the same unless named
    "/en/post/it%27s-done": None,
    "/en/post/a%2Cb%3Ac": None,
    "/en/post/50%25-more": None,
    "/en/post/x%2Fy": None,
    "/en/post/c%2B%2B%26co": None,
    "/en/post/lower%c3%a9": None,
    "/en/post/upper%C3%89": None,
    "/en/post/%74ilde%7E": None,
    "/en/post/raw'(quote)!*;,=@:$&+": None,
    "/en/post/slash/": None,
    "/en/post/empty-query?": None,
    "/en/post/order?b=2&a=1&b=0": None,
    "/en/post/query?a=%27%2C+x%20y&&b": None,
    "/en/post/tracked?utm_source=rss&id=7": None,
    "/en/post/stray%zz%": None,
    "/en/post/semicolon;": None,
    "/en/post/pipe|{brace}?q={1}|2": "/en/post/pipe|%7Bbrace%7D?q={1}|2",
    "/en/post/Баку": "/en/post/%D0%91%D0%B0%D0%BA%D1%83",
    "/en/post/mixed-é-%E9": "/en/post/mixed-%C3%A9-%E9",
    "/en/post/two words?q=two words": "/en/post/two%20words?q=two%20words",
    "/en/list/../post/./dots": "/en/post/dots",
    "/en/list/%2e%2E/post/escaped-dots": "/en/post/escaped-dots",
    "en/post/relative/": "/en/post/relative/",
    "/en/post/fragment#comments": "/en/post/fragment",
}


@pytest.fixture
def env(tmp_path: Path, server: RawServer) -> CrawlEnv:
    env = raw_env(tmp_path, server)
    env.slow_down(obey_robots_txt=False)
    return env


def article_targets(server: RawServer) -> list[str]:
    return [target for target in server.targets if target != FEED]


def test_the_listed_spelling_is_requested_byte_for_byte(env: CrawlEnv, server: RawServer) -> None:
    expected = [target or href for href, target in LISTED.items()]
    server.answer_with(site(LISTED, expected))
    run = env.crawl()
    assert (run.status, run.new, run.failed) == (RunStatus.SUCCEEDED, len(LISTED), 0)
    assert sorted(article_targets(server)) == sorted(expected)
    server.answer_with(site(LISTED, expected))
    assert env.crawl(recrawl=RecrawlMode.ALL).unchanged == len(LISTED)
    assert sorted(article_targets(server)) == sorted(expected)


@pytest.mark.parametrize("final", ["/", ""], ids=["with a slash", "without"])
def test_a_site_that_knows_one_spelling_only_costs_one_request_an_article(
    final: str, env: CrawlEnv, server: RawServer
) -> None:
    """The other one is answered with 404."""
    hrefs = [f"/en/post/story-{number}{final}" for number in range(5)]
    server.answer_with(site(hrefs, hrefs))
    assert env.crawl().new == 5
    assert env.crawl(recrawl=RecrawlMode.ALL).unchanged == 5
    assert sorted(article_targets(server)) == sorted(hrefs * 2)
    assert {row.url for row in env.rows("articles")} == {f"{server.url}{href.rstrip('/')}" for href in hrefs}


def test_both_spellings_of_a_slash_are_one_article_and_cost_one_request(env: CrawlEnv, server: RawServer) -> None:
    hrefs = ["/en/post/one/", "/en/post/one", "/en/post/one/?utm_source=rss", "/en/./post/one/#top"]
    server.answer_with(site(hrefs, ["/en/post/one/", "/en/post/one"]))
    assert env.crawl().new == 1
    assert article_targets(server) == ["/en/post/one/"]


def test_a_redirect_to_another_spelling_is_followed_once(env: CrawlEnv, server: RawServer) -> None:
    """As WordPress does for a missing slash: the next requests go to where it led."""
    moved = {"/en/post/one": answer(b"", b"Location: /en/post/one/", status=b"301 Moved Permanently")}
    answers = site(["/en/post/one"], ["/en/post/one/"]) | moved
    server.answer_with(answers)
    assert env.crawl().new == 1
    assert article_targets(server) == ["/en/post/one", "/en/post/one/"]
    server.answer_with(answers)
    assert env.crawl(recrawl=RecrawlMode.ALL).unchanged == 1
    assert env.crawl(urls=("/en/post/one",)).unchanged == 1
    assert article_targets(server) == ["/en/post/one/"] * 2
    assert env.row("links").request_url == f"{server.url}/en/post/one/"


def test_a_redirect_to_another_article_keeps_the_spelling_of_each(env: CrawlEnv, server: RawServer) -> None:
    moved = {"/en/post/old/": answer(b"", b"Location: /en/post/n%65w/", status=b"301 Moved Permanently")}
    server.answer_with(site(["/en/post/old/"], ["/en/post/n%65w/"]) | moved)
    assert env.crawl().new == 1
    spellings = {row.url.rpartition("/")[2]: row.request_url for row in env.rows("links")}
    assert spellings == {"old": f"{server.url}/en/post/old/", "new": f"{server.url}/en/post/n%65w/"}


def test_a_failed_spelling_gives_way_to_the_one_listed_now(env: CrawlEnv, server: RawServer) -> None:
    server.answer_with(site(["/en/post/one", "/en/post/two"], ["/en/post/one"]))
    run = env.crawl()
    assert (run.new, run.failed) == (1, 1)
    hrefs = ["/en/post/one/", "/en/post/two/"]
    server.answer_with(site(hrefs, hrefs))
    assert env.crawl().new == 1
    assert article_targets(server) == ["/en/post/two/"]  # the other one worked, and is not due
    env.crawl(recrawl=RecrawlMode.ALL)
    assert article_targets(server)[1:] == ["/en/post/one", "/en/post/two/"]
    env.crawl(recrawl=RecrawlMode.ALL)  # the list is unchanged: only a changed one is parsed
    server.answer_with({**site(hrefs, hrefs), FEED: answer(feed([*hrefs, "/en/post/three/"]))})
    env.crawl(recrawl=RecrawlMode.ALL)
    assert "/en/post/one/" in article_targets(server)
    assert env.row("links", url=f"{server.url}/en/post/one").request_url == f"{server.url}/en/post/one/"


def test_a_retry_and_a_url_given_by_hand_use_the_listed_spelling(env: CrawlEnv, server: RawServer) -> None:
    broken = {"/en/post/one/": answer(page(), status=b"500 Internal Server Error")}
    server.answer_with(site(["/en/post/one/"], []) | broken)
    assert env.crawl().failed == 1
    server.answer_with(site(["/en/post/one/"], ["/en/post/one/"]))
    assert env.crawl().new == 1
    assert env.crawl(urls=(f"{server.url}/en/post/one",)).unchanged == 1
    assert env.crawl(urls=(f"{server.url}/en/post/two/", f"{server.url}/en/post/two")).failed == 1
    assert article_targets(server) == ["/en/post/one/", "/en/post/one/", "/en/post/two/"]
    assert env.row("links", url=f"{server.url}/en/post/two").outcome is Outcome.PENDING
