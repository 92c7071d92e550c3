"""Render answers as text for a reader: each quotation behind `> `, with its citation above it."""

from __future__ import annotations

from collections.abc import Iterator

from presswatch.mcp.answers import (
    AbsentAnswer,
    ArticleAnswer,
    AtAge,
    Citation,
    Coverage,
    CoverageAnswer,
    FirstAnswer,
    Gain,
    Said,
    SearchAnswer,
    SourceCoverageAnswer,
    SourceCoverageNote,
    SourceFirst,
    TopViewsAnswer,
    Version,
    VersionsAnswer,
    ViewCount,
    ViewsAnswer,
)
from presswatch.mcp.citations import moment_text
from presswatch.mcp.plain_text import cut
from storage.text.counts import counted

MAX_QUOTE = 600
"""Characters of the description of an article in its text."""


def search_text(answer: SearchAnswer) -> Iterator[str]:
    """Render a page of articles."""
    yield f"{counted(len(answer.articles), 'article')}, as known at {moment_text(answer.known_at)}"
    for one in answer.articles:
        yield ""
        yield from _citation(one.citation)
        labels = [
            _line(one.section or ""),
            one.language,
            None if one.view_count is None else counted(one.view_count, "view"),
        ]
        yield ", ".join(filter(None, labels)) or "no section, language or views"
        yield from _quoted(one.quote)
    yield ""
    if answer.next_cursor is not None:
        yield f"More articles match: the same call with cursor={answer.next_cursor}"
    yield from _coverage(answer.coverage)


def article_text(answer: ArticleAnswer) -> Iterator[str]:
    """Render an article with the part of its body that was asked for."""
    yield f"As known at {moment_text(answer.known_at)}" + (f": {answer.presence}" if answer.presence else "")
    yield from _citation(answer.citation)
    facts = {
        "authors": ", ".join(answer.authors),
        "sections": ", ".join(answer.sections),
        "language": answer.language,
        "views": answer.view_count,
        "published, as printed": answer.published_raw,
        "rights reserved": answer.reservations,
    }
    yield from (f"{name}: {_line(str(value))}" for name, value in facts.items() if value not in {None, ""})
    for label, text in (("subtitle", answer.subtitle), ("description", answer.description)):
        if text:
            yield f"{label}:"
            yield from _quoted(cut(text, MAX_QUOTE))
    end = answer.body_offset + len(answer.body)
    yield f"body, characters {answer.body_offset} to {end} of {answer.body_total_length}:"
    yield from _quoted(answer.body)
    if answer.next_body_offset is not None:
        yield f"The body is cut here: the rest is the same call with body_offset={answer.next_body_offset}"


def versions_text(answer: VersionsAnswer) -> Iterator[str]:
    """Render versions of an article with their changes."""
    yield f"{counted(answer.version_count, 'version')}, as known at {moment_text(answer.known_at)}"
    for one in answer.versions:
        yield ""
        yield from _version(one)
    yield ""
    if answer.next_after_revision is not None:
        yield f"There are more: the same call with after_revision={answer.next_after_revision}"
    yield "An edit that came and went between two fetches of the page is not known."
    yield from _coverage(answer.coverage)


def _version(one: Version) -> Iterator[str]:
    yield from _citation(one.citation)
    stealth = ", a stealth edit: the date on the page did not change" if one.is_stealth else ""
    made = "as first stored" if one.edit_kind is None else f"edited: {one.edit_kind}{stealth}"
    yield f"{made}, {counted(one.word_count, 'word')}"
    yield from _quoted(one.changes)
    if one.is_cut:
        yield (
            f"The changes are cut here: the whole text is the tool article with article={one.citation.article_id}, "
            f"as_of={moment_text(one.citation.seen_from)}"
        )


def views_text(answer: ViewsAnswer) -> Iterator[str]:
    """Render view readings of an article."""
    yield from _citation(answer.citation)
    yield f"{counted(answer.reading_count, 'reading')}, as known at {moment_text(answer.known_at)}"
    yield from map(_reading, answer.readings)
    if answer.next_offset is not None:
        yield f"There are more readings: the same call with offset={answer.next_offset}"
    if answer.at_age is None:
        yield "views at an age: unknown: the page has no publication time to the minute"
    yield from map(_at_age, answer.at_age or ())


def _reading(one: ViewCount) -> str:
    gained = "reset" if one.is_reset else "first reading" if one.gained is None else f"+{one.gained}"
    return f"{moment_text(one.read_at)}: {one.view_count} ({gained})"


def _at_age(one: AtAge) -> str:
    gap = "" if not one.gap_hours else f", between readings {one.gap_hours:g} h apart"
    count = "unknown" if one.view_count is None else counted(one.view_count, "view")
    return f"at the age of {one.age_hours:g} h: {count} ({one.basis}{gap})"


def top_views_text(answer: TopViewsAnswer) -> Iterator[str]:
    """Render what gained most views."""
    yield f"Most views gained from {moment_text(answer.since)} until {moment_text(answer.until)}:"
    for one in answer.articles:
        yield ""
        yield from _gain(one)
    yield ""
    yield from _coverage(answer.coverage)


def _gain(one: Gain) -> Iterator[str]:
    yield from _citation(one.citation)
    resets = f", reset {counted(one.reset_count, 'time')}" if one.reset_count else ""
    period = f"from {moment_text(one.gained_from)} until {moment_text(one.gained_until)}"
    yield f"+{one.gained} views {period}{resets}; {one.view_count} then"


def coverage_text(answer: CoverageAnswer) -> Iterator[str]:
    """Render what could be seen of each source."""
    yield f"As known at {moment_text(answer.known_at)}"
    if not answer.sources:
        yield "No source was ever crawled into this database."
    for one in answer.sources:
        yield from _source_coverage(one)


def _source_coverage(one: SourceCoverageAnswer) -> Iterator[str]:
    waits = "" if one.longest_wait_seconds is None else f", at most {one.longest_wait_seconds / 60:.0f} min apart"
    yield f"{_note(one)} ({counted(one.poll_count, 'poll')}{waits})"
    for hole in one.not_visible:
        links = f", {counted(hole.link_count, 'link')}" if hole.link_count else ""
        yield f"  {moment_text(hole.since)} until {moment_text(hole.until)}: {hole.cause}{links}: {_line(hole.detail)}"
    if (left := one.not_visible_count - len(one.not_visible)) > 0:
        yield f"  {left} more: ask for a shorter period"
    if one.filtered_count:
        yield f"  not looked at: {counted(one.filtered_count, 'link')} that the settings leave out"


def absent_text(answer: AbsentAnswer) -> Iterator[str]:
    """Render whether an article said so."""
    yield f"{answer.verdict}: {answer.claim}"
    yield f"As known at {moment_text(answer.known_at)}"
    for one in answer.found:
        yield ""
        yield from _said(one)
    yield ""
    if (left := answer.found_count - len(answer.found)) > 0:
        yield f"{left} more: ask for a shorter period, or with a higher limit"
    yield from _coverage(answer.coverage)


def first_text(answer: FirstAnswer) -> Iterator[str]:
    """Render who said so first."""
    yield answer.claim
    yield f"As known at {moment_text(answer.known_at)}"
    for one in answer.sources:
        yield ""
        yield from _source_first(one)
    yield ""
    if (left := answer.source_count - len(answer.sources)) > 0:
        yield f"{left} more sources: name those that are wanted, or ask with a higher limit"
    yield from _coverage(answer.coverage)


def _source_first(one: SourceFirst) -> Iterator[str]:
    proven = f"; proven before {', '.join(one.proven_before)}" if one.proven_before else ""
    if one.first is None:
        yield f"{one.source_title} ({one.source}): nothing that was seen said so"
        return
    bounds = f"not before {moment_text(one.earliest)}, by {moment_text(one.latest)}"
    yield f"{one.source_title} ({one.source}): {bounds}{proven}"
    yield from _said(one.first)


def _said(one: Said) -> Iterator[str]:
    yield from _citation(one.citation)
    start = "was there before it was looked for" if one.earliest is None else f"not before {moment_text(one.earliest)}"
    yield f"said so: {start}, by {moment_text(one.latest)}"
    yield from _quoted(one.quote)


def _citation(one: Citation) -> Iterator[str]:
    until = "" if one.seen_until is None else f" until {moment_text(one.seen_until)}"
    gone = "" if one.gone_at is None else f"; gone since {moment_text(one.gone_at)}"
    yield from _quoted(one.title)
    yield f"{one.source_title} ({one.source}), {one.url}"
    yield (
        f"article {one.article_id}, revision {one.revision_number}, seen from {moment_text(one.seen_from)}{until}; "
        f"published {one.published_at or 'at an unknown time'}; fetched {moment_text(one.fetched_at)}{gone}"
    )
    yield f"terms: {one.terms}"
    yield f"coverage of the source: {one.coverage}"


def _coverage(beside: Coverage) -> Iterator[str]:
    yield "Coverage:" if beside.sources else "Coverage: none: no source was watched, or the period has not begun."
    yield from (f"  {_note(one)}" for one in beside.sources)
    if (left := beside.source_count - len(beside.sources)) > 0:
        yield f"  {counted(left, 'more source')}: the tool coverage"


def _note(one: SourceCoverageNote) -> str:
    return f"{one.source_title} ({one.source}): {one.statement}"


def _quoted(text: str) -> Iterator[str]:
    return (f"> {line}" for line in text.splitlines()) if text else iter(())


def _line(text: str) -> str:
    return " ".join(text.split())
