"""Answer with lists and counts of articles, and with what gains views."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from presswatch.cli.covering import covered
from presswatch.cli.known_names import check_names
from presswatch.output.article_records import PageIterator, article_records, list_fields
from presswatch.output.coverage_text import coverage_record
from presswatch.output.formats import as_dict
from presswatch.output.records import with_attribution
from presswatch.output.report_text import report_record
from presswatch.output.typed_filter import typed_filter
from presswatch.output.views_rows import at_age_row, gain_row
from presswatch.web.api.parameters import FILTERS
from presswatch.web.api.request import ApiAnswer, ApiRequest
from storage.articles import cursors
from storage.articles.counts import count as count_articles
from storage.articles.counts import counts, with_empty_periods
from storage.articles.filters import ArticleFilter, By, Cursor, Sort
from storage.articles.highlight import highlights
from storage.articles.report import report as article_report
from storage.articles.results import ArticleSummary, Highlight
from storage.articles.view_gains import top_at_age, top_gains
from storage.coverage.coverage import SourceCoverage
from storage.model.errors import ConfigError
from storage.search.matcher import Match

COUNT_FIELD = "article_count"
DEFAULT_WINDOW = timedelta(hours=24)
DEFAULT_REPORT_PERIOD = timedelta(days=7)


def wanted_articles(request: ApiRequest, *, without: Collection[str] = ()) -> ArticleFilter:
    """Build the filter of a request, but for some parameters. Raises ConfigError, also for a name that nothing has."""
    given = [one for one in FILTERS if one.name in request.values and one.name not in without]
    values: dict[str, Any] = {one.option: request.values[one.name] for one in given}
    times = {name: value.isoformat() for name, value in values.items() if isinstance(value, datetime)}
    kinds = {"edit_kinds": values.get("edit_kinds") or ()}
    check_names(request.store, request.site.config, values)
    return typed_filter(now=request.now, label=_label, **{**values, **times, **kinds})


def _label(name: str) -> str:
    return next((one.name for one in FILTERS if one.option == name), name)


def coverage_of(request: ApiRequest, wanted: ArticleFilter) -> dict[str, Any]:
    """Return the coverage of the period of a filter, under its name, if it is asked for."""
    if not request["coverage"]:
        return {}
    until = wanted.until or wanted.as_of or request.now
    has_begun = wanted.since is None or wanted.since < until
    found = covered(request.store, wanted, until=until, now=request.now) if has_begun else ()
    return {"coverage": covered_record(found)}


def covered_record(found: Sequence[SourceCoverage]) -> dict[str, Any]:
    """Return the coverage of some sources as answers have it."""
    is_complete = all(one.is_complete for one in found)
    return {"is_complete": is_complete, "sources": [coverage_record(one) for one in found]}


def articles(request: ApiRequest) -> ApiAnswer:
    """Answer with a page of the list of articles."""
    wanted = wanted_articles(request)
    sort = request["sort"] or wanted.usual_sort
    limit: int = request["limit"]
    with_snippet = bool(request["highlight"])
    if with_snippet and wanted.query is None:
        raise ConfigError("highlight needs q, the words that are marked")
    names = request["fields"]
    columns = list_fields("json", sort, names=",".join(names) if names else None, with_snippet=with_snippet)
    found = store_page(request, wanted, sort, limit)
    rows = _rows(request, wanted, found) if with_snippet else map(Highlight, found)
    listed = list(article_records(rows, with_attribution(columns)))
    following = request.next_link(found.next_page(sort))
    body = {"articles": listed, "next": following, **coverage_of(request, wanted)}
    return ApiAnswer(body=body, next=following)


def store_page(request: ApiRequest, wanted: ArticleFilter, sort: Sort, limit: int) -> PageIterator:
    """Return a page of a list, from its cursor on."""
    after = _cursor(request["cursor"], sort)
    found = request.store.articles.find(wanted, sort=sort, limit=limit + 1, after=after, now=request.now)
    return PageIterator(found, limit)


def _cursor(typed: str | None, sort: Sort) -> Cursor | None:
    try:
        return None if typed is None else cursors.decode(typed, sort)
    except ValueError as error:
        raise ConfigError(f"cursor: {error}") from error


def _rows(request: ApiRequest, wanted: ArticleFilter, found: Iterator[ArticleSummary]) -> Iterator[Highlight]:
    assert wanted.query is not None
    return highlights(request.store, wanted.query, found, Match.highlighted, as_of=wanted.as_of)


def counted(request: ApiRequest) -> ApiAnswer:
    """Answer with the number of articles, in all or by groups."""
    wanted = wanted_articles(request)
    groups = [By(word) for word in request["by"] or ()]
    covering = coverage_of(request, wanted)
    if not groups:
        return ApiAnswer(
            body={"counts": [{COUNT_FIELD: count_articles(request.store, wanted)}], "is_cut": False, **covering}
        )
    columns = [*map(str, groups), COUNT_FIELD]
    now = wanted.as_of or request.now
    numbers = with_empty_periods(counts(request.store, wanted, groups), groups, wanted, now=now)
    rows = [dict(zip(columns, row, strict=True)) for row in numbers]
    limit: int = request["limit"]
    return ApiAnswer(body={"counts": rows[:limit], "is_cut": len(rows) > limit, **covering})


def top(request: ApiRequest) -> ApiAnswer:
    """Answer with the articles that gained most views in a window, or had most at an age."""
    wanted = wanted_articles(request)
    age, window, limit = request["at_age"], request["window"], request["limit"]
    if age is not None and window is not None:
        raise ConfigError("window and at_age exclude each other: give one")
    if age is not None:
        ranked = [as_dict(at_age_row(one)) for one in top_at_age(request.store, wanted, age=age, limit=limit)]
    else:
        until = min(wanted.as_of or request.now, request.now)
        since = window_start(until, window or DEFAULT_WINDOW)
        found = top_gains(request.store, wanted, since=since, until=until, limit=limit)
        ranked = [as_dict(gain_row(one)) for one in found]
    return ApiAnswer(body={"articles": ranked, **coverage_of(request, wanted)})


def report(request: ApiRequest) -> ApiAnswer:
    """Answer with articles, coverage and problems of a period, by default the last seven days."""
    wanted = wanted_articles(request)
    until = min(wanted.until or request.now, request.now)
    since = wanted.since or window_start(until, DEFAULT_REPORT_PERIOD)
    if since >= until:
        raise ConfigError(f"since: {since:%Y-%m-%d %H:%M} is in the future")
    wanted = replace(wanted, since=since)
    document = article_report(request.store, wanted, until=until)
    coverage = covered(request.store, wanted, until=until, now=request.now)
    return ApiAnswer(body=report_record(document, coverage))


def window_start(until: datetime, length: timedelta) -> datetime:
    """Return the beginning of a period. Raises ConfigError for one before the calendar."""
    try:
        return until - length
    except OverflowError as error:
        raise ConfigError("as_of: the period begins before the year 1; give a later time or a shorter one") from error
