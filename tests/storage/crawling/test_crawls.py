"""Test the records of a crawl's steps."""

from __future__ import annotations

import pytest

from storage.crawling.channels import ChannelState
from storage.crawling.crawls import has_gap
from tests.support.rows import NOON

FEED = "https://caliber.az/rss.xml"


@pytest.mark.parametrize(
    ("listed", "known", "good", "gap"),
    [
        ({"a", "b"}, {"c"}, True, True),
        ({"a", "b"}, {"b"}, True, False),
        ({"a", "b"}, {"c"}, False, False),
        (set(), {"c"}, True, False),
    ],
)
def test_a_gap_is_a_listing_without_a_known_link(listed: set[str], known: set[str], good: bool, gap: bool) -> None:
    state = ChannelState(id=1, url=FEED, last_success_at=NOON if good else None)
    assert has_gap(state, listed, known) is gap
