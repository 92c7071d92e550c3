"""Several queries side by side over time."""

from __future__ import annotations

from collections.abc import Sequence

from presswatch.output.typed_filter import typed_filter
from presswatch.web.pages.charts import LineChart, end_ticks, line_chart
from presswatch.web.pages.period_counts import period_counts
from presswatch.web.pages.request import Answer, Page, PageRequest, field_label
from presswatch.web.pages.seen import seen_in, sentences, shades
from storage.articles.filters import By
from storage.coverage.coverage import SourceCoverage
from storage.model.errors import ConfigError

MAX_QUERIES = 4
DEFAULT_SINCE = "30d"
MAX_PERIODS = 400
WAYS = {"day": By.DAY, "week": By.WEEK, "month": By.MONTH, "year": By.YEAR, "hour": By.HOUR}


def compare(request: PageRequest) -> Answer:
    """Answer with a line for each query: how many articles match it in each day, week, month or hour."""
    queries = list(dict.fromkeys(text.strip() for text in request.query.get("q", ()) if text.strip()))[:MAX_QUERIES]
    since, by = request.value("since") or DEFAULT_SINCE, request.value("by") or "day"
    until = request.value("until")
    chart, problem = None, None
    seen: Sequence[SourceCoverage] = ()
    if queries:
        try:
            chart, seen = _chart(request, queries, since, until or None, by)
        except ConfigError as error:
            problem = str(error)
    values = {
        "queries": [*queries, *[""] * (MAX_QUERIES - len(queries))],
        "since": since,
        "until": until,
        "by": by,
        "ways": list(WAYS),
        "chart": chart,
        "hidden": sentences(seen),
        "problem": problem,
    }
    return Page(template="compare.html", title="Compare", values=values)


def _chart(
    request: PageRequest, queries: Sequence[str], since: str, until: str | None, by: str
) -> tuple[LineChart, Sequence[SourceCoverage]]:
    if by not in WAYS:
        raise ConfigError(f"by: {by[:20]!r} is none of {', '.join(WAYS)}")
    filters = [
        typed_filter(now=request.now, label=field_label, query=query, since=since, until=until or "now")
        for query in queries
    ]
    rows = [period_counts(request.store, wanted, WAYS[by], request.now) for wanted in filters]
    labels = [name for name, _count in rows[0]]
    if len(labels) > MAX_PERIODS:
        raise ConfigError(f"that are {len(labels)} of a {by}; choose a shorter period, or longer ones than a {by}")
    lines = [(query, [count for _name, count in row]) for query, row in zip(queries, rows, strict=True)]
    begin, end = filters[0].since or request.now, min(filters[0].until or request.now, request.now)
    seen = seen_in(request, begin, end)
    title, ticks = f"Articles that match, by {by}", end_ticks(labels)
    return line_chart(title, labels, lines, ticks=ticks, shades=shades(seen, begin, end)), seen
