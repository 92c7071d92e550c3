"""Show how the watching goes: sources, crawl runs, events, and the story of one address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from presswatch.output.display_zone import local_time
from presswatch.output.status_text import event_words, queue_words
from presswatch.web.pages.charts import BarChart, bar_chart, end_ticks
from presswatch.web.pages.request import Answer, NotFoundError, Page, PageRequest, whole_number
from scheduler.health.status import SourceStatus, status_report
from storage.articles.details import link_details
from storage.config.parsers import choice
from storage.crawling.events import Event
from storage.crawling.runs import CrawlRun, get_run, list_runs
from storage.model.errors import ConfigError
from storage.model.event_kinds import EventKind
from storage.scheduling.health_queries import ExtractionSample, extraction_samples

ROWS = 50
MAX_ROWS = 500
SAMPLES = 300
"""Newest articles of a source whose fill rates are shown."""
MAX_DAYS = 14
OUTCOMES: Mapping[str, str] = {
    "new": "new_count",
    "edited": "revised_count",
    "gone": "gone_count",
    "failed": "failed_count",
    "pending": "pending_count",
    "unchanged": "unchanged_count",
    "views updated": "view_update_count",
    "filtered": "filtered_count",
    "listed": "listed_count",
}
"""Counts of a run, as `presswatch runs` names them."""


def sources(request: PageRequest) -> Answer:
    """Answer with the status of every source."""
    report = status_report(request.store, now=request.now, broken=request.site.broken())
    values = {"report": report, "titles": request.store.sources.titles(), "queue_words": queue_words}
    return Page(template="sources.html", title="Sources", values=values)


@dataclass(frozen=True, slots=True)
class FillRate:
    """The share of articles of which a field was read: of all, and of each day, the oldest first."""

    field: str
    share: float
    chart: BarChart


def source(request: PageRequest) -> Answer:
    """Answer with one source: status, runs, events, and how well its pages are read. Raises NotFoundError."""
    name = request.path["name"]
    report = status_report(request.store, now=request.now, broken=request.site.broken())
    found: SourceStatus | None = next((one for one in report.sources if one.source == name), None)
    if found is None:
        raise NotFoundError(f"no source is called {name[:100]}")
    title = request.store.sources.titles().get(name, name)
    samples = extraction_samples(request.store, name, limit=SAMPLES)
    values = {
        "source": found,
        "source_title": title,
        "home": request.store.sources.home(name),
        "latency": report.delays.of(name),
        "rates": fill_rates(samples),
        "sample_count": len(samples),
        "runs": list(list_runs(request.store, source=name, limit=10)),
        "events": request.store.events.find(source=name, limit=10),
        "event_words": event_sentence,
        "outcomes": outcomes,
        "report": report,
    }
    return Page(template="source.html", title=title, values=values)


def fill_rates(samples: Sequence[ExtractionSample]) -> Sequence[FillRate]:
    """Compute the fill rate of each field, by the day on which an article was stored; at most MAX_DAYS days."""
    by_day: dict[str, list[ExtractionSample]] = defaultdict(list)
    for sample in reversed(samples):
        by_day[local_time(sample.stored_at).date().isoformat()].append(sample)
    days = list(by_day)[-MAX_DAYS:]
    fields = dict.fromkeys(name for sample in samples for name in sample.filled)
    return [
        FillRate(
            field.replace("_", " "),
            _filled(samples, field),
            bar_chart(
                f"{field.replace('_', ' ')}, per cent of the articles of a day",
                [(name, round(100 * _filled(by_day[name], field))) for name in days],
                ticks=end_ticks(days, 2),
                top=100,
            ),
        )
        for field in fields
    ]


def _filled(samples: Sequence[ExtractionSample], field: str) -> float:
    return sum(sample.filled.get(field, False) for sample in samples) / max(1, len(samples))


def outcomes(run: CrawlRun) -> Sequence[tuple[str, int]]:
    """Return the counts of a run that are not zero."""
    return [(name, count) for name, field in OUTCOMES.items() if (count := getattr(run, field))]


def event_sentence(event: Event) -> str:
    """Tell an event in words; its address, if its words do not need it, is a link beside them."""
    return event_words(replace(event, subject=event.source) if event.sentence else event)


def _limit(request: PageRequest) -> int:
    return request.number("limit", default=ROWS, largest=MAX_ROWS) or ROWS


def _larger_limit(limit: int, found: int) -> int | None:
    """Return the limit of a longer list, if there are more rows than shown and one may be had."""
    return min(2 * limit, MAX_ROWS) if found > limit and limit < MAX_ROWS else None


def runs(request: PageRequest) -> Answer:
    """Answer with the crawls, latest first, of all sources or of one."""
    chosen = request.value("source") or None
    limit = _limit(request)
    found = list(list_runs(request.store, source=chosen, limit=limit + 1))
    values = {
        "runs": found[:limit],
        "more": _larger_limit(limit, len(found)),
        "chosen": chosen,
        "sources": request.store.sources.titles(),
        "outcomes": outcomes,
    }
    return Page(template="runs.html", title="Crawl runs", values=values)


def run(request: PageRequest) -> Answer:
    """Answer with one crawl. Raises NotFoundError."""
    typed = request.path["id"]
    run_id = whole_number(typed)
    found = None if run_id is None else get_run(request.store, run_id)
    if found is None:
        raise NotFoundError(f"no crawl run has the id {typed[:20]}")
    values = {"run": found, "outcomes": outcomes(found)}
    return Page(template="run.html", title=f"Crawl run {found.id}", values=values)


def events(request: PageRequest) -> Answer:
    """Answer with the events, latest first. Raises ConfigError for an unknown kind."""
    chosen, kind = request.value("source") or None, request.value("kind") or None
    if kind is not None:
        try:
            choice(*EventKind)(kind)
        except ValueError as error:
            raise ConfigError(f"kind: {error}") from error
    limit = _limit(request)
    open_only = request.value("open") not in {"", "0"}
    found = request.store.events.find(source=chosen, open_only=open_only, kind=kind, limit=limit + 1)
    values = {
        "events": found[:limit],
        "more": _larger_limit(limit, len(found)),
        "chosen": chosen,
        "kind": kind,
        "kinds": list(EventKind),
        "open_only": open_only,
        "sources": request.store.sources.titles(),
        "event_words": event_sentence,
    }
    return Page(template="events.html", title="Events", values=values)


def inspect(request: PageRequest) -> Answer:
    """Answer with the story of an address, and a form to ask for one."""
    typed, problem, link = request.value("url"), None, None
    if typed:
        try:
            link = link_details(request.store, typed)
            problem = None if link else "This address is not known: no channel has listed it."
        except ValueError as error:
            problem = str(error)
    values = {"typed": typed, "link": link, "problem": problem}
    return Page(template="inspect.html", title="Inspect an address", values=values)
