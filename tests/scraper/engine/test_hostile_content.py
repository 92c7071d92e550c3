"""Test malicious titles and bodies: stored as text and harmless in every output."""

from __future__ import annotations

import csv
import io
import json

import pytest

from storage.model.records import RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import plain_article
from tests.support.site import Part, Site, blocks

HOSTILE = {
    "script": "Talks <script>alert(1)</script> go on",
    "handler": '<img src=x onerror="alert(1)">Talks',
    "javascript": '<a href="javascript:alert(1)">Talks</a> go on',
    "sql": "Robert'); DROP TABLE articles;--",
    "formula": '=HYPERLINK("http://evil.example","Click")',
    "escape": "\x1b[2J\x1b]0;owned\x07Talks",
    "nul": "Talks\x00 go on",
    "bidi": "Talks \u202egnihton\u202c go on",
    "surrogate": "Talks &#xD800; go on",
}


SHOWN = {"script", "nul", "bidi"}
"""Those of the short run."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name not in SHOWN)) for name in HOSTILE]
)
def test_a_hostile_title_and_body_are_stored_as_harmless_text(name: str, env: CrawlEnv, site: Site) -> None:
    text = HOSTILE[name]
    site.publish(plain_article("ill", body=(blocks.raw(f"<p>{text}</p>"), blocks.paragraph("The rest."))))
    site.edit("ill", parts={Part.TITLE: f'<h1 class="post_title">{text}</h1>'})
    site.publish(plain_article("good"))
    run = env.crawl()
    assert run.status is RunStatus.SUCCEEDED
    assert run.new >= 1
    shown = [env.command("query", "--format", form) for form in ("table", "json", "jsonl", "csv")]
    for done in shown:
        assert done.returncode == 0, done.stderr
        assert "Title of good" in done.stdout
        assert not set(done.stdout) & {"\x00", "\x1b", "\x07", "\u202e", "\ud800"}
        assert "<script" not in done.stdout
    json.loads(shown[1].stdout)
    for row in csv.DictReader(io.StringIO(shown[3].stdout)):
        assert row["title"][:1] not in {"=", "+", "-", "@"}


def test_a_date_no_table_knows_leaves_the_date_open_and_keeps_the_words(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("thermidor", date_text="16 thermidor 2025 17:36"))
    site.feed_style(language="ru")
    assert env.crawl().new == 1
    article = env.row("articles")
    assert article.published_at is None
    assert article.published_raw == "16 thermidor 2025 17:36"
    assert "published_at" in {problem.field for problem in article.problems}


def test_an_unreadable_count_is_open_and_named(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one", views_text="Views: many"))
    assert env.crawl().new == 1
    article = env.row("articles")
    assert article.view_count is None
    assert "view_count" in {problem.field for problem in article.problems}


def test_an_empty_body_is_legal(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("video", body=(), description="What the film shows."))
    assert env.crawl().new == 1
    article = env.row("articles")
    assert (article.body, article.description) == ("", "What the film shows.")


def test_a_page_without_a_title_fails_at_parse(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("nameless"))
    site.edit("nameless", parts={Part.TITLE: "", Part.META: ""})
    site.override(
        "nameless", b"<html><body><div class='post'><div class='post_body'><p>Text</p></div></div></body></html>"
    )
    run = env.crawl()
    assert (run.new, run.failed, run.pending) == (0, 1, 1)
    assert env.row("fetches").failure_stage == "parse"


def test_everything_that_leaves_carries_its_source_and_terms(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    env.crawl()
    terms = "Any use of materials is allowed only if there is a hyperlink to Caliber.az"
    record = json.loads(env.command("query", "--format", "json").stdout)[0]
    assert (record["source"], record["url"], record["terms"]) == ("caliber", site.url_of("one"), terms)
    assert record["fetched_at"].endswith("+00:00")
    assert terms in env.command("query").stdout
    assert terms in env.command("query", "--format", "csv").stdout
    assert terms in env.command("show", "1").stdout
