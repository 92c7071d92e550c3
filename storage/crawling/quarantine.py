"""Mark links whose pages are parsed next, and quarantine those of which a parser died twice.

The marks of a crawl are written in the transactions of its other steps. What a crawl process that died leaves marked is
suspect: its page is parsed in a process of its own from then on, where it can end nothing else. The death of that
process is the second; the death of a crawl alone quarantines nothing, as most marked pages are innocent of it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, select, update

from storage.crawling import events
from storage.crawling.fetches import FetchAttempt
from storage.database.engine import AnyRow
from storage.database.tables import links
from storage.model.event_kinds import EventKind
from storage.model.records import FetchFailure, Outcome

logger = logging.getLogger(__name__)

MAX_PARSER_DEATHS = 2
"""Deaths of processes that parsed a page, after which it is quarantined."""

SUSPECT_REASON = "parse: the crawl process died while this page was parsed or about to be; it is parsed by itself next"

UNMARKED: Mapping[str, Any] = {"parsing_run_id": None}
"""Columns of a link whose fetch failed."""
PARSED: Mapping[str, Any] = {**UNMARKED, "parser_deaths": 0, "quarantined_at": None}
"""Columns of a link whose page was parsed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsingMarks:
    """Links that a run parses next, by their URLs."""

    run_id: int
    urls: Sequence[str]


def run_of(marks: ParsingMarks | None) -> int | None:
    """Return the id of the run that marks links; None without marks."""
    return None if marks is None else marks.run_id


def mark(connection: Connection, marks: ParsingMarks | None) -> None:
    """Mark links as parsed next by a run."""
    if marks is not None and marks.urls:
        marked = update(links).where(links.c.url.in_(marks.urls))
        connection.execute(marked.values(parsing_run_id=marks.run_id))


def unmark(connection: Connection, marks: ParsingMarks) -> None:
    """Remove the marks of links that a run has not parsed."""
    if marks.urls:
        marked = update(links).where(links.c.url.in_(marks.urls), links.c.parsing_run_id == marks.run_id)
        connection.execute(marked.values(UNMARKED))


def suspect_marked(connection: Connection, run_id: int, *, now: datetime) -> None:
    """Count a death and a failed attempt for each link that a run marked before its process died.

    They are due with the next crawl, behind its new links: parsed by themselves, they can do no more harm.
    """
    marked = update(links).where(links.c.parsing_run_id == run_id)
    values: dict[str, Any] = {
        "failed_attempts": links.c.failed_attempts + 1,
        "parser_deaths": case((links.c.parser_deaths == 0, 1), else_=links.c.parser_deaths),
        "next_attempt_at": now,
        "outcome_reason": case((links.c.outcome == Outcome.PENDING, SUSPECT_REASON), else_=links.c.outcome_reason),
    }
    suspects = connection.execute(marked.where(links.c.quarantined_at.is_(None)).values({**values, **UNMARKED}))
    connection.execute(marked.values(UNMARKED))
    if suspects.rowcount:
        logger.warning("run %d died; %d pages are parsed by themselves next", run_id, suspects.rowcount)


def failure_values(
    connection: Connection, link: AnyRow, attempt: FetchAttempt, failure: FetchFailure
) -> dict[str, Any]:
    """Return the columns of a link after a failure: unmarked, and quarantined by a second death of its parser."""
    if not failure.is_fatal:
        return dict(UNMARKED) if link.quarantined_at is None else {**UNMARKED, "next_attempt_at": None}
    deaths = link.parser_deaths + 1
    values = {**UNMARKED, "parser_deaths": deaths}
    if deaths < MAX_PARSER_DEATHS:
        return values
    if link.quarantined_at is None:
        _record_event(connection, link, attempt, failure)
    return {**values, "quarantined_at": link.quarantined_at or attempt.fetched_at, "next_attempt_at": None}


def _record_event(connection: Connection, link: AnyRow, attempt: FetchAttempt, failure: FetchFailure) -> None:
    advice = f"presswatch crawl {link.source} --url {link.url} tries it again"
    events.record(
        connection,
        source=link.source,
        kind=EventKind.QUARANTINED,
        subject=link.url,
        details={"sentence": f"{link.url}: {failure.reason}; {advice}", "reason": failure.reason},
        now=attempt.fetched_at,
    )


def quarantined_urls(connection: Connection) -> dict[str, list[str]]:
    """Return the URLs that are quarantined by source, the last one first."""
    last = (links.c.quarantined_at.desc(), links.c.id)
    found: dict[str, list[str]] = {}
    for row in connection.execute(
        select(links.c.source, links.c.url).where(links.c.quarantined_at.is_not(None)).order_by(*last)
    ):
        found.setdefault(row.source, []).append(row.url)
    return found
