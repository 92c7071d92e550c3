"""Answer with what could not be seen, and what may be claimed from what was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from presswatch.cli.known_names import check_names
from presswatch.output.claims_text import absence_record, first_row
from presswatch.output.formats import as_dict
from presswatch.web.api.articles import covered_record, wanted_articles, window_start
from presswatch.web.api.request import ApiAnswer, ApiRequest
from storage.coverage.absence import absent as find_absence
from storage.coverage.coverage import coverage as read_coverage
from storage.coverage.firsts import first_statements

DEFAULT_PERIOD = timedelta(days=7)


def _sources(request: ApiRequest) -> Sequence[str]:
    """Return the sources of a request, none for all. Raises ConfigError for one that is unknown."""
    names: Sequence[str] = request["source"] or ()
    for name in names:
        check_names(request.store, request.site.config, {"source": name})
    return names


def coverage(request: ApiRequest) -> ApiAnswer:
    """Answer with what could be seen of each source in a period, by default the last seven days."""
    as_of = request["as_of"]
    until = request["until"] or as_of or request.now
    since = request["since"] or window_start(until, DEFAULT_PERIOD)
    found = read_coverage(
        request.store, since=since, until=until, sources=_sources(request), as_of=as_of, now=request.now
    )
    return ApiAnswer(body=covered_record(found))


def absent(request: ApiRequest) -> ApiAnswer:
    """Answer with whether an article said so in a period, and what of it was not visible."""
    wanted, sources = wanted_articles(request, without={"source"}), _sources(request)
    absence = find_absence(request.store, wanted, sources=sources, now=request.now)
    return ApiAnswer(body=absence_record(absence))


def first(request: ApiRequest) -> ApiAnswer:
    """Answer with when each source first said so in a period, and which order is proven."""
    wanted, sources = wanted_articles(request, without={"source"}), _sources(request)
    found = first_statements(request.store, wanted, sources=sources, now=request.now)
    rows = [as_dict(first_row(one)) for one in found]
    return ApiAnswer(body={"sources": rows, "coverage": covered_record([one.coverage for one in found])})
