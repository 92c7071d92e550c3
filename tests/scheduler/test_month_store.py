"""A simulated month over the real store: its rows, its notifications, its polls. Only the clock is simulated."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select

from scheduler.planning.rules import DEFAULT_MAX_INTERVAL, DEFAULT_MIN_INTERVAL
from storage.database.tables import METADATA
from storage.model.records import RunStatus
from tests.support.month import Month, Visited
from tests.support.october import (
    BACK,
    BERLIN,
    BROKEN,
    BURST,
    FORWARD,
    OFF,
    REFUSED,
    SILENCE,
    START,
    TURNED_AWAY,
    WIRE,
    beside_fixed,
    good_pairs,
    table,
)
from tests.support.simulation import Span

# It takes minutes to make; tests/scheduler/planning/test_month_plan.py simulates a month of planning without a store.
pytestmark = [pytest.mark.long, pytest.mark.timeout(600), pytest.mark.xdist_group("month")]
SOURCES = (BERLIN.name, WIRE.name)
PROMPTLY = timedelta(minutes=1)
"""Two crawls at once, one after another, take half a minute."""


def rows(month: Month, table: str) -> list[Row[Any]]:
    columns = METADATA.tables[table]
    with month.store.read() as connection:
        return list(connection.execute(select(columns)))


def within(moment: datetime, span: Span) -> bool:
    return span[0] <= moment < span[1]


def gaps(month: Month, source: str) -> list[Span]:
    """The recorded gaps in real time: from the last successful poll to the one that met nothing known."""
    spans, good = [], None
    for visit in month.of(source):
        if any(event.kind == "gap" for event in visit.events):
            assert good is not None
            spans.append((good.real_at, visit.real_until))
        good = visit if visit.listed else good
    return spans


def unseen(month: Month, source: str) -> list[int]:
    """Articles published between the first poll and the last that no poll ever met on the list."""
    visits, site = [one for one in month.of(source) if one.listed], month.press[source].site
    return [one for one in site.between(visits[0].real_at, visits[-1].real_at) if one not in month.shown[source]]


@pytest.mark.parametrize("source", SOURCES)
def test_every_article_that_was_on_a_list_at_a_poll_is_stored_exactly_once(month: Month, source: str) -> None:
    stored = [row.url for row in rows(month, "articles") if row.source == source]
    home = month.sources[source].base_url
    assert Counter(stored) == Counter(f"{home}/en/post/story-{number}" for number in month.shown[source])


def test_no_link_is_left_without_its_outcome(month: Month) -> None:
    assert {row.outcome.value for row in rows(month, "links")} == {"stored"}


@pytest.mark.parametrize("source", SOURCES)
def test_every_article_that_fell_off_the_list_unseen_lies_in_a_recorded_gap(month: Month, source: str) -> None:
    site, spans = month.press[source].site, gaps(month, source)
    missed = [site.published[number] for number in unseen(month, source)]
    assert [at for at in missed if not any(within(at, span) for span in spans)] == []


def test_the_month_had_gaps_to_find(month: Month) -> None:
    assert any(start < BURST + timedelta(hours=1) and end > BURST for start, end in gaps(month, "berlin"))
    assert len(unseen(month, "berlin")) > 10


@pytest.mark.parametrize("source", SOURCES)
def test_a_gap_is_recorded_when_nothing_listed_was_known_and_only_then(month: Month, source: str) -> None:
    visits = [one for one in month.of(source) if one.listed]
    met = [one.fresh == len(one.listed) for one in visits[1:]]
    assert [any(event.kind == "gap" for event in one.events) for one in visits[1:]] == met


def test_every_gap_is_notified_once(month: Month) -> None:
    found = [row.id for row in rows(month, "events") if row.kind == "gap"]
    assert notified_ends(month, "gap") == {number: ["opened"] for number in found}


def notified_ends(month: Month, kind: str) -> dict[int, list[str]]:
    """Return the notified ends of each event of a kind, in the order of their notifications."""
    events = {row.id: row.kind for row in rows(month, "events")}
    ends: dict[int, list[str]] = {number: [] for number, of in events.items() if of == kind}
    for row in rows(month, "alerts"):
        if events[row.event_id] == kind:
            ends[row.event_id].append(row.key.split(":")[2])
    return ends


@pytest.mark.parametrize(
    ("kind", "source", "span", "lag"),
    [
        ("silent", "berlin", SILENCE, timedelta(hours=10)),
        ("failing", "berlin", REFUSED, timedelta(hours=2)),
        ("blocked", "berlin", TURNED_AWAY, timedelta(hours=2)),
        ("failing", "wire", BROKEN, timedelta(hours=2)),
    ],
)
def test_a_trouble_is_notified_once_on_entry_and_once_on_recovery(
    month: Month, kind: str, source: str, span: Span, lag: timedelta
) -> None:
    [event] = [row for row in rows(month, "events") if (row.kind, row.source) == (kind, source)]
    assert span[0] < event.opened_at < span[0] + lag
    assert span[1] < event.closed_at < span[1] + timedelta(hours=5)  # a back-off that doubles reaches as far again
    assert notified_ends(month, kind)[event.id] == ["opened", "closed"]


def test_nothing_else_was_notified(month: Month) -> None:
    """No false silence by night, at a weekend, after the downtime or the change of the clocks; no drift, no lies."""
    kinds = Counter((row.kind, row.source) for row in rows(month, "events") if row.kind != "gap")
    once = [("silent", "berlin"), ("failing", "berlin"), ("blocked", "berlin"), ("failing", "wire")]
    assert kinds == Counter(once)


def disturbed(one: Visited, other: Visited) -> bool:
    """Return whether the machine was off, or its clock set forward, between two polls: the next one comes early."""
    return one.real_until <= FORWARD <= other.real_at or one.real_until <= OFF[1] <= other.real_at


@pytest.mark.parametrize("source", SOURCES)
def test_no_poll_comes_outside_its_bounds(month: Month, source: str) -> None:
    """In real time, whatever the host took it for; one after a failure backs off."""
    pairs = [(one, other) for one, other in good_pairs(month.of(source)) if not disturbed(one, other)]
    waits = [other.real_at - one.real_until for one, other in pairs]
    assert len(waits) > 300
    assert min(waits) >= DEFAULT_MIN_INTERVAL
    assert max(waits) <= DEFAULT_MAX_INTERVAL + PROMPTLY


@pytest.mark.parametrize("source", SOURCES)
def test_a_clock_that_is_set_back_holds_no_poll_up(month: Month, source: str) -> None:
    before = [one for one in month.of(source) if one.real_until <= BACK][-1]
    after = next(one for one in month.of(source) if one.real_at >= BACK)
    planned = before.after.next_poll_at - before.host_until
    assert after.real_at - before.real_until <= planned + PROMPTLY


@pytest.mark.parametrize("source", SOURCES)
def test_a_failing_source_is_never_given_up(month: Month, source: str) -> None:
    failed = [one for one in month.of(source) if one.status is RunStatus.FAILED]
    assert 3 <= len(failed) <= 60
    assert max(one.after.next_poll_at - one.host_until for one in failed) <= timedelta(hours=6)


@pytest.mark.parametrize("source", SOURCES)
def test_after_a_downtime_each_source_is_caught_up_once(month: Month, source: str) -> None:
    assert month.began == [START, OFF[1]]
    since = [one for one in month.of(source) if one.real_at >= OFF[1]][:2]
    assert since[0].real_at - OFF[1] <= timedelta(minutes=2)
    assert "not polled: caught up once" in since[0].planned.reason
    assert since[1].real_at - since[0].real_until >= DEFAULT_MIN_INTERVAL
    assert not [one for one in month.of(source) if within(one.real_at, OFF)]


def test_every_run_is_closed(month: Month) -> None:
    runs = rows(month, "crawl_runs")
    assert {run.status for run in runs} == {RunStatus.SUCCEEDED, RunStatus.FAILED}
    assert len(runs) == len(month.visits)
    assert all(run.finished_at is not None for run in runs)


def test_an_unchanged_feed_costs_no_body(month: Month) -> None:
    assert sum(one.not_modified for one in month.of("wire")) > 50


def test_most_articles_wait_less_than_under_a_fixed_interval_of_as_many_requests(month: Month) -> None:
    """Through all the troubles, for which a fixed interval has no back-off; the table goes to the test's output."""
    print(table(month))
    for source, most in (("berlin", 0.9), ("wire", 1.1)):  # seven articles a day say little of their hours
        ours, fixed = beside_fixed(month, source)
        assert ours.requests_a_day == fixed.requests_a_day
        assert ours.p50 < most * fixed.p50
