"""Test the outcome of a link over several crawls with failures, redirects and changed settings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from scraper.crawl.selection import RecrawlMode
from storage.config.settings import SourceSettings
from storage.database.tables import links
from storage.model.records import Outcome
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import NOW, plain_article
from tests.support.site import Site, bad


def test_an_article_named_by_hand_is_followed_whatever_its_section_and_language(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("ours"))
    site.publish(plain_article("sport-story", sections=("sport",)))
    site.publish(plain_article("po-russki", language="ru", title="Заголовок"))
    env.crawl()
    env.crawl(urls=(site.url_of("sport-story"), site.url_of("po-russki")))
    site.count("sport-story", 500)
    site.count("po-russki", 600)
    run = env.crawl(recrawl=RecrawlMode.ALL)
    assert (run.filtered, run.views_updated) == (0, 3)
    assert sorted(row.view_count for row in env.rows("articles")) == [100, 500, 600]
    assert {row.outcome for row in env.rows("links")} == {Outcome.STORED}


def test_a_link_left_for_later_keeps_the_sections_of_every_channel(env: CrawlEnv, site: Site) -> None:
    """One channel calls it economics, another politics: it is wanted, now and when it has left both lists."""
    site.publish_many([plain_article("one", days=1), plain_article("two", days=2), plain_article("three", days=3)])
    site.override("/rss.xml", economics_feed(site, "two", "three"), headers={"Content-Type": "application/rss+xml"})
    run = env.crawl(limit=1)
    assert (run.new, run.pending) == (1, 2)
    assert env.row("links", url=site.url_of("two")).sections == ("economics", "politics")
    site.unlist("three")
    run = env.crawl()
    assert (run.new, run.filtered, run.pending) == (2, 0, 0)


def test_a_link_filtered_by_one_channel_is_kept_for_later_by_another(env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article("one", days=1), plain_article("two", days=2)])
    site.unlist("two")
    site.override("/rss.xml", economics_feed(site, "two"), headers={"Content-Type": "application/rss+xml"})
    env.crawl()
    assert env.row("links", url=site.url_of("two")).outcome is Outcome.FILTERED
    site.restore("two")
    assert env.crawl(since=NOW).pending == 1
    assert env.crawl().new == 1


@pytest.mark.parametrize("languages", [("en", "ru"), ("EN", "RU"), ()])
def test_languages_widened_later_take_up_what_was_filtered(
    languages: tuple[str, ...], env: CrawlEnv, site: Site
) -> None:
    """Though the feed has not changed since; and codes are compared without case, as sections are."""
    site.publish_many([plain_article("ours"), plain_article("po-russki", language="ru", title="Заголовок")])
    assert env.crawl().new == 1
    env.of_source = SourceSettings(languages=languages)
    run = env.crawl()
    assert (run.new, run.filtered) == (1, 0)


def test_a_crawl_of_one_copy_leaves_the_addresses_of_another_alone(env: CrawlEnv, site: Site) -> None:
    """A test copy crawled into the same database must not turn into failures, recrawls or requests of the other."""
    site.publish_many([plain_article("one", days=1), plain_article("two", days=2)])
    env.crawl(limit=1)
    before = env.rows("links")
    with Site.start() as other:
        other.publish_many([plain_article("one", days=1), plain_article("two", days=2)])
        run = CrawlEnv(env.folder, other).crawl(recrawl=RecrawlMode.ALL)
    assert (run.new, run.failed) == (2, 0)
    assert env.rows("links")[:2] == before
    assert env.crawl(recrawl=RecrawlMode.ALL).failed == 0


def test_a_gone_article_stays_gone_when_its_host_fails(env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article("one"), plain_article("two")])
    env.crawl()
    site.withdraw("one")
    env.crawl(recrawl=RecrawlMode.ALL)
    long_missing(env, site.url_of("one"))
    assert env.crawl(recrawl=RecrawlMode.ALL).gone == 1
    site.misbehave("one", bad.server_error())
    run = env.crawl(recrawl=RecrawlMode.ALL)
    assert (run.failed, run.pending) == (1, 0)
    assert env.row("links", url=site.url_of("one")).outcome is Outcome.GONE
    site.behave()
    site.restore("one")
    env.crawl(recrawl=RecrawlMode.ALL)
    assert env.row("articles", url=site.url_of("one")).gone_at is None


def test_a_page_that_was_read_in_between_must_be_missing_twice_again(env: CrawlEnv, site: Site) -> None:
    site.feed_style(sections=False)
    env.of_source = SourceSettings(channels=({"feed": "/rss.xml"},))
    site.publish_many([plain_article("one"), plain_article("two")])
    site.edit("one", sections=("sport",))
    site.misbehave("one", bad.answer(404))
    env.crawl()
    long_missing(env, site.url_of("one"))
    site.behave()
    assert env.crawl().filtered == 1
    env.of_source = SourceSettings(sections=())
    site.misbehave("one", bad.answer(404))
    assert env.crawl().gone == 0
    assert env.row("links", url=site.url_of("one")).outcome is Outcome.PENDING


def test_what_is_set_aside_after_failures_is_not_said_to_be_tried_again(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    site.misbehave("one", bad.server_error())
    env.crawl()
    env.of_source = SourceSettings(sections=("economics",))
    env.crawl()
    link = env.row("links")
    assert (link.outcome, link.failed_attempts, link.next_attempt_at) == (Outcome.FILTERED, 0, None)
    assert "next attempt    none planned" in env.command("inspect", link.url).stdout


def long_missing(env: CrawlEnv, url: str) -> None:
    """As if the first 404 had been answered a day ago."""
    with env.store() as store, store.write() as connection:
        connection.execute(update(links).where(links.c.url == url).values(first_404_at=NOW - timedelta(days=1)))


def economics_feed(site: Site, *slugs: str) -> bytes:
    items = "".join(
        f"<item><title>{slug}</title><link>{site.url_of(slug)}</link><category>Economics</category></item>"
        for slug in slugs
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()


def test_an_article_that_moved_and_was_edited_is_followed_where_it_is_now(env: CrawlEnv, site: Site) -> None:
    """Its text no longer shows that it is the same; that the old address redirects there does."""
    site.publish(plain_article("one", days=1))
    env.crawl()
    site.publish(plain_article("renamed", days=1, title="Quite another title"))
    site.unlist("renamed")
    site.misbehave("one", bad.redirect(site.article("renamed").path, status=301))
    assert env.crawl(recrawl=RecrawlMode.ALL).new == 1
    old, new = env.row("articles", url=site.url_of("one")), env.row("articles", url=site.url_of("renamed"))
    assert (new.title, new.duplicate_of_id, old.duplicate_of_id) == ("Quite another title", old.id, None)
    assert (old.recrawl_at, old.gone_at) == (None, None)
    assert new.recrawl_at is not None
    link = env.row("links", url=site.url_of("one"))
    assert (link.outcome, link.outcome_reason) == (Outcome.STORED, f"redirects to {new.url}")

    site.clear_requests()
    run = env.crawl(recrawl=RecrawlMode.ALL)
    assert (run.unchanged, run.new) == (1, 0)
    assert (len(site.requests_for("one")), len(site.requests_for("renamed"))) == (0, 1)
    assert f"same text       {old.id}, {old.url}" in env.command("show", str(new.id)).stdout


def test_an_address_that_redirected_from_the_first_is_not_recrawled(env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article("here", days=1), plain_article("old-name", days=1)])
    site.unlist("here")
    site.misbehave("old-name", bad.redirect(site.article("here").path))
    env.crawl()
    site.clear_requests()
    env.crawl(recrawl=RecrawlMode.ALL)
    assert (len(site.requests_for("old-name")), len(site.requests_for("here"))) == (0, 1)
