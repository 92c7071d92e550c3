"""Name the problem of a view count that could not be fetched: the words that crawl and comparison share."""

from __future__ import annotations

from collections.abc import Iterable

from storage.model.field_limits import short_reason
from storage.model.records import Problem

VIEWS_FIELD = "view_count"
NOT_FETCHED = "not fetched: "
"""Beginning of the reason of a count that is kept apart from its page; it says nothing of the page."""


def not_fetched(reason: str) -> Problem:
    """Return the problem of a count that could not be fetched or read."""
    return Problem(VIEWS_FIELD, short_reason(NOT_FETCHED + reason))


def is_not_fetched(problems: Iterable[Problem]) -> bool:
    """Return whether a count is missing because its own request failed."""
    return any(one.field == VIEWS_FIELD and one.reason.startswith(NOT_FETCHED) for one in problems)
