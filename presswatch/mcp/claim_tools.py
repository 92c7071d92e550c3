"""Answer what may be claimed: what could be seen, that nothing was said, and who said it first."""

from __future__ import annotations

from presswatch.mcp.answers import (
    AbsentAnswer,
    CoverageAnswer,
    FirstAnswer,
    HiddenInterval,
    SourceCoverageAnswer,
    SourceFirst,
)
from presswatch.mcp.arguments import ClaimArguments, CoverageArguments
from presswatch.mcp.citations import Cited, coverage_note
from presswatch.mcp.reading import DEFAULT_PERIOD, Reading, moment_before
from presswatch.output.claims_text import claim_of_absence, claim_of_order
from presswatch.output.formats import as_dict
from storage.articles.filters import ArticleFilter
from storage.coverage.absence import absent as find_absence
from storage.coverage.coverage import SourceCoverage
from storage.coverage.coverage import coverage as read_coverage
from storage.coverage.firsts import FirstStatement, first_statements
from storage.coverage.not_visible import NotVisible

MAX_INTERVALS = 100
"""Intervals of one source that an answer has."""
MAX_INTERVALS_IN_ALL = 1_000
"""Intervals that an answer has of all sources; of each at least one."""


def coverage(reading: Reading, asked: CoverageArguments) -> CoverageAnswer:
    """Return what could be seen of each source in a period."""
    since, until, as_of = (
        reading.time(name, typed)
        for name, typed in (("since", asked.since), ("until", asked.until), ("as_of", asked.as_of))
    )
    reading.check_sources(asked.sources)
    known_at = reading.known_at(as_of)
    found = read_coverage(
        reading.store,
        since=since or moment_before(known_at, DEFAULT_PERIOD),
        until=until,
        sources=asked.sources,
        as_of=known_at,
        now=reading.now,
    )
    shown = max(1, min(MAX_INTERVALS, MAX_INTERVALS_IN_ALL // max(1, len(found))))
    return CoverageAnswer(known_at=known_at, sources=tuple(_coverage(one, shown) for one in found))


def _coverage(one: SourceCoverage, shown: int) -> SourceCoverageAnswer:
    return SourceCoverageAnswer(
        **as_dict(coverage_note(one)),
        poll_count=one.poll_count,
        longest_wait_seconds=None if one.longest_wait is None else one.longest_wait.total_seconds(),
        filtered_count=one.filtered_count,
        not_visible=tuple(map(_hidden, one.not_visible[:shown])),
        not_visible_count=len(one.not_visible),
    )


def _hidden(one: NotVisible) -> HiddenInterval:
    return HiddenInterval(
        cause=one.cause, since=one.since, until=one.until, link_count=one.link_count, detail=one.detail
    )


def absent(reading: Reading, asked: ClaimArguments) -> AbsentAnswer:
    """Return whether an article said so in a period, and what of it could not be seen."""
    wanted = _wanted(reading, asked)
    absence = find_absence(reading.store, wanted, sources=asked.sources, now=reading.now)
    cited = Cited.beside(absence.coverage)
    found = tuple(cited.said(reading, one, wanted, one.said) for one in absence.found[: asked.limit])
    return AbsentAnswer(
        verdict=absence.verdict,
        claim=claim_of_absence(absence),
        since=absence.since,
        until=absence.until,
        found=found,
        found_count=len(absence.found),
        known_at=reading.known_at(wanted.as_of),
        coverage=cited.coverage(one.citation for one in found),
    )


def _wanted(reading: Reading, asked: ClaimArguments) -> ArticleFilter:
    return reading.filter(
        sources=asked.sources,
        query=asked.query,
        since=asked.since,
        until=asked.until,
        section=asked.section,
        language=asked.language,
        as_of=asked.as_of,
    )


def first(reading: Reading, asked: ClaimArguments) -> FirstAnswer:
    """Return when each source first said so in a period, and which order is proven."""
    wanted = _wanted(reading, asked)
    firsts = first_statements(reading.store, wanted, sources=asked.sources, now=reading.now)
    cited = Cited.beside([one.coverage for one in firsts])
    sources = tuple(_first(reading, cited, one, wanted) for one in firsts[: asked.limit])
    return FirstAnswer(
        claim=claim_of_order(firsts),
        sources=sources,
        source_count=len(firsts),
        known_at=reading.known_at(wanted.as_of),
        coverage=cited.coverage(one.first.citation for one in sources if one.first is not None),
    )


def _first(reading: Reading, cited: Cited, one: FirstStatement, wanted: ArticleFilter) -> SourceFirst:
    statement, said = one.statement, one.said
    return SourceFirst(
        source=one.source,
        source_title=one.title,
        earliest=None if said is None else said.earliest,
        latest=None if said is None else said.latest,
        proven_before=one.proven_before,
        first=None if statement is None else cited.said(reading, statement, wanted, statement.said),
    )
