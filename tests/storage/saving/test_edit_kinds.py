"""`presswatch query --edit-kind`: articles by what was edited, when, and whether the page said so."""

from __future__ import annotations

from typing import Any

import pytest

from storage.articles.filters import ArticleFilter
from storage.model.records import EditKind
from tests.conftest import Ask
from tests.support.rows import HOUR, NOON, Rows


@pytest.fixture
def edited(rows: Rows) -> Rows:
    """Each edit ends its wording an hour after NOON, or two."""
    rows.article("never")
    rows.revision(rows.article("figure", revised_at=NOON + HOUR), 1, edit_kind=EditKind.NUMBERS, is_stealth=True)
    both = rows.article("both", revised_at=NOON + 2 * HOUR)
    rows.revision(both, 1, edit_kind=EditKind.NUMBERS)
    rows.revision(both, 2, edit_kind=EditKind.DATE_MOVED)
    return rows


@pytest.mark.dialect
@pytest.mark.parametrize(
    ("wanted", "found"),
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
def test_an_edit_must_meet_all_that_is_asked_of_it(edited: Rows, wanted: dict[str, Any], found: list[str]) -> None:
    listed = [article.url.rpartition("/")[2] for article in edited.store.articles.find(ArticleFilter(**wanted))]
    assert listed == found


@pytest.mark.parametrize("typed", ["numbers,title", "NUMBERS", " numbers , quote", "date-moved,numbers", "date moved"])
def test_kinds_are_typed_with_commas(edited: Rows, ask: Ask, typed: str) -> None:
    assert "Both" in ask("query", "--edit-kind", typed).stdout
    assert ask("query", "--edit-kind", typed, "--stealth").exit_code == 0


@pytest.mark.parametrize("typed", ["", "numbers,", "format", "nonsense"])
def test_what_is_no_kind_is_refused_with_those_that_are(ask: Ask, typed: str) -> None:
    answer = ask("query", "--edit-kind", typed)
    assert answer.exit_code == 2
    assert "minor, numbers, quote, title, substantive, date moved" in answer.stderr
