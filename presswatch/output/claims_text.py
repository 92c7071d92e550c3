"""Render claims: that nothing said so in a period, and who said so first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from presswatch.output.coverage_text import coverage_record, coverage_sentences
from presswatch.output.display_zone import format_time, zone_label, zone_note
from presswatch.output.formats import TableColumn, as_dict, render_table
from presswatch.output.tables import source_credits
from storage.coverage.absence import Absence, Verdict
from storage.coverage.appearance import Appearance
from storage.coverage.firsts import FirstStatement
from storage.coverage.statements import Statement
from storage.text.counts import counted
from storage.text.durations import NO_DURATION
from storage.text.sanitize import sanitize


def render_absence(absence: Absence) -> Iterator[str]:
    """Render the claim in a sentence, what was found, and what could not be seen."""
    claim = claim_of_absence(absence)
    yield f"{claim.removesuffix('.')}:" if absence.found else claim
    for statement in absence.found:
        yield from _statement_lines(statement)
    yield from _not_visible(absence)
    if absence.found:
        yield ""
        yield from source_credits([statement.article for statement in absence.found])


def claim_of_absence(absence: Absence) -> str:
    """Say in a sentence what may be claimed of a period."""
    period = f"from {format_time(absence.since)} to {format_time(absence.until)} {zone_label()}"
    sources = ", ".join(one.source for one in absence.coverage)
    if absence.verdict is Verdict.PRESENT:
        return sanitize(f"{counted(len(absence.found), 'article')} of {sources} said so {period}, or may have.")
    appeared = "appeared" if absence.verdict is Verdict.ABSENT else "was seen to appear"
    return sanitize(f"No article of {sources} that {appeared} {period} said so.")


def _not_visible(absence: Absence) -> Iterator[str]:
    hidden = list(coverage_sentences(absence.coverage))
    yield "Not visible:" if hidden else "All of the period was visible."
    yield from (f"  {sentence}" for sentence in hidden)
    if any(one.filtered_count for one in absence.coverage):
        left_out = sum(one.filtered_count for one in absence.coverage)
        yield f"Not looked at: {counted(left_out, 'link')} that the settings of the sources leave out."


def _statement_lines(statement: Statement) -> Iterator[str]:
    article = statement.article
    edited = f", in version {statement.version}" if statement.version > 1 else ""
    yield f"  {article.id}  {bounds_text(statement.said)}{edited}: {sanitize(article.title)}"
    yield f"      {sanitize(article.url)}"


def bounds_text(bounds: Appearance) -> str:
    """Say between which polls or fetches something appeared."""
    if bounds.earliest is None:
        return f"by {format_time(bounds.latest)}"
    return f"between {format_time(bounds.earliest)} and {format_time(bounds.latest)}"


def absence_record(absence: Absence) -> dict[str, Any]:
    """Return an answer as a JSON object."""
    return as_dict(absence) | {"coverage": [coverage_record(one) for one in absence.coverage]}


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRow:
    """A row of the list of sources by when they first said so."""

    source: str
    earliest: datetime | None
    latest: datetime | None
    proven_before: tuple[str, ...]
    version: int | None
    article_id: int | None
    title: str | None
    url: str | None


def first_row(first: FirstStatement) -> FirstRow:
    """Return the row of a source."""
    statement = first.statement
    return FirstRow(
        source=first.source,
        earliest=first.said.earliest if first.said else None,
        latest=first.said.latest if first.said else None,
        proven_before=first.proven_before,
        version=statement.version if statement else None,
        article_id=statement.article.id if statement else None,
        title=statement.article.title if statement else None,
        url=statement.article.url if statement else None,
    )


FIRST_COLUMNS = (
    TableColumn("SOURCE"),
    TableColumn("NOT BEFORE", leaves=2),
    TableColumn("BY"),
    TableColumn("PROVEN BEFORE", leaves=3),
    TableColumn("TITLE", is_flexible=True, leaves=1),
)


def render_firsts(firsts: Sequence[FirstStatement], *, columns_wide: int) -> Iterator[str]:
    """Render who said so first as a table, the claim in a sentence, and what could not be seen."""
    cells = [_first_cells(first) for first in firsts]
    yield from render_table(FIRST_COLUMNS, cells, columns_wide=columns_wide)
    yield ""
    yield claim_of_order(firsts)
    if hidden := list(coverage_sentences([first.coverage for first in firsts])):
        yield "Not visible:"
        yield from (f"  {sentence}" for sentence in hidden)
    yield from source_credits([first.statement.article for first in firsts if first.statement is not None])
    yield zone_note()


def _first_cells(first: FirstStatement) -> list[str]:
    row = first_row(first)
    by = format_time(row.latest) if row.latest else "not found"
    before = ", ".join(row.proven_before) or NO_DURATION
    return [row.source, format_time(row.earliest), by, before, row.title or NO_DURATION]


def claim_of_order(firsts: Sequence[FirstStatement]) -> str:
    """Say in a sentence what may be claimed of the order."""
    if not any(first.said for first in firsts):
        return "No article that was seen said so."
    others = {first.source for first in firsts}
    winner = next((first for first in firsts if first.said and {first.source, *first.proven_before} == others), None)
    if winner is None:
        return "No source is proven to be the first: where intervals overlap, the order is not known."
    return sanitize(f"{winner.source} was first." if len(firsts) > 1 else f"{winner.source} is the only source.")
