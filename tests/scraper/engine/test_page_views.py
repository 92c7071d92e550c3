"""Crawl a site that keeps its view counts in JSON apart from the pages: counts that fail cost no article."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop
from sqlalchemy import select

from scraper.crawl.options import CrawlOptions
from scraper.crawl.selection import RecrawlMode
from scraper.crawl.store_thread import StoreThread
from scraper.engine.run import crawl
from scraper.source import JsonViews, Source
from storage.config.settings import SourceSettings
from storage.crawling.runs import RunSummary
from storage.database.tables import view_readings
from storage.model.records import Outcome, RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.raw_server import RawAnswer, RawServer, answer
from tests.support.raw_site import FEED, declaration, feed, page, press_source, raw_env

HTML = b"Content-Type: text/html; charset=utf-8"
JSON = b"Content-Type: application/json"
Site = dict[str, bytes | RawAnswer]


def source_of(server: RawServer) -> Source:
    """A source whose articles have numbers, by which an API knows their counts."""
    views = JsonViews(address="/api/{id}", path="data.views")
    return press_source(server.url, article_path=r"/news/(?P<id>\d+)-[\w-]+", views=views)


def count(value: object) -> bytes:
    return answer(json.dumps({"data": {"views": value}}).encode(), JSON)


def site(*numbers: int, **counts: bytes | RawAnswer) -> Site:
    """A feed, a page for each number, and `counts` by the number behind a letter: `n1`."""
    paths = [f"/news/{number}-a-story" for number in numbers]
    pages: Site = {path: answer(page(f"Story {path}"), HTML) for path in paths}
    return pages | {FEED: answer(feed(paths))} | {f"/api/{name[1:]}": one for name, one in counts.items()}


def counts_of(env: CrawlEnv) -> dict[str, int | None]:
    return {row.url.rpartition("/")[2].partition("-")[0]: row.view_count for row in env.rows("articles")}


def uncounted(env: CrawlEnv) -> dict[str, str]:
    return {
        row.url.rpartition("/")[2].partition("-")[0]: problem.reason
        for row in env.rows("articles")
        for problem in row.problems
        if problem.field == "view_count"
    }


def readings_of(env: CrawlEnv) -> list[int]:
    with closing(env.store()) as store, store.read() as connection:
        return sorted(connection.scalars(select(view_readings.c.view_count)))


def counted(server: RawServer) -> list[str]:
    return [target for target in server.targets if target.startswith("/api/")]


def test_a_count_is_fetched_after_its_page_and_at_each_recrawl(tmp_path: Path) -> None:
    with RawServer({}) as server:
        env, source = raw_env(tmp_path, server), source_of(server)
        server.answer_with(site(1, 2, n1=count(10), n2=count("1 234")))
        run = env.crawl_source(source)
        assert (run.status, run.new) == (RunStatus.SUCCEEDED, 2)
        assert counts_of(env) == {"1": 10, "2": 1234}
        assert uncounted(env) == {}
        targets = server.targets
        assert targets.index("/news/1-a-story") < targets.index("/api/1")
        server.answer_with(site(1, 2, n1=count(15), n2=count(1300)))
        assert env.crawl_source(source, recrawl=RecrawlMode.ALL).error is None
        assert counts_of(env) == {"1": 15, "2": 1300}
        assert readings_of(env) == [10, 15, 1234, 1300]
        assert sorted(row.view_count for row in env.rows("fetches")) == [10, 15, 1234, 1300]
        assert env.rows("revisions") == []


HOSTILE: dict[str, tuple[bytes | RawAnswer, str]] = {
    "500": (answer(b"", status=b"500 Error"), "http 5xx: answered 500"),
    "404": (answer(b"", status=b"404 Not Found"), "http 4xx: answered 404"),
    "forbidden": (answer(b"", status=b"403 Forbidden"), "blocked: answered 403"),
    "html": (answer(b"<html><h1>5</h1></html>", HTML), "HTML"),
    "empty": (answer(b"", status=b"204 No Content"), "no JSON"),
    "deep": (answer(b"[" * 200_000, JSON), "no JSON"),
    "huge": (answer(b" " * 3_000_000 + b"5", JSON), "at most 1,000,000 are read"),
    "beyond": (answer(b" " * 6_000_000, JSON), "larger than scraper.max_response_size"),
    "cut": (RawAnswer((answer(b'{"data": {"views": 5}}', JSON)[:-4],), closes=True), "broke off"),
    "closed": (RawAnswer((b"",), closes=True), "closed the connection"),
    "negative": (count(-5), "no count at 'data.views'"),
    "nan": (count(float("nan")), "no count at 'data.views'"),
    "elsewhere": (answer(b"", b"Location: http://other.example/api", status=b"302 Found"), "another host"),
    "nowhere": (answer(b'{"views": 5}', JSON), "no count at 'data.views'"),
}


def test_a_count_that_fails_costs_the_count_alone(tmp_path: Path) -> None:
    with RawServer({}) as server:
        env, source = raw_env(tmp_path, server), source_of(server)
        env.slow_down(max_response_size=5_000_000)
        numbers = range(1, len(HOSTILE) + 1)
        answers = {f"n{number}": one for number, (one, _) in zip(numbers, HOSTILE.values(), strict=True)}
        server.answer_with(site(*numbers, 99, **answers, n99=count(7)))
        run = env.crawl_source(source)
        assert (run.status, run.new) == (RunStatus.SUCCEEDED, len(HOSTILE) + 1)
        assert counts_of(env) == dict.fromkeys(map(str, numbers)) | {"99": 7}
        named = uncounted(env)
        for number, (name, (_, said)) in zip(numbers, HOSTILE.items(), strict=True):
            assert named[str(number)].startswith("not fetched: "), name
            assert said in named[str(number)], name
        assert readings_of(env) == [7]
        assert {row.failed_attempts for row in env.rows("links")} == {0}


def test_a_count_that_fails_later_keeps_the_last_one_and_delays_no_edit(tmp_path: Path) -> None:
    def pages_of(text: str, number: bytes) -> Site:
        shown = answer(page("Story").replace(b"Text of Story.", text.encode()), HTML)
        return site(1, n1=number) | {"/news/1-a-story": shown}

    with RawServer({}) as server:
        env, source = raw_env(tmp_path, server), source_of(server)
        server.answer_with(pages_of("The house voted on Monday, and the minister agreed.", count(10)))
        assert env.crawl_source(source).new == 1
        server.answer_with(pages_of("The house voted on Monday, and the minister", answer(status=b"500 Error")))
        assert env.crawl_source(source, recrawl=RecrawlMode.ALL).error is None
        row = env.row("articles")
        assert (row.view_count, readings_of(env)) == (10, [10])
        assert uncounted(env) == {"1": "not fetched: http 5xx: answered 500"}
        assert len(env.rows("revisions")) == 1


def test_robots_txt_forbids_counts_but_not_their_pages(tmp_path: Path) -> None:
    with RawServer({}) as server:
        env = raw_env(tmp_path, server)
        robots: Site = {"/robots.txt": answer(b"User-agent: *\nDisallow: /api/\n")}
        server.answer_with(site(1, n1=count(10)) | robots)
        assert env.crawl_source(source_of(server)).new == 1
        assert counted(server) == []
        assert uncounted(env) == {"1": "not fetched: robots: robots.txt forbids this URL"}


def test_counts_are_part_of_the_budget(tmp_path: Path) -> None:
    with RawServer({}) as server:
        env = raw_env(tmp_path, server)
        env.slow_down(max_requests=5)
        numbers = (1, 2, 3, 4)
        server.answer_with(site(*numbers, **{f"n{number}": count(number) for number in numbers}))
        assert env.crawl_source(source_of(server)).new == 2
        sent = [target for target in server.targets if target.startswith(("/api/", "/news/"))]
        assert len(sent) == 4
        pending = [row.outcome_reason for row in env.rows("links") if row.outcome is Outcome.PENDING]
        assert pending == ["beyond the budget of this crawl"] * 2


def test_a_long_retry_after_of_a_count_ends_the_requests_and_stores_the_page(tmp_path: Path) -> None:
    with RawServer({}) as server:
        env, source = raw_env(tmp_path, server), source_of(server)
        env.slow_down(concurrency=1)
        busy = answer(b"", b"Retry-After: 7200", status=b"429 Too Many Requests")
        server.answer_with(site(1, n1=busy))
        run = env.crawl_source(source)
        assert run.new == 1
        assert "not fetched: blocked" in uncounted(env)["1"]


def test_a_page_that_is_not_stored_asks_for_no_count(tmp_path: Path) -> None:
    with RawServer({}) as server:
        env = raw_env(tmp_path, server)
        env.of_source = SourceSettings(languages=("en",), channels=({"feed": FEED},))
        server.answer_with(site(1, n1=count(10)))
        source = replace(source_of(server), article_path=r"/news/(?P<id>\d+)-[\w-]+", languages=("en",))
        env.crawl_source(replace(source, name="caliber", default_language="ru"))
        assert counted(server) == []


COUNTED = 'views = { json = "/api/{id}", path = "data.views" }\npublished = "time"'


@pytest.mark.long
def test_check_parse_and_a_case_tell_where_a_count_comes_from(tmp_path: Path) -> None:
    with RawServer({}) as server:
        env = raw_env(tmp_path, server)
        declared = declaration(server.url, article=r"/news/(?P<id>\d+)-[\w-]+", page=COUNTED)
        (tmp_path / "presswatch.toml").write_text(declared, encoding="utf-8")
        dated = page("Story").replace(b"<h1", b"<time>5 March 2026 17:24</time><h1")
        story: Site = {"/news/1-a-story": answer(dated, HTML)}
        server.answer_with(site(1, n1=count(10)) | story)
        checked = env.command("sources", "check", "press")
        assert "view_count    1 of 1  [json /api/{id} data.views]" in checked.stdout, checked.stdout + checked.stderr
        assert checked.returncode == 0, checked.stdout
        parsed = env.command("parse", f"{server.url}/news/1-a-story", "--save-case", "case", "--format", "json")
        read = json.loads(parsed.stdout)
        assert (read["view_count"], read["provenance"]["view_count"]) == (10, "json /api/{id} data.views")
        expected = json.loads((tmp_path / "case" / "expected.json").read_text(encoding="utf-8"))
        assert expected["view_count"] is None
        server.answer_with(site(1, n1=answer(status=b"500 Error")) | story)
        checked = env.command("sources", "check", "press")
        assert "MISSING  not fetched: http 5xx: answered 500" in checked.stdout
        assert checked.returncode == 1


def test_a_crawl_that_is_stopped_stores_the_page_whose_count_it_waits_for(tmp_path: Path) -> None:
    async def stopped() -> RunSummary:
        with closing(env.store()) as store, closing(StoreThread()) as writer:
            running = asyncio.create_task(crawl(source_of(server), store, writer, env.config, CrawlOptions()))
            while not counted(server):  # noqa: ASYNC110  (of a server in another process)
                await asyncio.sleep(0.01)
            running.cancel()
            return await running

    with RawServer({}) as server:
        env = raw_env(tmp_path, server)
        env.slow_down(retries=1)
        server.answer_with(site(1, n1=answer(b"", b"Retry-After: 50", status=b"503 Busy")))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            assert runner.run(stopped()).status is RunStatus.INTERRUPTED
        assert uncounted(env) == {"1": "not fetched: network: stopped before its request was sent"}
