"""What the one filter refuses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from storage.filters import ArticleFilter
from storage.records import ChangeKind
from tests.storage.rows import HOUR, NOON, Rows


@pytest.mark.parametrize("name", ["since", "until", "edited_since"])
def test_a_time_without_a_zone_is_refused_by_its_name(name: str) -> None:
    wanted: dict[str, Any] = {name: datetime(2026, 11, 4)}  # noqa: DTZ001
    with pytest.raises(ValueError, match=rf"{name} = 2026-11-04 00:00:00 has no zone"):
        ArticleFilter(**wanted)


@pytest.mark.parametrize("until", [NOON, NOON - HOUR])
def test_times_that_nothing_lies_between_are_refused(until: datetime) -> None:
    with pytest.raises(ValueError, match="nothing lies since 2026-11-04 12:00"):
        ArticleFilter(since=NOON, until=until)


def test_view_counts_that_nothing_lies_between_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 5 and at most 4 views"):
        ArticleFilter(min_views=5, max_views=4)
    assert ArticleFilter(min_views=5, max_views=5).min_views == 5


def test_kinds_of_edits_may_be_a_list(rows: Rows) -> None:
    wanted = ArticleFilter(changes=[ChangeKind.TITLE])  # type: ignore[arg-type]
    assert wanted == ArticleFilter(changes=(ChangeKind.TITLE,))
    assert list(rows.store.articles.find(wanted)) == []
