"""Render the presence of an article at a past time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from storage.articles.as_of import ArticleAsOf
from storage.text.durations import format_time


def render_as_of(past: ArticleAsOf | None) -> Iterator[str]:
    """Render the time, the presence of the article and its last listing; nothing if `past` is None."""
    if past is None:
        return
    yield f"As known at {format_time(past.as_of)}: {past.presence}, {_listing_text(past)}"
    yield ""


def _listing_text(past: ArticleAsOf) -> str:
    if past.is_listed:
        return "listed"
    return "never listed" if past.listed_until is None else f"last listed {format_time(past.listed_until)}"


def as_of_fields(past: ArticleAsOf | None) -> dict[str, Any]:
    """Return the same as JSON fields; none if `past` is None."""
    if past is None:
        return {}
    fields = {"presence": past.presence, "is_listed": past.is_listed, "listed_until": past.listed_until}
    return {"as_of": past.as_of, **fields}
