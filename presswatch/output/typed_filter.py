"""Build the filter of a list from what a person typed, on a command line or in an address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from presswatch.output.display_zone import display_zone
from storage.articles.filters import ArticleFilter
from storage.config.parsers import point_in_time
from storage.model.errors import ConfigError
from storage.search.query import Query, parse

TIME_FIELDS = ("since", "until", "edited_since", "as_of")
Label = Callable[[str], str]
"""Gives the name of a criterion as its reader knows it: an option, or a field of a form."""


def typed_filter(*, now: datetime, label: Label, query: str | None = None, **typed: Any) -> ArticleFilter:
    """Build a filter from its criteria as typed; times are text, and days those of the zone in which times are shown.

    Raises ConfigError, naming the criterion.
    """
    for name in TIME_FIELDS:
        typed[name] = typed_time(label(name), typed.get(name), now=now)
    typed["ever"] = bool(typed.get("ever"))
    typed["timezone"] = display_zone()
    try:
        return ArticleFilter(query=None if query is None else _parse_query(label("query"), query), **typed)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def typed_time(label: str, typed: str | None, *, now: datetime) -> datetime | None:
    """Parse a time, None if it was not given; its days are those of the zone in which times are shown.

    Raises ConfigError, which begins with the label.
    """
    try:
        return None if typed is None else point_in_time(typed, now=now, zone=display_zone())
    except ValueError as error:
        raise ConfigError(f"{label}: {error}") from error


def _parse_query(label: str, text: str) -> Query:
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(f"{label}: {error}") from error
