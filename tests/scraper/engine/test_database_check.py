"""What crawls write keeps every promise that `presswatch db check` looks at."""

from __future__ import annotations

from scraper.crawl.selection import RecrawlMode
from storage.integrity.database_check import check_database
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import plain_article
from tests.support.site import Site, blocks


def test_a_database_is_sound_after_crawls_edits_and_removals(env: CrawlEnv, site: Site) -> None:
    site.publish_many(
        [plain_article("one"), plain_article("two"), plain_article("three", sections=("politics", "sport"))]
    )
    site.publish(plain_article("filtered", sections=("sport",)))
    env.crawl()
    site.edit("one", body=(blocks.paragraph("Second, with 1.5 million in it."),), title="Title of another")
    site.edit("two", sections=("politics", "economy"))
    site.remove("three")
    assert env.crawl(recrawl=RecrawlMode.ALL).revised >= 1
    with env.store() as store:
        assert list(check_database(store.engine, lambda _phase, _done, _total: None)) == []
