"""Test that what a page holds too much of, or what a database refuses, costs its own link and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from scraper.engine import spiders
from storage.model.article_fields import MAX_LENGTHS
from storage.model.records import FailureStage, Outcome, RunStatus
from storage.saving import saving
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import plain_article
from tests.support.site import Part, Site, blocks

SLUGS = "".join(f"<a href='/en/category/{'%F0%9D%95%8F' * 190}{n}'>Politics</a>" for n in range(30))
LONG = {
    "sections": {Part.SECTION: f"<div class='post_category'>{SLUGS}<a href='/en/category/politics'>x</a></div>"},
    "title": {Part.TITLE: f"<h1 class='post_title'>{'𝕏 word ' * 2_000}</h1>"},
    "author": {Part.META: f"<meta name='author' content='{'ж' * 100_000}'>"},
    "description": {Part.META: f"<meta name='description' content='{'ж' * 100_000}'>"},
    "image_url": {Part.META: f"<meta property='og:image' content='/{'x' * 100_000}.jpg'>", Part.COVER: ""},
}


@pytest.fixture
def env(tmp_path: Path, site: Site, database: str) -> CrawlEnv:
    return CrawlEnv(tmp_path, site, database)


@pytest.mark.parametrize("name", LONG)
def test_a_field_beyond_its_maximum_is_cut_and_named(name: str, env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article("long"), plain_article("good")])
    site.edit("long", parts=LONG[name])
    run = env.crawl()
    assert (run.status, run.new, run.failed) == (RunStatus.SUCCEEDED, 2, 0)
    article = env.row("articles", url=f"{site.url}/en/post/long")
    if name in {"author", "image_url"}:  # nobody has such a name, and no image such an address: refused, not cut
        assert getattr(article, name) is None
    elif name != "sections":  # names of sections are cut by their normal form
        assert len(getattr(article, name) or "") <= MAX_LENGTHS[name]
        assert name in {problem.field for problem in article.problems}
    assert article.title


def test_a_body_beyond_its_maximum_is_cut_and_named(env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article("long", body=(blocks.paragraph("word " * 300_000),)), plain_article("good")])
    run = env.crawl()
    assert (run.status, run.new) == (RunStatus.SUCCEEDED, 2)
    article = env.row("articles", url=f"{site.url}/en/post/long")
    assert len(article.body) <= MAX_LENGTHS["body"]
    assert [problem.reason for problem in article.problems if problem.field == "body"] == [
        "cut to 1,000,000 of 1,499,999 characters"
    ]
    assert env.crawl(urls=(site.url_of("long"),)).unchanged == 1


def test_a_crawl_ends_when_it_has_stored_its_share_and_says_so(env: CrawlEnv, site: Site) -> None:
    env.slow_down(max_stored_size=50_000, concurrency=1)
    site.publish_many([plain_article(f"s{n}", days=n + 1, body=(blocks.paragraph("word " * 6_000),)) for n in range(8)])
    run = env.crawl()
    assert run.status is RunStatus.FAILED
    assert run.error is not None
    assert "scraper.max_stored_size (50,000 bytes of text)" in run.error
    assert run.new == 1  # of 29,999 bytes each
    assert run.pending == 7
    env.slow_down(max_stored_size=10**9)
    assert (env.crawl().status, len(env.rows("articles"))) == (RunStatus.SUCCEEDED, 8)


def read_a_huge_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the parser say a count that only a database refuses."""
    parse = spiders.parse_page

    def parsed(*arguments: object, **options: object) -> object:
        page = parse(*arguments, **options)  # type: ignore[arg-type]
        if "ill" in page.article.url:
            object.__setattr__(page.article, "view_count", 10**30)
        return page

    monkeypatch.setattr(spiders, "parse_page", parsed)


def test_a_count_that_no_column_holds_fails_its_link_alone(
    env: CrawlEnv, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.publish_many([plain_article("one"), plain_article("ill"), plain_article("two")])
    with monkeypatch.context() as patch:
        read_a_huge_count(patch)
        run = env.crawl()
    assert (run.status, run.new, run.failed, run.pending) == (RunStatus.SUCCEEDED, 2, 1, 1)
    link = env.row("links", url=site.url_of("ill"))
    assert (link.outcome, link.failed_attempts) == (Outcome.PENDING, 1)
    assert "the database refused it" in link.outcome_reason
    assert env.row("fetches", link_id=link.id).failure_stage is FailureStage.STORE
    assert env.crawl().new == 1


def test_a_row_that_a_rule_of_the_database_refuses_fails_its_link_alone(env: CrawlEnv, site: Site) -> None:
    with env.store() as store, store.write() as connection:
        refusal = "CREATE UNIQUE INDEX ux_test ON articles (title)"
        connection.exec_driver_sql(refusal)
    site.publish_many([plain_article("one"), plain_article("ill", title="Title of one"), plain_article("two")])
    run = env.crawl()
    assert (run.status, run.new, run.failed) == (RunStatus.SUCCEEDED, 2, 1)
    reasons = [link.outcome_reason for link in env.rows("links") if link.outcome is Outcome.PENDING]
    assert ["the database refused it" in str(reason) for reason in reasons] == [True]


def test_an_article_at_which_storing_fails_fails_its_link_alone(
    env: CrawlEnv, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    detect = saving.detect_change

    def detected(stored: object, data: object, **options: object) -> object:
        if "ill" in data.url:  # type: ignore[attr-defined]
            raise IndexError("a fault of ours")
        return detect(stored, data, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(saving, "detect_change", detected)
    site.publish_many([plain_article("one"), plain_article("ill"), plain_article("two")])
    run = env.crawl()
    assert (run.status, run.new, run.failed) == (RunStatus.SUCCEEDED, 2, 1)
    assert "storing it failed (IndexError: a fault of ours)" in env.row("links", url=site.url_of("ill")).outcome_reason


def test_a_link_that_the_database_refuses_costs_no_other(env: CrawlEnv, site: Site) -> None:
    with env.store() as store, store.write() as connection:
        connection.exec_driver_sql("CREATE UNIQUE INDEX ux_test ON links (title)")
    site.publish_many([plain_article("one"), plain_article("ill", title="Title of one"), plain_article("two")])
    run = env.crawl()
    assert (run.status, run.new, run.listed) == (RunStatus.SUCCEEDED, 2, 3)
    assert len(env.rows("links")) == 2
