"""Test the records of a crawl's steps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.crawling import channels
from storage.crawling.channels import ChannelState
from storage.crawling.crawls import has_gap
from storage.crawling.links import upsert_listed, upsert_listings
from storage.model.records import Link
from tests.support.rows import HOUR, NOON, Rows

FEED = "https://caliber.az/rss.xml"


def links(names: str, *, ages: str = "") -> list[Link]:
    """A link a letter, each published so many hours before NOON."""
    dates = [NOON - timedelta(hours=int(age)) for age in ages] or [None] * len(names)
    return [Link(url=name, channel=FEED, published_at=date) for name, date in zip(names, dates, strict=True)]


@pytest.mark.parametrize(
    ("listed", "known", "good", "gap"),
    [
        pytest.param("ab", "c", True, True, id="nothing listed is known"),
        pytest.param("ab", "b", True, False, id="the list ends at a known link"),
        pytest.param("ab", "c", False, False, id="the channel was never read before"),
        pytest.param("", "c", True, False, id="an empty list"),
        pytest.param("pabc", "p", True, True, id="only a pinned link above is known"),
        pytest.param("apbc", "p", True, True, id="only a pinned link among new ones is known"),
        pytest.param("kmna", "kmn", True, False, id="an old article was put on the end of a known list"),
        pytest.param("kab", "kk", True, True, id="most are new, and the end is"),
    ],
)
def test_a_gap_is_a_list_that_ended_before_a_known_link(listed: str, known: str, good: bool, gap: bool) -> None:
    state = ChannelState(id=1, url=FEED, last_success_at=NOON if good else None)
    assert has_gap(state, links(listed), set(known)) is gap


def test_a_list_with_the_oldest_first_begins_at_its_end() -> None:
    state = ChannelState(id=1, url=FEED, last_success_at=NOON)
    assert not has_gap(state, links("kabc", ages="9321"), {"k"})
    assert has_gap(state, links("kabc", ages="1239"), {"k"})
    assert has_gap(state, links("kabc", ages="9123"), {"k"}), "an old one that is pinned above does not turn the list"


@pytest.mark.dialect
def test_the_links_that_a_channel_listed_before_are_told_from_those_of_others(rows: Rows) -> None:
    with rows.store.write() as connection:
        upsert_listed(connection, "caliber", links("abc"), NOON)
        ids = [
            state.id for state in channels.get_or_create(connection, "caliber", ["https://one", "https://two"]).values()
        ]
        assert upsert_listings(connection, ids[0], list("ab"), NOON) == set()
        assert upsert_listings(connection, ids[1], list("bc"), NOON + HOUR) == set()
        assert upsert_listings(connection, ids[0], list("bc"), NOON + HOUR) == {"b"}
        assert upsert_listings(connection, ids[1], list("abc"), NOON + 2 * HOUR) == {"b", "c"}
