"""Show what could not be seen of a period and why, and whether an article said so in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from presswatch.output.claims_text import bounds_text
from presswatch.output.coverage_text import visible_percent
from presswatch.output.typed_filter import typed_filter, typed_time
from presswatch.web.pages.charts import Shade
from presswatch.web.pages.request import Answer, Page, PageRequest, field_label
from presswatch.web.pages.seen import sentences, shades
from storage.coverage.absence import Absence, absent
from storage.coverage.coverage import SourceCoverage
from storage.coverage.coverage import coverage as read_coverage
from storage.model.errors import ConfigError

DEFAULT_SINCE = "7d"
MAX_HOLES = 100
"""Intervals of a source that are listed; a source that fails every hour for a year has more."""


@dataclass(frozen=True, slots=True)
class CoverageBand:
    """A source as a band over the period, shaded where it could not be seen."""

    covered: SourceCoverage
    percent: str
    shades: tuple[Shade, ...]


def coverage(request: PageRequest) -> Answer:
    """Answer with the coverage of a period, of all sources or of one."""
    since, until, source = request.value("since") or DEFAULT_SINCE, request.value("until"), request.value("source")
    found: Sequence[SourceCoverage] = ()
    problem = None
    try:
        begin = typed_time("since", since, now=request.now)
        end = typed_time("until", until or None, now=request.now)
        names = (source,) if source else ()
        found = read_coverage(request.store, since=begin, until=end, sources=names, now=request.now)
    except ConfigError as error:
        problem = str(error)
    values = {
        "since": since,
        "until": until,
        "chosen": source,
        "sources": request.store.sources.titles(),
        "bands": [CoverageBand(one, visible_percent(one), shades([one], one.since, one.until)) for one in found],
        "max_holes": MAX_HOLES,
        "problem": problem,
    }
    return Page(template="coverage.html", title="Coverage", values=values)


def absence(request: PageRequest) -> Answer:
    """Answer whether an article said so in a period, in any version, and what of it was not visible."""
    typed = {name: request.value(name) for name in ("q", "since", "until", "source")}
    found: Absence | None = None
    problem = None
    if typed["q"]:
        try:
            found = _absence(request, typed)
        except ConfigError as error:
            problem = str(error)
    values = {
        "typed": typed,
        "found": found,
        "hidden": [] if found is None else sentences(found.coverage),
        "left_out": 0 if found is None else sum(one.filtered_count for one in found.coverage),
        "bounds_text": bounds_text,
        "default_since": DEFAULT_SINCE,
        "sources": request.store.sources.titles(),
        "problem": problem,
    }
    return Page(template="absent.html", title="Was it said?", values=values)


def _absence(request: PageRequest, typed: dict[str, str]) -> Absence:
    wanted = typed_filter(
        now=request.now,
        label=field_label,
        query=typed["q"],
        since=typed["since"] or DEFAULT_SINCE,
        until=typed["until"] or None,
        source=typed["source"] or None,
    )
    return absent(request.store, wanted, now=request.now)
