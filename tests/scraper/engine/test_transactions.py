"""Test the number of transactions of a crawl: one per step, and one per batch of saves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from scraper.crawl import discovery
from scraper.crawl.selection import RecrawlMode
from storage.crawling.crawls import Crawls
from storage.model.records import Outcome, RunStatus
from storage.store import Store
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import plain_article
from tests.support.site import Site

BASE_URL_READS = 1
"""The crawls of the env name a base URL: whether it is the site that is watched is read once."""


@pytest.fixture
def transactions(env: CrawlEnv, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each transaction that a crawl of the env begins, however late a channel answers."""
    monkeypatch.setattr(discovery, "LATE_AFTER", timedelta(hours=1))
    begun: list[str] = []
    open_store = env.store

    def counted() -> Store:
        store = open_store()
        event.listen(store.engine, "begin", lambda connection: begun.append(connection.dialect.name))
        return store

    monkeypatch.setattr(env, "store", counted)
    return begun


def test_a_first_crawl_takes_four_transactions_and_at_most_one_an_article(
    env: CrawlEnv, site: Site, transactions: list[str]
) -> None:
    """Begin, polls, selection, end; filtered links and links beyond the budget cost no other."""
    site.publish_many([plain_article(f"story-{number}", days=number + 1) for number in range(5)])
    site.publish(plain_article("sport-story", sections=("sport",)))
    run = env.crawl(limit=3)
    assert (run.new, run.filtered, run.pending) == (3, 1, 2)
    assert 4 < len(transactions) <= 4 + 3


def test_a_crawl_with_nothing_new_takes_four_transactions(env: CrawlEnv, site: Site, transactions: list[str]) -> None:
    site.publish_many([plain_article("one"), plain_article("two")])
    env.crawl()
    transactions.clear()
    run = env.crawl()
    assert (run.status, run.new, run.unchanged) == (RunStatus.SUCCEEDED, 0, 0)
    assert len(transactions) == 4 + BASE_URL_READS


def test_a_recrawl_takes_no_more(env: CrawlEnv, site: Site, transactions: list[str]) -> None:
    site.publish_many([plain_article("one"), plain_article("two")])
    env.crawl()
    transactions.clear()
    assert env.crawl(recrawl=RecrawlMode.ALL).unchanged == 2
    assert 4 < len(transactions) <= 4 + 2


def test_a_crawl_killed_before_its_selection_is_recorded_decides_everything_again(
    env: CrawlEnv, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its links are kept; the poll state is not, or the channels would be "not modified" and nothing reopened."""
    site.publish_many([plain_article("one"), plain_article("sport-story", sections=("sport",))])
    env.crawl()
    site.publish(plain_article("two"))
    env.of_source = type(env.of_source)(sections=("politics", "sport"))

    def killed(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Crawls, "record_selection", killed)
        with pytest.raises(KeyboardInterrupt):
            env.crawl()
    assert {row.outcome for row in env.rows("links")} == {Outcome.STORED, Outcome.FILTERED, Outcome.PENDING}
    with env.store() as store, store.write() as connection:
        connection.exec_driver_sql("UPDATE crawl_runs SET finished_at = started_at WHERE finished_at IS NULL")
    assert env.crawl().new == 2
    assert {row.outcome for row in env.rows("links")} == {Outcome.STORED}
