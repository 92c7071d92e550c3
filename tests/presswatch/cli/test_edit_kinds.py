"""Test `presswatch query --edit-kind`: articles by kind, time and stealth of an edit."""

from __future__ import annotations

from typing import Any

import pytest

from storage.articles.filters import ArticleFilter
from storage.model.records import EditKind
from tests.conftest import Ask
from tests.support.rows import HOUR, NOON, Rows


@pytest.fixture
def edited(rows: Rows) -> Rows:
    """Articles edited an hour after NOON, or two, and one never edited."""
    rows.article("never")
    rows.revision(rows.article("figure", revised_at=NOON + HOUR), 1, edit_kind=EditKind.NUMBERS, is_stealth=True)
    both = rows.article("both", revised_at=NOON + 2 * HOUR)
    rows.revision(both, 1, edit_kind=EditKind.NUMBERS)
    rows.revision(both, 2, edit_kind=EditKind.DATE_MOVED)
    return rows


@pytest.mark.dialect
@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"edit_kinds": (EditKind.NUMBERS,)}, ["both", "figure"]),
        ({"edit_kinds": (EditKind.NUMBERS,), "edited_since": NOON + 2 * HOUR}, []),
        ({"edit_kinds": (EditKind.DATE_MOVED, EditKind.QUOTE), "edited_since": NOON + 2 * HOUR}, ["both"]),
        ({"is_stealth": True}, ["figure"]),
        ({"is_stealth": False}, ["both"]),
        ({"edit_kinds": (EditKind.DATE_MOVED,), "is_stealth": True}, []),
        ({"edit_kinds": (EditKind.TITLE,)}, []),
    ],
    ids=str,
)
@pytest.mark.long_after(7)
def test_an_edit_must_meet_every_condition(edited: Rows, conditions: dict[str, Any], expected: list[str]) -> None:
    listed = [article.url.rpartition("/")[2] for article in edited.store.articles.find(ArticleFilter(**conditions))]
    assert listed == expected


@pytest.mark.parametrize("typed", ["numbers,title", "NUMBERS", " numbers , quote", "date-moved,numbers", "date moved"])
def test_kinds_are_separated_by_commas(edited: Rows, ask: Ask, typed: str) -> None:
    assert "Both" in ask("query", "--edit-kind", typed).stdout
    assert ask("query", "--edit-kind", typed, "--stealth").exit_code == 0


@pytest.mark.parametrize("typed", ["", "numbers,", "format", "nonsense"])
def test_an_unknown_kind_is_refused_with_the_valid_ones(ask: Ask, typed: str) -> None:
    result = ask("query", "--edit-kind", typed)
    assert result.exit_code == 2
    assert "minor, numbers, quote, title, substantive, date moved" in result.stderr
