"""Test the main path: first crawl, later crawls, stored rows."""

from __future__ import annotations

from datetime import timedelta

from scraper.crawl.selection import RecrawlMode
from storage.model.records import EditKind, Outcome, RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import NOW, plain_article
from tests.support.site import Site, blocks


def test_every_article_is_stored_once_with_all_its_fields(env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article("one"), plain_article("two", days=4, subtitle="With a subtitle")])
    run = env.crawl()
    assert (run.status, run.new, run.failed, run.pending) == (RunStatus.SUCCEEDED, 2, 0, 0)
    article = env.row("articles", url=f"{site.url}/en/post/two")
    assert article.title == "Title of two"
    assert article.subtitle == "With a subtitle"
    assert article.body == "First paragraph of it.\n\nSecond, with 15 million in it."
    assert article.published_at == NOW - timedelta(days=4)
    assert article.published_precision == "minute"
    assert (article.language, article.section, article.view_count) == ("en", "politics", 100)
    assert article.problems == ()


def test_a_second_crawl_with_nothing_new_costs_the_channels_and_no_article(env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article("one"), plain_article("two")])
    env.crawl()
    site.clear_requests()
    run = env.crawl()
    assert run.status is RunStatus.SUCCEEDED
    assert [request.path for request in site.requests] == ["/robots.txt", "/rss.xml", "/en/category/politics"]
    assert site.requests_for("/rss.xml")[0].status == 304
    assert (run.new, run.unchanged) == (0, 0)


def test_other_sections_and_languages_end_as_filtered(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("ours"))
    site.publish(plain_article("sport-story", sections=("sport",)))
    site.publish(plain_article("po-russki", language="ru", title="Заголовок"))
    run = env.crawl()
    assert (run.listed, run.new, run.filtered, run.pending) == (3, 1, 2, 0)
    outcomes = {row.url.rpartition("/")[2]: (row.outcome, row.outcome_reason) for row in env.rows("links")}
    assert outcomes["ours"][0] is Outcome.STORED
    assert outcomes["sport-story"] == (Outcome.FILTERED, "section: sport")
    assert outcomes["po-russki"] == (Outcome.FILTERED, "language: ru")


def test_an_edit_keeps_the_text_before_and_a_count_is_added(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    env.crawl()
    site.edit(
        "one", body=(blocks.paragraph("First paragraph of it."), blocks.paragraph("Second, with 1.5 million in it."))
    )
    site.count("one", 250)
    run = env.crawl(recrawl=RecrawlMode.ALL)
    assert (run.revised, run.views_updated) == (1, 1)
    revision = env.row("revisions")
    assert revision.edit_kind is EditKind.NUMBERS
    assert "15 million" in revision.body
    assert revision.is_stealth
    article = env.row("articles")
    assert "1.5 million" in article.body
    assert article.view_count == 250
    with env.store() as store:
        assert [reading.view_count for reading in store.articles.readings(article.id)] == [100, 250]


def test_the_same_page_fetched_twice_changes_nothing(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    env.crawl()
    before = env.row("articles")
    run = env.crawl(recrawl=RecrawlMode.ALL)
    after = env.row("articles")
    assert (run.unchanged, run.revised) == (1, 0)
    assert after.content_hash == before.content_hash
    assert env.rows("revisions") == []


def test_the_same_text_under_a_second_address_is_flagged(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one", title="Same words"))
    env.crawl()
    site.publish(plain_article("one-again", title="Same words"))
    env.crawl()
    first, second = env.rows("articles")
    assert (first.duplicate_of_id, second.duplicate_of_id) == (None, first.id)


def test_a_young_article_is_recrawled_when_it_is_due(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one", days=0, published_at=NOW - timedelta(minutes=16)))
    env.crawl()
    article = env.row("articles")
    assert article.recrawl_at == NOW - timedelta(minutes=16) + timedelta(hours=1)


def test_one_article_named_by_hand_is_stored_whatever_its_section(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("sport-story", sections=("sport",)))
    run = env.crawl(urls=(f"{site.url}/en/post/sport-story/?utm_source=mail#top",))
    assert (run.new, run.listed) == (1, 0)
    assert env.row("articles").url == f"{site.url}/en/post/sport-story"
    assert site.requests_for("/rss.xml") == ()


def test_two_spellings_of_one_address_are_one_request(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    run = env.crawl(urls=(site.url_of("one"), f"{site.url}/en/post/one/?utm_source=mail"))
    assert (run.new, run.unchanged, len(site.requests_for("one"))) == (1, 0, 1)


def test_a_limit_leaves_the_rest_pending_and_the_next_crawl_takes_it_up(env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article(f"story-{number}", days=number + 1) for number in range(5)])
    run = env.crawl(limit=2)
    assert (run.new, run.pending) == (2, 3)
    assert [row.title for row in env.rows("articles")] == ["Title of story-0", "Title of story-1"]
    assert env.crawl().new == 3


def test_since_leaves_older_links_for_later(env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article("young", days=1), plain_article("old", days=9)])
    run = env.crawl(since=NOW - timedelta(days=2))
    assert (run.new, run.pending) == (1, 1)
    assert env.row("links", url=f"{site.url}/en/post/old").outcome_reason.startswith("older than")


def test_settings_widened_later_take_up_what_was_filtered(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("sport-story", sections=("sport",)))
    site.publish(plain_article("ours"))
    env.crawl()
    env.of_source = type(env.of_source)(sections=("politics", "sport"))
    assert env.crawl().new == 1
    assert {row.section for row in env.rows("articles")} == {"politics", "sport"}


def test_links_to_the_site_itself_are_moved_to_the_copy(env: CrawlEnv, site: Site) -> None:
    site.link_base("https://caliber.az")
    site.publish(plain_article("one"))
    assert env.crawl().new == 1
    assert env.row("articles").url == f"{site.url}/en/post/one"
