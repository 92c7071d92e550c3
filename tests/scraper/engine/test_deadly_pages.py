"""Test pages of which parsers die: the crawl and its other articles live, and the page is quarantined by its second."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import uvloop

from scraper.crawl import parser_process
from scraper.crawl.options import CrawlOptions
from scraper.crawl.parser_process import ParserLimits
from scraper.crawl.store_thread import StoreThread
from scraper.engine.run import crawl
from storage.crawling.runs import RunFailure, RunSummary
from storage.model.event_kinds import EventKind
from storage.model.failure_causes import FailureCause
from storage.model.records import FetchResult, Outcome, RunStatus, Trigger
from tests.support.crawl_env import CrawlEnv
from tests.support.deadly_pages import DEADLY
from tests.support.paths import ROOT
from tests.support.patience import patient, wait_until
from tests.support.plain_articles import plain_article
from tests.support.site import Site, bad, blocks

LARGE = blocks.paragraph("word " * 60_000)
GOOD = [f"good-{number}" for number in range(6)]


def crawl_apart(env: CrawlEnv, *urls: str) -> subprocess.CompletedProcess[str]:
    """Crawl once in a process that a page may kill."""
    command = [sys.executable, "-m", "tests.support.deadly_pages", env.database, env.site.url, *urls]
    return subprocess.run(command, capture_output=True, text=True, timeout=patient(60), cwd=ROOT, check=False)


def crawl_here(env: CrawlEnv, **options: object) -> RunSummary:
    chosen = CrawlOptions(base_url=env.site.url, **options)  # type: ignore[arg-type]
    loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with closing(env.store()) as store, closing(StoreThread()) as writer, loop as runner:
        return runner.run(crawl(DEADLY, store, writer, env.config, chosen))


def publish(site: Site, act: str, *, large: bool = False) -> None:
    site.publish_many([plain_article(slug, days=number + 2) for number, slug in enumerate(GOOD)])
    site.publish(plain_article("deadly", days=1, body=(blocks.paragraph(act), *([LARGE] if large else []))))


@pytest.mark.parametrize("act", ["KILL", pytest.param("CRASH", marks=pytest.mark.long)])
@pytest.mark.long
def test_a_page_that_kills_the_crawl_is_quarantined_and_no_other_is_lost(act: str, env: CrawlEnv, site: Site) -> None:
    publish(site, act)
    assert crawl_apart(env).returncode < 0
    assert crawl_apart(env).stdout == "succeeded 6\n"
    assert {row.url for row in env.rows("articles")} == {site.url_of(slug) for slug in GOOD}
    link = env.row("links", url=site.url_of("deadly"))
    assert (link.parser_deaths, link.outcome, link.next_attempt_at) == (2, Outcome.PENDING, None)
    assert link.quarantined_at is not None
    assert "its parser was ended by SIG" in link.outcome_reason
    event = env.row("events")
    assert (event.kind, event.subject) == (EventKind.QUARANTINED, link.url)
    assert {row.parser_deaths for row in env.rows("links") if row.url != link.url} == {0}
    assert {row.parsing_run_id for row in env.rows("links")} == {None}
    asked = len(site.requests_for("deadly"))
    assert crawl_apart(env).stdout == "succeeded 0\n"
    assert len(site.requests_for("deadly")) == asked


@pytest.mark.long
def test_what_is_quarantined_is_shown_and_tried_again_by_its_url(env: CrawlEnv, site: Site) -> None:
    publish(site, "KILL")
    crawl_apart(env)
    crawl_apart(env)
    url = site.url_of("deadly")
    assert f"1 page: {url}" in env.command("status").stdout
    shown = env.command("inspect", url).stdout
    assert "as parsers died of the page" in shown
    assert f"presswatch crawl caliber --url {url} tries it again" in shown
    assert crawl_apart(env, url).returncode == 0  # parsed by itself: the crawl lives
    assert env.row("links", url=url).parser_deaths == 3
    assert len(env.rows("events")) == 1
    site.edit("deadly", body=(blocks.paragraph("Harmless."),))
    assert crawl_apart(env, url).stdout == "succeeded 1\n"
    link = env.row("links", url=url)
    assert (link.outcome, link.parser_deaths, link.quarantined_at) == (Outcome.STORED, 0, None)
    assert "quarantined" not in env.command("status").stdout
    assert "quarantined" not in env.command("inspect", url).stdout


@pytest.mark.long
def test_a_large_page_kills_no_crawl(env: CrawlEnv, site: Site) -> None:
    publish(site, "KILL", large=True)
    run = crawl_here(env)
    assert (run.status, run.new, run.failed) == (RunStatus.SUCCEEDED, 6, 1)
    link = env.row("links", url=site.url_of("deadly"))
    assert (link.parser_deaths, link.quarantined_at) == (1, None)
    assert link.next_attempt_at is not None
    assert crawl_here(env).failed == 1  # by hand, pending links are tried early
    assert env.row("links", url=site.url_of("deadly")).quarantined_at is not None
    assert crawl_here(env).failed == 0


@pytest.mark.long
def test_a_crawl_goes_on_while_a_large_page_is_parsed(
    env: CrawlEnv, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parser_process, "LIMITS", ParserLimits(cpu_seconds=2))
    publish(site, "LOOP", large=True)
    assert (crawl_here(env).new, len(env.rows("fetches"))) == (6, 7)
    last = env.rows("fetches")[-1]
    assert (last.result, last.reason) == (FetchResult.FAILED, "its parser took more than 2 s of CPU time")


@pytest.mark.long
def test_a_large_page_is_stored_like_a_small_one(env: CrawlEnv, site: Site) -> None:
    publish(site, "Harmless.", large=True)
    assert (crawl_here(env).new, crawl_here(env, urls=(site.url_of("deadly"),)).unchanged) == (7, 1)
    assert "Harmless." in env.row("articles", url=site.url_of("deadly")).body
    assert env.command("parse", site.url_of("deadly"), "--base-url", site.url).returncode == 0


@pytest.mark.long
def test_what_a_parser_raises_is_no_death(env: CrawlEnv, site: Site) -> None:
    publish(site, "RAISE", large=True)
    for _ in range(3):
        crawl_here(env)
    link = env.row("links", url=site.url_of("deadly"))
    assert (link.parser_deaths, link.quarantined_at, link.failed_attempts) == (0, None, 3)
    assert "the parser failed on this page (IndexError: a fault of the parser)" in link.outcome_reason


@pytest.mark.parametrize(
    ("sign", "times"), [(signal.SIGTERM, 1), pytest.param(signal.SIGKILL, 3, marks=pytest.mark.long)]
)
@pytest.mark.long
def test_a_stop_quarantines_no_page(sign: signal.Signals, times: int, env: CrawlEnv, site: Site) -> None:
    """Killed in the same place three times, the pages are parsed by themselves, and are all stored."""
    publish(site, "Harmless.")
    command = [sys.executable, "-m", "tests.support.deadly_pages", env.database, env.site.url]
    for _ in range(times):
        site.misbehave("deadly", bad.slow(3))
        site.clear_requests()
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
            wait_until(lambda: site.requests_for("deadly"))
            os.kill(process.pid, sign)
        assert {row.parsing_run_id is None for row in env.rows("links")} == {sign is signal.SIGTERM}
    site.behave()
    assert crawl_apart(env).returncode == 0
    assert len(env.rows("articles")) == 7
    assert {row.quarantined_at for row in env.rows("links")} == {None}
    assert {row.parser_deaths for row in env.rows("links")} == {0}
    assert env.rows("events") == []


@pytest.mark.long
def test_a_run_that_the_daemon_closes_leaves_its_pages_suspect(env: CrawlEnv, site: Site) -> None:
    publish(site, "KILL")
    crawl_apart(env)
    with env.store() as store:
        with store.read() as connection:
            process = connection.exec_driver_sql("SELECT process_id FROM crawl_runs").scalar_one()
        failure = RunFailure(status=RunStatus.CRASHED, cause=FailureCause.CRASH, error="x")
        closed = store.runs.close_for_process(process, failure, now=env.rows("links")[0].first_listed_at)
    assert closed == ["caliber"]
    link = env.row("links", url=site.url_of("deadly"))
    assert (link.parser_deaths, link.parsing_run_id, link.failed_attempts) == (1, None, 1)
    assert "the crawl process died while this page was parsed or about to be" in link.outcome_reason
    assert crawl_apart(env).stdout == "succeeded 6\n"


def test_a_stored_page_that_turns_deadly_keeps_its_article(env: CrawlEnv, site: Site, tmp_path: Path) -> None:
    publish(site, "Harmless.")
    crawl_here(env)
    site.edit("deadly", body=(blocks.paragraph("KILL"), LARGE))
    for _ in range(2):
        crawl_here(env, urls=(site.url_of("deadly"),), trigger=Trigger.MANUAL)
    link = env.row("links", url=site.url_of("deadly"))
    assert (link.outcome, link.quarantined_at is None) == (Outcome.STORED, False)
    assert "Harmless." in env.row("articles", url=site.url_of("deadly")).body
