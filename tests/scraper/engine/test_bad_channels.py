"""Test crawls of broken feeds and listing pages, recognized by content and reported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storage.config.settings import SourceSettings
from storage.model.records import FailureStage, Outcome, RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.patience import patient_duration
from tests.support.plain_articles import NOW, plain_article
from tests.support.site import FeedDates, Guids, Paging, Site, bad, bad_bytes

FEED = SourceSettings(channels=({"feed": "/rss.xml"},))
LIST = SourceSettings(channels=({"list": "/en/category/politics", "language": "en"},))
PAGED = SourceSettings(channels=({"list": "/en/category/politics", "paging": "?page={page}"},))


@pytest.mark.parametrize(
    ("act", "stage", "said"),
    [
        (bad.html_feed(), FailureStage.NOT_A_FEED, "HTML"),
        (bad.answer(404), FailureStage.HTTP_4XX, "channels in [sources.caliber]"),
        (bad.server_error(), FailureStage.HTTP_5XX, "answered 500"),
        (bad.challenge(), FailureStage.BLOCKED, "answered 403"),
        (bad.pdf(), FailureStage.NOT_A_FEED, ""),
        (bad.gzip_bomb(), FailureStage.NETWORK, "larger"),
        (bad.reset(), FailureStage.NETWORK, ""),
    ],
    ids=["html", "404", "500", "challenge", "pdf", "gzip bomb", "reset"],
)
def test_a_bad_feed_turns_the_run_red_and_the_other_channel_is_still_used(
    act: object, stage: FailureStage, said: str, env: CrawlEnv, site: Site
) -> None:
    site.publish(plain_article("one"))
    site.misbehave("/rss.xml", act)
    run = env.crawl()
    assert (run.status, run.new) == (RunStatus.FAILED, 1)
    assert said in (run.error or "")
    channel = env.row("channels", url=f"{site.url}/rss.xml")
    assert (channel.failure_stage, channel.consecutive_failures) == (stage, 1)


def test_a_list_page_without_cards_turns_the_run_red_and_says_what_to_set(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    site.misbehave("/en/category/politics", bad.list_without_cards())
    done = env.crawl_command()
    assert done.returncode == 1
    assert "[sources.caliber]" in done.stderr
    assert "empty list" in done.stderr
    assert env.row("channels", url=f"{site.url}/en/category/politics").failure_stage is FailureStage.EMPTY_LIST


def test_a_missing_list_page_says_what_to_set(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    site.misbehave("/en/category/politics", bad.answer(404))
    done = env.crawl_command()
    assert done.returncode == 1
    assert "set channels in [sources.caliber]" in done.stderr


@pytest.mark.parametrize(
    "style",
    [
        {"blank_before": True},
        {"relative_links": True},
        {"dates": FeedDates.NONE},
        {"dates": FeedDates.FUTURE},
        {"guids": Guids.ONE},
        {"sections": False, "descriptions": False},
    ],
    ids=lambda style: next(iter(style)),
)
def test_an_odd_feed_still_gives_every_article(style: dict[str, object], env: CrawlEnv, site: Site) -> None:
    env.of_source = FEED
    site.publish_many([plain_article(f"story-{number}", days=number + 1) for number in range(4)])
    site.feed_style(**style)
    run = env.crawl()
    assert (run.status, run.new, run.pending) == (RunStatus.SUCCEEDED, 4, 0)
    assert env.row("articles", title="Title of story-2").published_at == NOW - timedelta(days=3)


def test_an_entity_bomb_is_refused_or_harmless(env: CrawlEnv, site: Site) -> None:
    env.of_source = FEED
    site.publish(plain_article("one"))
    site.misbehave("/rss.xml", bad.entity_bomb(link=site.url_of("one")))
    run = env.crawl()
    assert run.status in {RunStatus.FAILED, RunStatus.SUCCEEDED}
    assert run.received < 10_000_000


def test_a_list_that_repeats_itself_on_every_page_ends(env: CrawlEnv, site: Site) -> None:
    env.of_source = PAGED
    site.publish_many([plain_article(f"story-{number}") for number in range(30)])
    site.list_style(paging=Paging.REPEAT, per_screen=10)
    run = env.crawl()
    assert (run.status, run.new) == (RunStatus.SUCCEEDED, 10)
    assert len([request for request in site.requests if "category" in request.path]) == 2


@pytest.mark.parametrize("rest", ["&sort={date}", "&sort={", "&sort=}"])
def test_braces_in_paging_are_part_of_the_address(rest: str, env: CrawlEnv, site: Site) -> None:
    paging = f"?page={{page}}{rest}"
    env.of_source = SourceSettings(channels=({"list": "/en/category/politics", "paging": paging},))
    site.publish_many([plain_article(f"story-{number}") for number in range(8)])
    site.list_style(per_screen=5)
    run = env.crawl()
    assert (run.status, run.new) == (RunStatus.SUCCEEDED, 8)


def test_a_poll_that_breaks_turns_the_run_red(env: CrawlEnv, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr("scraper.crawl.channel_reading.parse_feed", broken)
    site.publish(plain_article("one"))
    run = env.crawl()
    assert run.status is RunStatus.FAILED
    assert "nobody thought of this" in (run.error or "")


def test_paging_goes_on_until_known_links_are_met(env: CrawlEnv, site: Site) -> None:
    env.of_source = PAGED
    site.publish_many([plain_article(f"story-{number}", days=number + 10) for number in range(20)])
    site.list_style(per_screen=5)
    assert env.crawl().new == 20
    site.publish_many([plain_article(f"later-{number}", days=number + 1) for number in range(7)])
    site.clear_requests()
    assert env.crawl().new == 7
    pages = [request.target for request in site.requests if "category" in request.path]
    assert pages == ["/en/category/politics", "/en/category/politics?page=2"]


def test_a_list_with_nothing_known_on_it_is_a_gap(env: CrawlEnv, site: Site) -> None:
    env.of_source = LIST
    site.list_style(per_screen=5, paging=Paging.OFF)
    site.publish_many([plain_article(f"story-{number}", days=30 + number) for number in range(5)])
    env.crawl()
    assert env.rows("events") == []
    site.publish_many([plain_article(f"later-{number}", days=number + 1) for number in range(9)])
    env.crawl()
    event = env.row("events")
    assert (event.kind, event.subject) == ("gap", f"{site.url}/en/category/politics")


def test_a_feed_that_lies_about_its_etag_is_not_trusted_again(env: CrawlEnv, site: Site) -> None:
    env.of_source = FEED
    headers = {"ETag": '"stuck"', "Content-Type": "application/rss+xml"}
    site.publish_many([plain_article("one"), plain_article("two")])
    site.override("/rss.xml", feed_of(site, "one"), headers=headers)
    env.crawl()
    site.override("/rss.xml", feed_of(site, "one", "two"), headers=headers)
    assert env.crawl().new == 1
    assert not env.row("channels").validators_trusted
    site.clear_requests()
    env.crawl()
    assert "if-none-match" not in site.requests_for("/rss.xml")[0].headers


def feed_of(site: Site, *slugs: str) -> bytes:
    items = "".join(f"<item><title>{slug}</title><link>{site.url_of(slug)}</link></item>" for slug in slugs)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()


def test_an_article_dated_in_the_future_is_kept_and_flagged(env: CrawlEnv, site: Site) -> None:
    ahead = NOW + timedelta(days=400)
    site.publish_many([plain_article("scheduled", published_at=ahead), plain_article("one")])
    assert env.crawl().new == 2
    article = env.row("articles", title="Title of scheduled")
    assert article.published_at == ahead
    assert any("future" in problem.reason for problem in article.problems)
    assert article.recrawl_at < datetime.now(UTC) + timedelta(hours=1)


def test_cards_in_sidebars_are_never_stored(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("ours"))
    site.publish_many([plain_article(f"sport-{number}", sections=("sport",)) for number in range(6)])
    site.feed_style(language="ru")
    env.of_source = LIST
    env.crawl()
    assert [row.title for row in env.rows("articles")] == ["Title of ours"]
    assert Outcome.PENDING not in {row.outcome for row in env.rows("links")}


def test_robots_txt_is_obeyed(env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article("open"), plain_article("closed")])
    site.robots("User-agent: *\nDisallow: /en/post/closed\n")
    run = env.crawl()
    assert (run.new, run.failed) == (1, 1)
    assert site.requests_for("closed") == ()
    assert env.row("fetches", failure_stage=FailureStage.ROBOTS).reason == "robots.txt forbids this URL"


@pytest.mark.parametrize(("addressed", "new"), [("example", 1), ("github", 1), ("presswatch", 0)])
def test_robots_txt_rules_match_the_product_token_only(addressed: str, new: int, env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    site.robots(f"User-agent: {addressed}\nDisallow: /\n")
    env.slow_down(contact="https://github.com/example/env")
    assert env.crawl().new == new


@pytest.mark.parametrize("act", [bad.server_error(), bad.slow(600), bad.reset()], ids=["500", "slow", "reset"])
def test_robots_txt_that_cannot_be_had_is_no_permission(act: object, env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    site.misbehave("/robots.txt", act)
    env.slow_down(timeout=patient_duration(1))
    run = env.crawl()
    assert (run.status, run.new) == (RunStatus.FAILED, 0)
    assert {request.path for request in site.requests} == {"/robots.txt"}


def test_no_robots_txt_allows_all(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    site.robots(None, status=404)
    assert env.crawl().new == 1


def test_who_asks_is_said(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    env.slow_down(contact="mailto:env@example.org")
    env.crawl()
    agents = {request.headers["user-agent"] for request in site.requests}
    assert agents == {"Presswatch/0.1.0 (+mailto:env@example.org)"}


def test_the_bytes_of_a_bad_feed_are_what_they_say() -> None:
    assert b"<!ENTITY" in bad_bytes.entity_bomb("http://127.0.0.1/en/post/one")
