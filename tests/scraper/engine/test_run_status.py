"""Test the status, the error and the exit code of crawls whose articles fail."""

from __future__ import annotations

import json

import pytest

from scraper.crawl.selection import RecrawlMode
from storage.model.records import RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import plain_article
from tests.support.site import Site, bad
from tests.support.site.misbehaviour import Misbehaviour

FAILING = {
    "server error": (bad.server_error(), "http 5xx"),
    "soft 404": (bad.soft_404(), "parse"),
    "reset": (bad.reset(), "network"),
    "challenge": (bad.challenge(), "blocked"),
    "pdf": (bad.pdf(), "parse"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_crawl_whose_every_new_article_failed_has_failed(name: str, env: CrawlEnv, site: Site) -> None:
    act, stage = FAILING[name]
    publish(site, act, "one", "two")
    run = env.crawl()
    assert (run.status, run.failed) == (RunStatus.FAILED, 2)
    assert run.error is not None
    assert run.error.startswith("2 of 2 articles failed: ")
    assert f"{site.url_of('one')}: {stage}: " in run.error


def test_the_error_names_three_articles_and_counts_the_others(env: CrawlEnv, site: Site) -> None:
    publish(site, bad.server_error(), "one", "two", "three", "four", "five")
    error = env.crawl().error or ""
    assert (error.count("http 5xx: "), error.rpartition("; ")[2]) == (3, "and 2 more")


def test_one_article_that_could_be_stored_is_a_success(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("good"))
    publish(site, bad.server_error(), "one", "two")
    run = env.crawl()
    assert (run.status, run.error, run.new, run.failed) == (RunStatus.SUCCEEDED, None, 1, 2)


def test_a_page_that_never_answers_fails_the_run_of_its_first_fetch_alone(env: CrawlEnv, site: Site) -> None:
    publish(site, bad.server_error(), "one")
    assert env.crawl().status is RunStatus.FAILED
    again = env.crawl()
    assert (again.status, again.failed) == (RunStatus.SUCCEEDED, 1)


def test_failed_recrawls_are_no_failed_run(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    env.crawl()
    site.misbehave("one", bad.server_error())
    run = env.crawl(recrawl=RecrawlMode.ALL)
    assert (run.status, run.failed) == (RunStatus.SUCCEEDED, 1)


def test_a_url_that_is_missing_is_said_with_exit_code_1(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    there, missing = site.url_of("one"), site.url_of("one").replace("one", "missing")
    done = env.crawl_command("--url", there, "--url", missing)
    assert done.returncode == 1
    assert "1 new" in done.stdout
    assert done.stderr == f"presswatch: caliber: 1 of 2 articles failed: {missing}: http 4xx: answered 404\n"


def test_inspect_names_no_listing_of_a_url_that_no_channel_listed(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    site.unlist("one")
    env.crawl(urls=(site.url_of("one"), site.url_of("one").replace("one", "missing")))
    for slug in ("one", "missing"):
        url = site.url_of("one").replace("one", slug)
        shown = json.loads(env.command("inspect", url, "--format", "json").stdout)
        assert (shown["first_listed_at"], shown["last_listed_at"], shown["listings"]) == (None, None, [])
        assert len(shown["fetches"]) == 1
    lines = env.command("inspect", site.url_of("one")).stdout.splitlines()
    assert [line.split()[-1] for line in lines if line.startswith(("first listed", "last listed"))] == ["-", "-"]


def publish(site: Site, act: Misbehaviour, *slugs: str) -> None:
    """Publish articles whose pages misbehave."""
    for slug in slugs:
        site.publish(plain_article(slug))
        site.misbehave(slug, act)
