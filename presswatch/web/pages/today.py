"""The first page: what is new, what gains, what was edited or taken down, and how the watching goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from presswatch.output.display_zone import display_zone, local_time
from presswatch.web.pages.charts import BarChart, Curve, bar_chart, end_ticks, view_curve
from presswatch.web.pages.period_counts import midnight, period_counts
from presswatch.web.pages.request import Answer, Page, PageRequest
from presswatch.web.pages.seen import seen_in, sentences, shades
from scheduler.health.status import UNHEALTHY_STATES, status_report
from storage.articles.articles import NO_FILTER
from storage.articles.filters import ArticleFilter, By, Sort
from storage.articles.results import ArticleSummary
from storage.articles.view_gains import RankedGain, top_gains
from storage.coverage.coverage import SourceCoverage
from storage.crawling.events import Event
from storage.model.event_kinds import EventKind
from storage.store import Store

NEWEST = 12
GAINERS = 6
CHANGES = 8
"""Edits, and disappearances, that are shown."""
EVENTS_READ = 200
"""Newest events that are looked through: those of a kind alone would be searched among all there are."""
DAYS = 14
HOURS = 48
LATELY = timedelta(days=7)
GAIN_WINDOW = timedelta(hours=24)
GAINERS_AGE = timedelta(days=7)
"""Age of the articles among which those that gain most are looked for: they are read most often, and read fastest."""


@dataclass(frozen=True, slots=True)
class Change:
    """An event of an article, and the article if it is stored."""

    event: Event
    article: ArticleSummary | None
    is_stealth: bool

    @property
    def what(self) -> str:
        """Return what happened, without the title of the article, which stands beside it."""
        sentence = self.event.sentence
        return sentence.rpartition(": ")[2] if self.article is not None and ": " in sentence else sentence


@dataclass(frozen=True, slots=True)
class Gainer:
    """An article that gains views, with its curve."""

    ranked: RankedGain
    curve: Curve | None


def today(request: PageRequest) -> Answer:
    """Answer with the newest of everything."""
    store, now = request.store, request.now
    newest = list(store.articles.find(NO_FILTER, sort=Sort.DATE, limit=NEWEST))
    report = status_report(store, now=now, broken=request.site.broken())
    events = store.events.find(limit=EVENTS_READ)
    unwell = [source for source in report.sources if source.state in UNHEALTHY_STATES]
    seen = seen_in(request, midnight(now, days=1 - DAYS), now)
    values = {
        "newest": newest,
        "days": _per_day(store, now, seen),
        "hours": _per_hour(store, now, seen),
        "hidden": sentences(seen),
        "gainers": _gainers(store, now),
        "edits": _changes(store, events, {EventKind.EDITED}, now),
        "presence": _changes(store, events, {EventKind.GONE, EventKind.RESTORED}, now),
        "report": report,
        "unwell": unwell,
        "credits": {article.source: article for article in newest}.values(),
        "lately": LATELY.days,
        "gainers_days": GAINERS_AGE.days,
    }
    return Page(template="today.html", title="Today", values=values)


def _per_day(store: Store, now: datetime, seen: Sequence[SourceCoverage]) -> BarChart:
    since = midnight(now, days=1 - DAYS)
    rows = [(_short_day(name), count) for name, count in _counted(store, By.DAY, since, now)]
    title, ticks = f"Articles published a day, last {DAYS} days", end_ticks([name for name, _ in rows])
    return bar_chart(title, rows, ticks=ticks, shades=shades(seen, since, midnight(now, days=1)))


def _per_hour(store: Store, now: datetime, seen: Sequence[SourceCoverage]) -> BarChart:
    this_hour = local_time(now).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    since = this_hour - timedelta(hours=HOURS - 1)
    rows = [(f"{_short_day(name)} {name[11:]}", count) for name, count in _counted(store, By.HOUR, since, now)]
    title, ticks = f"Articles published an hour, last {HOURS} hours", end_ticks([name for name, _ in rows], 3)
    return bar_chart(title, rows, ticks=ticks, shades=shades(seen, since, since + timedelta(hours=HOURS)))


def _counted(store: Store, by: By, since: datetime, now: datetime) -> Sequence[tuple[str, int]]:
    """Return the counts of each day or hour up to now."""
    return period_counts(
        store, ArticleFilter(since=since, until=now + timedelta(minutes=1), timezone=display_zone()), by, now
    )


def _short_day(name: str) -> str:
    at = datetime.fromisoformat(name[:10])
    return f"{at.day} {at:%b}"


def _gainers(store: Store, now: datetime) -> Sequence[Gainer]:
    recent = ArticleFilter(since=now - GAINERS_AGE, until=now + timedelta(days=1))
    ranked = top_gains(store, recent, since=now - GAIN_WINDOW, until=now, limit=GAINERS)
    return [
        Gainer(one, view_curve(f"Views of {one.article.title}", store.articles.readings(one.article.id)))
        for one in ranked
    ]


def _changes(store: Store, events: Iterable[Event], kinds: Collection[EventKind], now: datetime) -> Sequence[Change]:
    """Return the last changes of articles, stealth edits first, then the newest."""
    recent = [event for event in events if event.kind in kinds and event.opened_at >= now - LATELY]
    ordered = sorted(recent, key=lambda event: (not _is_stealth(event), -event.opened_at.timestamp(), -event.id))
    shown = list(islice(_once(ordered), CHANGES))
    articles: Mapping[str, ArticleSummary] = store.articles.by_url([event.subject for event in shown])
    return [Change(event, articles.get(event.subject), _is_stealth(event)) for event in shown]


def _once(events: Iterable[Event]) -> Iterable[Event]:
    """Yield the first event of each article and kind."""
    met: set[tuple[str, str]] = set()
    for event in events:
        key = (event.kind, event.subject)
        if key not in met:
            met.add(key)
            yield event


def _is_stealth(event: Event) -> bool:
    return event.details.get("is_stealth") is True
