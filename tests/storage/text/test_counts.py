"""Counts in words."""

from __future__ import annotations

import pytest

from storage.text.counts import counted, listed_counts


@pytest.mark.parametrize(("count", "text"), [(0, "0 articles"), (1, "1 article"), (2, "2 articles")])
def test_a_noun_has_the_number_of_its_count(count: int, text: str) -> None:
    assert counted(count, "article") == text


def test_another_plural_can_be_named() -> None:
    assert (counted(1, "query", "queries"), counted(3, "query", "queries")) == ("1 query", "3 queries")


def test_counts_that_are_zero_are_left_out() -> None:
    assert listed_counts([(3, "new"), (0, "edited"), (1, "failed")]) == "3 new, 1 failed"
    assert listed_counts([(0, "new")]) == ""
