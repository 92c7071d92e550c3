"""Count articles by periods for charts: each period of a filter, the oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from presswatch.output.display_zone import display_zone, local_time
from storage.articles.counts import counts, with_empty_periods
from storage.articles.filters import ArticleFilter, By
from storage.model.time_zones import start_of_day
from storage.store import Store


def period_counts(store: Store, wanted: ArticleFilter, by: By, now: datetime) -> Sequence[tuple[str, int]]:
    """Return the count of every period of a filter, oldest first, those without articles among them."""
    rows = with_empty_periods(counts(store, wanted, [by]), [by], wanted, now=now)
    return [(name, count) for name, count in reversed(list(rows)) if name is not None]


def midnight(at: datetime, *, days: int = 0) -> datetime:
    """Return the beginning of the day of a time in the zone of the page, or of one some days from it."""
    return start_of_day(local_time(at).date() + timedelta(days=days), display_zone())
