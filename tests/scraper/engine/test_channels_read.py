"""Test that a run is marked as one that read every channel only if it did: coverage is computed from the mark."""

from __future__ import annotations

from sqlalchemy import select, update

from storage.database.tables import channels, crawl_runs
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import plain_article
from tests.support.site import Site, bad


def marks(env: CrawlEnv) -> list[bool]:
    with env.store() as store, store.read() as connection:
        return list(connection.scalars(select(crawl_runs.c.channels_read).order_by(crawl_runs.c.id)))


def test_a_crawl_that_read_every_channel_is_marked_also_if_nothing_changed(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    env.crawl()
    env.crawl()
    assert marks(env) == [True, True]


def test_so_is_one_whose_articles_failed(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    site.misbehave("one", bad.server_error())
    env.crawl()
    assert marks(env) == [True]


def test_one_with_a_failed_channel_is_not(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    site.misbehave("/rss.xml", bad.server_error())
    env.crawl()
    assert marks(env) == [False]


def test_nor_is_one_of_single_urls(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    env.crawl(urls=(site.url_of("one"),))
    assert marks(env) == [False]


def test_nor_is_one_of_a_copy_beside_the_site_that_is_watched(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    env.crawl()
    with env.store() as store, store.write() as connection:
        connection.execute(update(channels).values(url="https://caliber.az/" + channels.c.id.concat("")))
    env.crawl()
    assert marks(env) == [True, False]
