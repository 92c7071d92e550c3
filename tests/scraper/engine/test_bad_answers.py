"""Test crawls of misbehaving hosts: every URL ends in a recorded outcome, without lost articles or tracebacks."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from storage.model.records import FailureStage, Outcome, RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.patience import patient_duration
from tests.support.plain_articles import plain_article
from tests.support.site import Framing, Site, bad

BAD_PAGES = {
    "500 for ever": (bad.server_error(), FailureStage.HTTP_5XX, "answered 500"),
    "503": (bad.unavailable(), FailureStage.HTTP_5XX, "answered 503"),
    "429": (bad.too_many(), FailureStage.BLOCKED, "answered 429"),
    "a challenge": (bad.challenge(), FailureStage.BLOCKED, "answered 403"),
    "404": (bad.answer(404), FailureStage.HTTP_4XX, "answered 404, not confirmed yet"),
    "a soft 404": (bad.soft_404(), FailureStage.PARSE, "title"),
    "reset half-way": (bad.reset(), FailureStage.NETWORK, ""),
    "closed at once": (bad.close(), FailureStage.NETWORK, ""),
    "a short body": (bad.short_body(), FailureStage.NETWORK, "broke off"),
    "5 s": (bad.slow(600), FailureStage.TIMEOUT, "no full answer in time"),
    "an endless answer": (bad.trickle(), FailureStage.TIMEOUT, "no full answer in time"),
    "an endless header": (bad.endless_header(), FailureStage.NETWORK, ""),
    "200 MB announced": (bad.huge(), FailureStage.NETWORK, "larger than scraper.max_response_size"),
    "200 MB unannounced": (
        bad.huge(framing=Framing.CHUNKED),
        FailureStage.NETWORK,
        "larger than scraper.max_response_size",
    ),
    "a gzip bomb": (bad.gzip_bomb(), FailureStage.NETWORK, "larger than scraper.max_response_size"),
    "a redirect loop": (bad.redirect_loop(), FailureStage.NETWORK, "redirects more than 5 times"),
    "a growing redirect loop": (bad.redirect_loop(growing=True), FailureStage.NETWORK, "redirects more than 5 times"),
    "a redirect to nowhere": (
        bad.answer(302),
        FailureStage.NETWORK,
        "redirects to nowhere: answered 302 without an address",
    ),
    "not modified, unasked": (bad.answer(304, b""), FailureStage.NETWORK, "answered 304"),
    "another host": (
        bad.redirect("http://localhost:9/en/post/else"),
        FailureStage.NETWORK,
        "another host, localhost:9",
    ),
    "the front page": (bad.redirect("/"), FailureStage.PARSE, "which is not an article"),
    "a PDF": (bad.pdf(), FailureStage.PARSE, "PDF"),
    "a garbage status line": (bad.garbage_status(), FailureStage.NETWORK, ""),
}


@pytest.mark.parametrize("name", BAD_PAGES)
@pytest.mark.long_after(10)
def test_a_bad_page_stays_pending_with_its_reason_and_is_had_later(name: str, env: CrawlEnv, site: Site) -> None:
    act, stage, reason = BAD_PAGES[name]
    site.publish_many([plain_article("good"), plain_article("ill")])
    site.misbehave("ill", act)
    env.slow_down(timeout=patient_duration(1))
    run = env.crawl()
    assert (run.status, run.new, run.failed, run.pending) == (RunStatus.SUCCEEDED, 1, 1, 1)
    link = env.row("links", url=site.url_of("ill"))
    assert link.outcome is Outcome.PENDING
    assert link.failed_attempts == 1
    assert link.next_attempt_at is not None
    fetch = env.row("fetches", link_id=link.id)
    assert fetch.failure_stage is stage
    assert reason in link.outcome_reason
    assert "\n" not in link.outcome_reason

    site.behave("ill")
    site.unlist("ill")
    assert env.crawl().new == 1
    assert env.row("links", url=site.url_of("ill")).outcome is Outcome.STORED


def test_a_page_that_fails_once_is_had_by_a_retry_within_the_crawl(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("shaky"))
    site.misbehave("shaky", bad.server_error(), times=2)
    env.slow_down(retries=2)
    assert env.crawl().new == 1


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("status", [429, 503, 200])
def test_a_short_retry_after_is_waited_out_by_the_whole_host(status: int, form: str, env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article(f"story-{number}") for number in range(4)])
    retry_after = 2 if form == "seconds" else datetime.now(UTC) + timedelta(seconds=3)
    retry_at = time.monotonic() + 3
    site.misbehave("/rss.xml", bad.answer(status, retry_after=retry_after), times=1)
    env.slow_down(retries=1, concurrency=1)  # two would be sent together
    run = env.crawl()
    assert (run.status, run.new) == (RunStatus.SUCCEEDED, 4)
    first, second = [request for request in site.requests if request.path != "/robots.txt"][:2]
    # An HTTP date is in whole seconds; a slow machine may send the first request after it.
    earliest = first.arrived + 2 if form == "seconds" else retry_at - 1
    assert second.arrived > earliest - 0.1


def test_a_long_retry_after_ends_the_requests_and_holds_the_next_crawl(env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article(f"story-{number}", days=number + 1) for number in range(20)])
    site.misbehave("story-5", bad.too_many(retry_after=7200))
    env.slow_down(concurrency=1)
    run = env.crawl()
    assert run.new + run.pending == 20
    assert run.new < 20
    refused = [row for row in env.rows("links") if row.outcome is Outcome.PENDING]
    assert any("asked to be left alone until" in row.outcome_reason for row in refused)

    site.behave()
    site.clear_requests()
    done = env.crawl_command()
    assert done.returncode == 1
    assert "asked to be left alone until" in done.stderr
    assert done.stderr.count("\n") == 1
    assert site.requests == ()


@pytest.mark.parametrize("value", ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "soon", "-5", "1.5", ", ,"])
def test_a_retry_after_that_means_nothing_is_passed_over(value: str, env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    site.misbehave("one", bad.answer(200, retry_after=value))
    done = env.crawl_command()
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 new" in done.stdout


def test_windows_1251_without_a_header_is_read(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("kirillica", title="Переговоры в Баку", language="ru"))
    site.misbehave("kirillica", bad.windows_1251(declared=False))
    env.crawl(urls=(site.url_of("kirillica"),))
    assert env.row("articles").title == "Переговоры в Баку"


def test_broken_html_that_ends_inside_a_tag_is_requested_again(env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article("broken"), plain_article("good")])
    site.misbehave("broken", bad.broken_html())
    run = env.crawl()
    assert (run.status, run.new, run.pending) == (RunStatus.SUCCEEDED, 1, 1)
    assert "ends inside a tag" in (env.row("links", url=site.url_of("broken")).outcome_reason or "")


def test_a_redirect_within_the_site_is_stored_under_the_address_it_leads_to(env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article("moved-here"), plain_article("old-name")])
    site.unlist("moved-here")
    site.misbehave("old-name", bad.redirect(site.article("moved-here").path))
    run = env.crawl()
    assert run.new == 1
    assert env.row("articles").url == site.url_of("moved-here")
    old = env.row("links", url=site.url_of("old-name"))
    assert (old.outcome, old.outcome_reason) == (Outcome.STORED, f"redirects to {site.url_of('moved-here')}")
    assert old.article_id == env.row("links", url=site.url_of("moved-here")).article_id


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Site.start(tls=True) as site:
        site.publish(plain_article("one"))
        env = CrawlEnv(tmp_path_factory.mktemp("tls"), site)
        run = env.crawl()
    assert run.status is RunStatus.FAILED
    assert run.new == 0
    assert "certificate" in (run.error or "").lower()


def test_a_host_that_is_not_there_fails_the_run_in_one_line(env: CrawlEnv, site: Site) -> None:
    site.refuse()
    done = env.crawl_command()
    site.listen()
    assert done.returncode == 1
    assert "robots.txt could not be fetched" in done.stderr
    assert "Traceback" not in done.stderr
