"""Watches: those there are, and a new one of a search, with what it would have found in the last 30 days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from presswatch.output.display_zone import display_zone
from presswatch.output.watch_tables import describe_delivery
from presswatch.web.pages.charts import BarChart, bar_chart, end_ticks
from presswatch.web.pages.period_counts import midnight, period_counts
from presswatch.web.pages.rendering import marked
from presswatch.web.pages.request import Answer, Page, PageRequest, Redirect
from scheduler.notifications.new_watch import MAX_NAME_LENGTH, new_watch
from storage.articles.filters import ArticleFilter, By, Sort
from storage.articles.highlight import highlights
from storage.model.errors import ConfigError, PresswatchError
from storage.model.redaction import redact_target
from storage.notifications.outbox import AlertCounts
from storage.notifications.watches import SavedSearch
from storage.search.query import parse
from storage.store import Store

PREVIEW = timedelta(days=30)
SHOWN = 10
FIELDS = ("name", "q", "target", "digest", "quiet", "timezone")
LABELS: Mapping[str, str] = {
    "query": "words",
    "target": "notify",
    "digest": "one message per",
    "quiet": "quiet hours",
    "timezone": "time zone",
}


@dataclass(frozen=True, slots=True)
class WatchRow:
    """A watch with what waits to be delivered; its target is shown without secrets."""

    watch: SavedSearch
    target: str
    delivery: str
    counts: AlertCounts


def watches(request: PageRequest) -> Answer:
    """Answer with all watches."""
    rows = [_row(request, one) for one in request.store.watches.list()]
    return Page(template="watches.html", title="Watches", values={"rows": rows})


def _row(request: PageRequest, watch: SavedSearch) -> WatchRow:
    target = redact_target(watch.target) if watch.target else ""
    counts = request.store.alerts.counts(request.now, watch.id)
    return WatchRow(watch, target, describe_delivery(watch), counts)


def watch_form(request: PageRequest) -> Answer:
    """Answer with the form of a new watch, and a preview of its query."""
    typed = {name: request.value(name) for name in FIELDS}
    return _form(request, typed, problem=None)


def add_watch(request: PageRequest) -> Answer:
    """Save a watch; what cannot be saved is told beside the form, which keeps what was typed."""
    typed = {name: request.sent(name) for name in FIELDS}
    try:
        new = new_watch(
            label=lambda name: LABELS.get(name, name),
            name=typed["name"],
            query=typed["q"],
            target=typed["target"] or None,
            digest=typed["digest"] or None,
            quiet=typed["quiet"] or None,
            timezone=typed["timezone"] or "UTC",
        )
        request.site.writer().watches.add(new, request.now)
    except PresswatchError as error:
        return _form(request, typed, problem=str(error))
    return Redirect("/watches")


def remove_watch(request: PageRequest) -> Answer:
    """Delete a watch and what it has not delivered."""
    request.site.writer().watches.remove(request.sent("name"))
    return Redirect("/watches")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Matches that a query would have had: a bar a day, and the newest matches with their sentences."""

    chart: BarChart
    rows: tuple[object, ...]


def _form(request: PageRequest, typed: Mapping[str, str], *, problem: str | None) -> Page:
    preview = None
    if typed["q"]:
        try:
            preview = _preview(request.store, typed["q"], request.now)
        except ConfigError as error:
            problem = problem or str(error)
    values = {
        "typed": {**typed, "target": ""} if problem is None else typed,
        "problem": problem,
        "preview": preview,
        "days": PREVIEW.days,
        "shown": SHOWN,
        "max_name_length": MAX_NAME_LENGTH,
    }
    status = HTTPStatus.OK if problem is None else HTTPStatus.BAD_REQUEST
    return Page(template="watch_form.html", title="New watch", values=values, status=status)


def _preview(store: Store, words: str, now: datetime) -> Preview:
    try:
        query = parse(words)
    except ValueError as error:
        raise ConfigError(f"words: {error}") from error
    since, until = midnight(now, days=-PREVIEW.days), now + timedelta(minutes=1)
    wanted = ArticleFilter(query=query, since=since, until=until, timezone=display_zone())
    days = period_counts(store, wanted, By.DAY, now)
    found = store.articles.find(wanted, sort=Sort.DATE, limit=SHOWN, now=now)
    return Preview(
        chart=bar_chart(
            f"Matches a day, last {PREVIEW.days} days", days, ticks=end_ticks([name for name, _count in days])
        ),
        rows=tuple(highlights(store, query, found, marked)),
    )
