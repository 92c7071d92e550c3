"""Render the presence of an article at a past time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from storage.articles.as_of import ArticleAsOf
from storage.text.durations import format_time


def render_as_of(then: ArticleAsOf | None) -> Iterator[str]:
    """Nothing for the present; else the moment, whether the article was there, and whether it was listed."""
    if then is None:
        return
    yield f"As known at {format_time(then.as_of)}: {then.presence}, {_listing_text(then)}"
    yield ""


def _listing_text(then: ArticleAsOf) -> str:
    if then.is_listed:
        return "listed"
    return "never listed" if then.listed_until is None else f"last listed {format_time(then.listed_until)}"


def as_of_fields(then: ArticleAsOf | None) -> dict[str, Any]:
    """The same as fields; none for the present."""
    if then is None:
        return {}
    told = {"presence": then.presence, "is_listed": then.is_listed, "listed_until": then.listed_until}
    return {"as_of": then.as_of, **told}
