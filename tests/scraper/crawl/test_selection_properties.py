"""Test invariants of the selection with random listed and known links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scraper.crawl.selection import RecrawlMode, SelectionPolicy, select
from scraper.parsing.source_urls import merge
from storage.model.records import FetchPurpose, KnownLink, Link, Outcome

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
URLS = st.sampled_from([f"https://caliber.az/post/{n}" for n in range(8)])
TIMES = st.none() | st.integers(-48, 48).map(lambda hours: NOON + timedelta(hours=hours))
SECTIONS = st.sampled_from([(), ("politics",), ("society",), ("society", "politics")])
LANGUAGES = st.sampled_from([None, "en", "ru"])
LINKS = st.lists(
    st.builds(
        Link,
        url=URLS,
        channel=st.sampled_from(["feed", "list"]),
        published_at=TIMES,
        sections=SECTIONS,
        language=LANGUAGES,
    ),
    max_size=12,
)


@st.composite
def rows(draw: st.DrawFn) -> KnownLink:
    outcome = draw(st.sampled_from(Outcome))
    has_article = outcome is Outcome.STORED or (outcome is Outcome.GONE and draw(st.booleans()))
    return KnownLink(
        url=draw(URLS),
        outcome=outcome,
        failed_attempts=draw(st.integers(0, 2)),
        next_attempt_at=draw(TIMES),
        published_at=draw(TIMES),
        sections=draw(SECTIONS),
        language=draw(LANGUAGES),
        article_id=1 if has_article else None,
        recrawl_at=draw(TIMES) if has_article else None,
    )


KNOWN = st.lists(rows(), max_size=8).map(lambda found: {row.url: row for row in found})
POLICIES = st.builds(
    SelectionPolicy,
    sections=st.sampled_from([{}, {"politics": frozenset({"politics"})}]),
    languages=st.sampled_from([(), ("en",)]),
    since=TIMES,
    limit=st.none() | st.integers(1, 6),
    max_requests=st.integers(1, 8),
    recrawl_share=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    recrawl=st.sampled_from(RecrawlMode),
    retry_all=st.booleans(),
)
ORDER = [FetchPurpose.NEW, FetchPurpose.RETRY, FetchPurpose.RECRAWL]
Rows = Mapping[str, KnownLink]


@given(LINKS, KNOWN, POLICIES)
def test_every_listed_link_ends_in_one_place(links: Sequence[Link], known: Rows, policy: SelectionPolicy) -> None:
    choice = select(merge(links), known, now=NOON, policy=policy)
    places = [{target.url for target in choice.requests}, set(choice.filtered), set(choice.deferred)]
    for url in {link.url for link in links} | known.keys():
        times = sum(url in place for place in places)
        assert times == 1 or (times == 0 and _waits(known.get(url)))


def _waits(row: KnownLink | None) -> bool:
    """Return whether a known link needs no decision: it is not pending, or waits for its next attempt."""
    return row is not None and (row.outcome is not Outcome.PENDING or row.failed_attempts > 0)


@given(LINKS, KNOWN, POLICIES)
def test_no_address_is_fetched_twice(links: Sequence[Link], known: Rows, policy: SelectionPolicy) -> None:
    fetched = [target.url for target in select(merge(links), known, now=NOON, policy=policy).requests]
    assert len(fetched) == len(set(fetched))


@given(LINKS, KNOWN, POLICIES)
def test_limit_budget_and_share_hold(links: Sequence[Link], known: Rows, policy: SelectionPolicy) -> None:
    fetch = select(merge(links), known, now=NOON, policy=policy).requests
    again = sum(target.purpose is FetchPurpose.RECRAWL for target in fetch)
    assert len(fetch) - again <= policy.max_requests
    assert policy.limit is None or len(fetch) <= policy.limit
    if policy.recrawl is not RecrawlMode.ALL:
        assert len(fetch) <= policy.max_requests
        assert again <= policy.max_requests * policy.recrawl_share


@given(LINKS, KNOWN, POLICIES)
def test_discovery_comes_first(links: Sequence[Link], known: Rows, policy: SelectionPolicy) -> None:
    ranks = [ORDER.index(target.purpose) for target in select(merge(links), known, now=NOON, policy=policy).requests]
    assert ranks == sorted(ranks)


@given(LINKS, KNOWN, POLICIES)
def test_what_is_left_or_filtered_is_no_article(links: Sequence[Link], known: Rows, policy: SelectionPolicy) -> None:
    """Deferred and filtered overwrite the outcome of a link, which must not happen to an article."""
    choice = select(merge(links), known, now=NOON, policy=policy)
    articles = {url for url, row in known.items() if row.outcome in {Outcome.STORED, Outcome.GONE}}
    assert articles.isdisjoint({*choice.deferred, *choice.filtered, *choice.reopened})


@given(LINKS, KNOWN, POLICIES)
def test_what_is_reopened_was_set_aside_and_is_fetched_or_left(
    links: Sequence[Link], known: Rows, policy: SelectionPolicy
) -> None:
    choice = select(merge(links), known, now=NOON, policy=policy)
    assert all(known[url].outcome is Outcome.FILTERED for url in choice.reopened)
    assert set(choice.reopened) <= {target.url for target in choice.requests} | set(choice.deferred)


@given(LINKS, KNOWN, POLICIES)
def test_a_crawl_without_limits_leaves_no_new_link_behind(
    links: Sequence[Link], known: Rows, policy: SelectionPolicy
) -> None:
    open_policy = SelectionPolicy(sections=policy.sections, languages=policy.languages)
    choice = select(merge(links), known, now=NOON, policy=open_policy)
    new = {link.url for link in links} - known.keys()
    assert choice.deferred == {}
    assert new <= {target.url for target in choice.requests} | set(choice.filtered)
