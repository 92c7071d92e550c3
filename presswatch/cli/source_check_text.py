"""Render the live check of a source as text: a line a channel, a line a field, a line a problem."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scraper.crawl.source_check import FieldCheck, SourceCheck
from storage.text.counts import counted
from storage.text.durations import format_time
from storage.text.sanitize import sanitize

MAX_PROVENANCES = 3
"""Maximum provenances of a field that are shown."""


def render_check(check: SourceCheck) -> Iterator[str]:
    """Render the check of one source."""
    yield sanitize(f"{check.source}: {'good' if check.is_good else 'not read as declared'}")
    if check.problem is not None:
        yield f"  {sanitize(check.problem)}"
    for channel in check.channels:
        newest = (
            "" if channel.newest is None else f", {channel.dated} with a date, newest {format_time(channel.newest)}"
        )
        found = channel.problem or counted(channel.listed, "article") + newest
        yield f"  {sanitize(channel.channel)}: {sanitize(found)}"
    yield from render_fields(check.fields)
    for url, failure in check.failures.items():
        yield f"  {sanitize(url)}: {sanitize(failure)}"


def render_fields(fields: Iterable[FieldCheck]) -> Iterator[str]:
    """Render a line a field: in how many articles it has a value, and from where."""
    for one in fields:
        yield f"  {one.field:<14}{_field(one)}"


def _field(one: FieldCheck) -> str:
    named = ", ".join(one.provenance[:MAX_PROVENANCES])
    origin = f"  [{sanitize(named)}]" if named else ""
    problem = f"  {sanitize(one.problem)}" if one.problem and one.read < one.of else ""
    missing = "  MISSING" if one.is_required and one.read < one.of else ""
    return f"{one.read} of {one.of}{missing}{origin}{problem}"
