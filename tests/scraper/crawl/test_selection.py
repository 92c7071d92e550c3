"""Test the selection of links in crawls of a small news site."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scraper.crawl.selection import (
    RecrawlMode,
    SelectionPolicy,
    matching_section,
    rejection_reason,
    select,
    should_fetch_next_page,
)
from scraper.parsing.source_urls import merge
from storage.model.records import FetchPurpose, KnownLink, Link, Outcome

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLITICS = {"politics": frozenset({"politics", "политика"})}
FEED = "https://caliber.az/rss.xml"
LIST = "https://caliber.az/en/category/politics"
ALL = SelectionPolicy()


def link(url: str, hours_ago: float | None = None, **hints: Any) -> Link:
    at = None if hours_ago is None else NOON - hours_ago * HOUR
    return Link(**{"url": url, "channel": FEED, "published_at": at} | hints)


def pending(url: str, attempts: int = 0, due_in: float | None = None, **row: Any) -> KnownLink:
    at = None if due_in is None else NOON + due_in * HOUR
    return KnownLink(url=url, outcome=Outcome.PENDING, failed_attempts=attempts, next_attempt_at=at, **row)


def stored(url: str, due_in: float | None = None, **row: Any) -> KnownLink:
    at = None if due_in is None else NOON + due_in * HOUR
    return KnownLink(url=url, outcome=Outcome.STORED, article_id=1, recrawl_at=at, **row)


def by_address(*rows: KnownLink) -> dict[str, KnownLink]:
    return {row.url: row for row in rows}


def crawl(links: list[Link], *known: KnownLink, policy: SelectionPolicy = ALL) -> list[tuple[str, FetchPurpose]]:
    choice = select(merge(links), by_address(*known), now=NOON, policy=policy)
    return [(target.url, target.purpose) for target in choice.requests]


def test_a_first_crawl_fetches_the_newest_first() -> None:
    assert crawl([link("b", 2), link("c", 3), link("a", 1)]) == [
        ("a", FetchPurpose.NEW),
        ("b", FetchPurpose.NEW),
        ("c", FetchPurpose.NEW),
    ]


def test_a_second_crawl_with_nothing_new_fetches_nothing() -> None:
    links = [link("a", 1), link("b", 2)]
    choice = select(merge(links), by_address(stored("a"), stored("b", due_in=1)), now=NOON, policy=ALL)
    assert (choice.requests, choice.filtered, choice.deferred, choice.reopened) == ((), {}, {}, {})


def test_a_link_without_a_date_goes_where_its_list_has_it() -> None:
    assert [url for url, _ in crawl([link("a", 1), link("undated"), link("c", 3)])] == ["a", "undated", "c"]


def test_a_list_without_dates_keeps_its_order() -> None:
    assert [url for url, _ in crawl([link("x"), link("y"), link("z")])] == ["x", "y", "z"]


def test_dates_in_the_future_do_not_push_the_others_back() -> None:
    links = [link("now", 0), link("tomorrow", -24), link("old", 1)]
    assert [url for url, _ in crawl(links)] == ["now", "tomorrow", "old"]


def test_discovery_comes_before_retries_and_retries_before_recrawls() -> None:
    known = (stored("due", due_in=-1), pending("failed", attempts=2, due_in=-1))
    assert crawl([link("new", 1)], *known) == [
        ("new", FetchPurpose.NEW),
        ("failed", FetchPurpose.RETRY),
        ("due", FetchPurpose.RECRAWL),
    ]


def test_retries_longest_waiting_first_and_only_those_due() -> None:
    known = (pending("late", 1, due_in=-1), pending("later", 3, due_in=-5), pending("soon", 1, due_in=1))
    assert [url for url, _ in crawl([], *known)] == ["later", "late"]


def test_a_crawl_by_hand_takes_up_every_pending_link() -> None:
    known = (pending("soon", 1, due_in=1),)
    assert crawl([], *known, policy=SelectionPolicy(retry_all=True)) == [("soon", FetchPurpose.RETRY)]


def test_a_link_that_was_noted_and_never_tried_is_new_though_it_left_its_list() -> None:
    assert crawl([], pending("noted")) == [("noted", FetchPurpose.NEW)]


def test_recrawls_longest_overdue_first() -> None:
    known = (stored("a", due_in=-1), stored("b", due_in=-9), stored("c", due_in=1), stored("d"))
    assert [url for url, _ in crawl([], *known)] == ["b", "a"]


def test_recrawls_can_be_turned_off_or_up() -> None:
    known = (stored("due", due_in=-1), stored("done"))
    assert crawl([], *known, policy=SelectionPolicy(recrawl=RecrawlMode.NONE)) == []
    assert {url for url, _ in crawl([], *known, policy=SelectionPolicy(recrawl=RecrawlMode.ALL))} == {"due", "done"}


def test_recrawls_take_their_share_of_the_budget_at_most() -> None:
    known = [stored(f"due {n}", due_in=-1) for n in range(20)]
    assert len(crawl([], *known, policy=SelectionPolicy(max_requests=10, recrawl_share=0.3))) == 3


def test_recrawls_give_way_to_what_is_new() -> None:
    links = [link(f"new {n}", n) for n in range(9)]
    known = [stored(f"due {n}", due_in=-1) for n in range(20)]
    chosen = crawl(links, *known, policy=SelectionPolicy(max_requests=10))
    assert [why for _, why in chosen] == [FetchPurpose.NEW] * 9 + [FetchPurpose.RECRAWL]


def test_what_is_beyond_limit_or_budget_stays_pending_with_the_reason() -> None:
    links = [link("a", 1), link("b", 2), link("c", 3)]
    limited = select(merge(links), {}, now=NOON, policy=SelectionPolicy(limit=1))
    assert ([t.url for t in limited.requests], set(limited.deferred)) == (["a"], {"b", "c"})
    assert "limit" in limited.deferred["b"]
    assert "budget" in select(merge(links), {}, now=NOON, policy=SelectionPolicy(max_requests=2)).deferred["c"]


def test_links_older_than_asked_stay_pending_and_undated_ones_are_fetched() -> None:
    links = [link("new", 1), link("old", 30), link("undated")]
    choice = select(merge(links), {}, now=NOON, policy=SelectionPolicy(since=NOON - 24 * HOUR))
    assert {target.url for target in choice.requests} == {"new", "undated"}
    assert choice.deferred["old"].startswith("older than 2026-11-03")


def test_a_failed_link_older_than_asked_is_not_retried_and_keeps_its_reason() -> None:
    row = pending("old", 1, due_in=-1, published_at=NOON - 30 * HOUR)
    choice = select({}, by_address(row), now=NOON, policy=SelectionPolicy(since=NOON - 24 * HOUR))
    assert (choice.requests, choice.deferred) == ((), {})


def test_links_of_other_sections_and_languages_are_set_aside_with_the_reason() -> None:
    links = [
        link("politics", sections=("политика",), language="en"),
        link("unknown"),
        link("society", sections=("society",)),
        link("russian", sections=("politics",), language="ru"),
    ]
    choice = select(merge(links), {}, now=NOON, policy=SelectionPolicy(sections=POLITICS, languages=("en",)))
    assert {target.url for target in choice.requests} == {"politics", "unknown"}
    assert choice.filtered == {"society": "section: society", "russian": "language: ru"}


def test_one_article_on_two_channels_is_one_target_with_the_hints_of_both() -> None:
    on_feed = link("a", 1, sections=("society",))
    on_list = link("a", channel=LIST, title="A", sections=("politics",))
    assert crawl([on_feed, on_list], policy=SelectionPolicy(sections=POLITICS)) == [("a", FetchPurpose.NEW)]
    (both,) = merge([on_feed, on_list]).values()
    assert (both.title, both.published_at, both.sections) == ("A", NOON - HOUR, ("society", "politics"))


def test_a_pending_link_listed_under_a_second_section_is_wanted_for_either() -> None:
    noted = pending("a", sections=("society",))
    assert crawl([link("a", sections=("politics",))], noted, policy=SelectionPolicy(sections=POLITICS)) == [
        ("a", FetchPurpose.NEW)
    ]


@pytest.mark.parametrize("attempts", [0, 3])
def test_a_pending_link_the_settings_dropped_is_set_aside(attempts: int) -> None:
    row = pending("a", attempts, due_in=-1, sections=("society",))
    choice = select({}, by_address(row), now=NOON, policy=SelectionPolicy(sections=POLITICS))
    assert (choice.requests, choice.filtered) == ((), {"a": "section: society"})


def test_a_link_set_aside_under_other_settings_is_reopened_under_these() -> None:
    row = KnownLink(url="a", outcome=Outcome.FILTERED, sections=("society",), language="en")
    listed = [link("a", 1)]
    still = select(merge(listed), by_address(row), now=NOON, policy=SelectionPolicy(sections=POLITICS))
    assert (still.requests, still.reopened, set(still.filtered)) == ((), {}, {"a"})
    wanted = select(merge(listed), by_address(row), now=NOON, policy=SelectionPolicy(languages=("en",)))
    assert ([t.url for t in wanted.requests], set(wanted.reopened)) == (["a"], {"a"})


def test_what_a_page_said_outweighs_the_hint_beside_its_link() -> None:
    row = KnownLink(url="a", outcome=Outcome.FILTERED, sections=("society",), was_parsed=True)
    listed = [link("a", 1, sections=("politics",))]
    assert crawl(listed, row, policy=SelectionPolicy(sections=POLITICS)) == []


def test_a_hint_is_outweighed_by_a_listing_under_a_wanted_section() -> None:
    row = KnownLink(url="a", outcome=Outcome.FILTERED, sections=("society",))
    listed = [link("a", 1, sections=("politics",))]
    assert crawl(listed, row, policy=SelectionPolicy(sections=POLITICS)) == [("a", FetchPurpose.NEW)]


def test_an_article_we_have_is_never_set_aside() -> None:
    choice = select(
        merge([link("a", sections=("society",))]),
        by_address(stored("a")),
        now=NOON,
        policy=SelectionPolicy(sections=POLITICS),
    )
    assert choice.filtered == {}


def test_a_gone_article_listed_anew_is_tried_again_when_its_time_has_come() -> None:
    gone = KnownLink(url="a", outcome=Outcome.GONE, failed_attempts=2, next_attempt_at=NOON - HOUR)
    assert crawl([link("a", 1)], gone) == [("a", FetchPurpose.RETRY)]
    assert crawl([link("a", 1)], replace(gone, next_attempt_at=NOON + HOUR)) == []
    assert crawl([], gone) == []


def test_the_crawl_asks_again_once_the_page_is_read() -> None:
    policy = SelectionPolicy(sections=POLITICS, languages=("en",))
    assert rejection_reason(("society", "politics"), "en", policy) is None
    assert rejection_reason((), None, policy) is None
    assert rejection_reason(("society", "sport"), "en", policy) == "section: society, sport"
    assert matching_section(("society", "политика"), policy) == "politics"
    assert matching_section(("society",), policy) is None


@pytest.mark.parametrize(
    ("page", "seen", "known", "page_number", "expected"),
    [
        (["a", "b", "c"], [], [], 1, True),
        (["a", "b", "c"], [], ["c"], 1, True),
        (["a", "b", "c"], [], ["b", "c"], 1, False),
        (["a", "b"], ["a", "b"], [], 2, False),
        (["a", "b"], ["a"], [], 2, True),
        ([], [], [], 1, False),
        (["a"], [], [], 20, False),
    ],
)
def test_a_list_is_turned_while_it_brings_something_new(
    page: list[str], seen: list[str], known: list[str], page_number: int, expected: bool
) -> None:
    assert should_fetch_next_page(page, seen, known, page_number=page_number) is expected


@pytest.mark.parametrize("recrawl", [RecrawlMode.DUE, RecrawlMode.ALL])
def test_since_leaves_older_articles_for_later_too(recrawl: RecrawlMode) -> None:
    known = (
        stored("young", due_in=-1, published_at=NOON - HOUR),
        stored("old", due_in=-1, published_at=NOON - 3 * HOUR),
        stored("undated", due_in=-1),
    )
    policy = SelectionPolicy(since=NOON - 2 * HOUR, recrawl=recrawl)
    assert [url for url, _ in crawl([], *known, policy=policy)] == ["undated", "young"]
