"""Test what a crawl requests at one time: as many articles as `concurrency` allows, and all channels."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from storage.config.settings import SourceSettings
from storage.model.records import FailureStage, RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.raw_server import RawAnswer, RawServer, answer
from tests.support.raw_site import FEED, feed, raw_env, site

FEEDS = ("/a.xml", "/b.xml", "/c.xml")


@pytest.fixture
def env(tmp_path: Path, server: RawServer) -> CrawlEnv:
    env = raw_env(tmp_path, server)
    env.slow_down(obey_robots_txt=False)
    return env


def together(answers: dict[str, bytes], number: int) -> dict[str, RawAnswer]:
    """Hold each answer back until this number of requests wait."""
    return {target: RawAnswer((whole,), together=number) for target, whole in answers.items()}


@pytest.mark.parametrize("concurrency", [3, 40, 64])
def test_concurrency_is_the_number_of_requests_at_one_time(concurrency: int, env: CrawlEnv, server: RawServer) -> None:
    targets = [f"/en/post/{number}" for number in range(concurrency + 5)]
    answers = site(targets, targets)
    listed = answers.pop(FEED)
    # The last ones find nobody to wait with, as the number has been reached by then.
    server.answer_with({FEED: listed, **together(answers, concurrency)})
    env.slow_down(concurrency=concurrency)
    assert env.crawl().new == len(targets)
    assert server.most_together == concurrency


def test_channels_are_polled_together_and_merged_as_declared(env: CrawlEnv, server: RawServer) -> None:
    env.of_source = SourceSettings(channels=tuple({"feed": path} for path in FEEDS))
    bodies = [feed(["/en/post/one"]).replace(b"<title>0<", b"<title>From %s<" % path.encode()) for path in FEEDS]
    answers = {path: RawAnswer((answer(body),), together=3) for path, body in zip(FEEDS, bodies, strict=True)}
    slow = answer(bodies[0])
    answers["/a.xml"] = replace(answers["/a.xml"], pieces=(*(slow[at : at + 1] for at in range(10)), slow[10:]))
    server.answer_with({**answers, **site([], ["/en/post/one"])})
    assert env.crawl().new == 1
    assert server.most_together == 3
    assert env.row("links").title == "From /a.xml"


def test_articles_do_not_wait_for_a_late_channel(env: CrawlEnv, server: RawServer) -> None:
    """Hold the second feed back until an article is requested, which it lists as well, beside a new one."""
    env.of_source = SourceSettings(channels=({"feed": "/a.xml"}, {"feed": "/b.xml"}))
    shared, own = "/en/post/shared", "/en/post/own"
    pages = site([], [shared, own])
    late = together({"/b.xml": answer(feed([shared, own])), shared: pages[shared]}, 2)
    server.answer_with({**pages, "/a.xml": answer(feed([shared])), **late})
    run = env.crawl()
    assert (run.status, run.listed, run.new, run.failed) == (RunStatus.SUCCEEDED, 2, 2, 0)
    assert server.most_together == 2
    assert server.targets.count(shared) == 1
    assert env.crawl().new == 0


def test_late_channels_share_the_limit_of_a_crawl_and_its_count_of_filtered_links(
    env: CrawlEnv, server: RawServer
) -> None:
    env.of_source = SourceSettings(channels=({"feed": "/a.xml"}, {"feed": "/b.xml"}))
    targets = [f"/en/post/{number}" for number in range(4)]
    pages = site([], targets)
    late = together({"/b.xml": answer(feed(targets[1:])), targets[0]: pages[targets[0]]}, 2)
    server.answer_with({**pages, "/a.xml": answer(feed(targets[:1])), **late})
    run = env.crawl(limit=2)
    assert (run.status, run.listed, run.new, run.pending) == (RunStatus.SUCCEEDED, 4, 2, 2)
    assert env.crawl().new == 2


def test_a_late_channel_shows_a_gap_though_an_earlier_one_listed_its_links(env: CrawlEnv, server: RawServer) -> None:
    env.of_source = SourceSettings(channels=({"feed": "/a.xml"}, {"feed": "/b.xml"}))
    first, second = "/en/post/first", "/en/post/second"
    pages = site([], [first, second])
    server.answer_with({**pages, **{path: answer(feed([first])) for path in FEEDS[:2]}})
    env.crawl()
    late = together({"/b.xml": answer(feed([second])), second: pages[second]}, 2)
    server.answer_with({**pages, "/a.xml": answer(feed([second])), **late})
    env.crawl()
    assert {row.subject.removeprefix(server.url) for row in env.rows("events") if row.kind == "gap"} == {*FEEDS[:2]}


def test_a_failing_channel_harms_no_other(env: CrawlEnv, server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    env.of_source = SourceSettings(channels=({"list": "/list"}, *({"feed": path} for path in FEEDS)))
    targets = ["/en/post/b", "/en/post/c"]
    broken = {
        "/list": answer(b"<html>"),
        "/a.xml": RawAnswer((b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<rss>",), closes=True),
        "/b.xml": answer(feed(["/en/post/b"])),
        "/c.xml": answer(feed(["/en/post/c"])),
    }

    def fails(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr("scraper.crawl.channel_reading.parse_listing_page", fails)
    server.answer_with({**site([], targets), **broken})
    run = env.crawl()
    assert (run.status, run.new) == (RunStatus.FAILED, 2)
    parts = (run.error or "").split("; ")
    assert [part.split(": ")[0].removeprefix(server.url) for part in parts] == ["/list", "/a.xml"]
    assert "RuntimeError: nobody thought of this" in parts[0]
    assert "broke off" in parts[1]
    stages = {row.url.removeprefix(server.url): row.failure_stage for row in env.rows("channels")}
    assert stages == {"/list": FailureStage.PARSE, "/a.xml": FailureStage.NETWORK, "/b.xml": None, "/c.xml": None}


def test_channels_keep_the_delay_of_the_host(env: CrawlEnv, server: RawServer) -> None:
    """With a delay one request is sent at a time, however many wait."""
    env.of_source = SourceSettings(channels=tuple({"feed": path} for path in FEEDS))
    env.slow_down(delay=timedelta(milliseconds=300))
    server.answer_with({path: answer(feed(["/en/post/one"])) for path in FEEDS} | site([], ["/en/post/one"]))
    assert env.crawl().new == 1
    assert server.most_together == 1
    assert server.targets == [*FEEDS, "/en/post/one"]
