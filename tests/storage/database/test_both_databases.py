"""Store values that only one of the databases takes by itself: both keep them and give the same results."""

from __future__ import annotations

import pytest

from storage.articles.details import link_details
from storage.articles.filters import ArticleFilter, Cursor, Sort
from storage.crawling.links import FetchAttempt
from storage.crawling.runs import CrawlCounts, RunStatus, Trigger
from storage.crawling.sources import Sources
from storage.model.errors import ConfigError
from storage.model.records import ArticleData, FetchPurpose, Outcome, Problem
from storage.scheduling.schedules import Schedule
from storage.store import open_store
from tests.support.rows import NOON, Rows

pytestmark = pytest.mark.dialect

MANY = 10**12
ODD = "a\0b\ud800c 🛢 Ə"
KEPT = "a\ufffdb\ufffdc 🛢 Ə"


def test_counts_above_two_thousand_million(rows: Rows) -> None:
    article = rows.article("read", view_count=MANY)
    rows.readings(article, MANY - 1, MANY)
    run = rows.store.runs.open("caliber", Trigger.MANUAL, now=NOON)
    link = rows.link("https://caliber.az/en/post/read")
    rows.fetch(link, run_id=run, byte_count=MANY, view_count=MANY)
    closed = rows.store.runs.close(run, RunStatus.SUCCEEDED, now=NOON, counts=CrawlCounts(received=MANY))
    assert closed.received == MANY
    assert [found.view_count for found in rows.store.articles.find(ArticleFilter(min_views=MANY))] == [MANY]
    assert [reading.view_count for reading in rows.store.articles.readings(article)] == [MANY - 1, MANY]


def test_characters_that_no_text_may_hold_are_marked(rows: Rows) -> None:
    url = "https://caliber.az/en/post/odd"
    said = ArticleData(
        source="caliber",
        url=url,
        language="en",
        sections=(ODD,),
        title=ODD,
        body=ODD,
        fetched_at=NOON,
        parser_version=1,
        problems=(Problem("author", ODD),),
    )
    rows.store.links.ensure("caliber", [url], now=NOON)
    saved = rows.store.saving.save(
        said, FetchAttempt(url=url, purpose=FetchPurpose.NEW, fetched_at=NOON, run_id=None), section=None
    )
    found = rows.store.articles.get(saved.article_id)
    assert found is not None
    assert (found.title, found.body, found.sections) == (KEPT, KEPT, (KEPT,))
    assert str(found.problems[0]).startswith("author: a")
    rows.store.events.add(source="caliber", kind="gone", subject=ODD, details={"why": ODD}, now=NOON)
    assert rows.store.events.find()[0].subject == KEPT
    assert list(rows.store.articles.find(ArticleFilter(section=ODD))) == []


def test_names_are_in_the_order_of_their_code_points(rows: Rows) -> None:
    names = ["b", "A", "a b", "ab", "a-b", "я", "Z", "ё"]
    for name in names:
        rows.source(name, title=name)
        rows.store.schedules.set(Schedule(source=name, next_poll_at=NOON, interval=None, reason="new"))
    assert list(rows.store.schedules.all()) == sorted(names)


def test_a_cursor_from_elsewhere_is_a_place_like_any_other(rows: Rows) -> None:
    rows.article("one")
    for sort, key in ((Sort.STORED, None), (Sort.DATE, NOON), (Sort.VIEWS, MANY)):
        assert len(list(rows.store.articles.find(sort=sort, after=Cursor(key, 2**40)))) == 1


def test_a_link_that_is_listed_again_keeps_its_first_time(rows: Rows) -> None:
    url = "https://caliber.az/en/post/listed"
    link = rows.link(url, outcome=Outcome.PENDING)
    rows.listing(link, "https://caliber.az/rss.xml")
    details = link_details(rows.store, url)
    assert details is not None
    assert [listed.first_listed_at for listed in details.listings] == [NOON]


def test_a_source_that_is_declared_twice_is_one(rows: Rows) -> None:
    for title in ("Caliber", "Caliber.az"):
        Sources(rows.store).declare(name="caliber", title=title, home="h", terms="t", timezone="UTC")
    rows.article("one")
    assert [found.source_title for found in rows.store.articles.find()] == ["Caliber.az"]


@pytest.mark.parametrize("address", ["nonsense", "sqlite://", "postgresql+psycopg://u@h:port/news"])
def test_an_address_that_cannot_be_used_says_how_to_write_it(address: str) -> None:
    with pytest.raises(
        ConfigError, match=r"cannot be used \(.+\); write it as (sqlite://|postgresql\+psycopg://|\./nonsense)"
    ):
        open_store(address)
