"""A round of health: what is found of a source, and which events that opens, keeps and closes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduler.health.assessment import EventChanges, HealthInputs, assess, event_changes, oldest_successful_poll
from scheduler.health.findings import Finding
from storage.crawling.events import Event
from storage.model.event_kinds import LASTING_KINDS, EventKind
from storage.model.records import FailureStage
from storage.scheduling.health_queries import ChannelHealth
from tests.support.sample_pages import normal, without
from tests.support.synthetic_histories import BAKU, MONDAY, Newsroom

NOW = MONDAY + timedelta(days=43, hours=8)
ARRIVALS = Newsroom(per_workday=40).arrivals(MONDAY, NOW - MONDAY, seed=1)
FEED = ChannelHealth(
    url="https://news.example/rss",
    consecutive_failures=0,
    failure_stage=None,
    reason=None,
    last_success_at=NOW,
    last_failed_at=None,
    validators_trusted=True,
)
HEALTHY = HealthInputs(
    timezone=BAKU,
    since=MONDAY,
    default_per_day=10,
    arrivals=ARRIVALS,
    recent=normal(40, start=300),
    earlier=normal(300),
    channels=[FEED],
)
KINDS = st.sampled_from(LASTING_KINDS)
SUBJECTS = st.sampled_from(["", "title", "https://news.example/rss"])
FINDINGS = st.lists(
    st.builds(Finding, kind=KINDS, subject=SUBJECTS, details=st.just({"sentence": "so"}), opens=st.booleans()),
    max_size=8,
)
KEYS = st.lists(st.tuples(KINDS, SUBJECTS), unique=True, max_size=8)
Key = tuple[EventKind, str]


def events(keys: Collection[Key]) -> list[Event]:
    return [
        Event(id=number, source="news", kind=kind, subject=subject, opened_at=MONDAY, closed_at=None, details={})
        for number, (kind, subject) in enumerate(keys)
    ]


def after(round_: EventChanges) -> list[Event]:
    """Return what is open once a round's transitions are stored."""
    return [*round_.still_open, *events([finding.key for finding in round_.opened])]


def opening(facts: HealthInputs) -> set[Key]:
    return {finding.key for finding in assess(facts, now=NOW) if finding.opens}


def test_nothing_is_found_of_a_healthy_source() -> None:
    assert assess(HEALTHY, now=NOW) == []


def test_each_thing_that_is_wrong_is_found() -> None:
    stopped = [at for at in ARRIVALS if at < NOW - timedelta(days=3)]
    blocked = replace(
        FEED,
        consecutive_failures=3,
        failure_stage=FailureStage.BLOCKED,
        reason="answered 403",
        validators_trusted=False,
    )
    facts = replace(HEALTHY, arrivals=stopped, recent=without(normal(40, start=300), "title"), channels=[blocked])
    assert opening(facts) == {
        (EventKind.SILENT, ""),
        (EventKind.DRIFT, "title"),
        (EventKind.BLOCKED, FEED.url),
        (EventKind.BAD_VALIDATORS, FEED.url),
    }


def test_a_source_that_cannot_be_polled_is_failing_and_not_silent() -> None:
    stopped = [at for at in ARRIVALS if at < NOW - timedelta(days=3)]
    failing = replace(
        FEED, consecutive_failures=30, failure_stage=FailureStage.TIMEOUT, last_success_at=NOW - timedelta(days=3)
    )
    assert opening(replace(HEALTHY, arrivals=stopped, channels=[failing])) == {(EventKind.FAILING, FEED.url)}


def test_before_the_first_successful_poll_there_is_no_silence() -> None:
    facts = replace(HEALTHY, since=None, arrivals=[], channels=[replace(FEED, last_success_at=None)])
    assert assess(facts, now=NOW) == []


def test_a_source_was_seen_up_to_its_oldest_successful_poll() -> None:
    late, never = replace(FEED, last_success_at=MONDAY), replace(FEED, last_success_at=None)
    assert oldest_successful_poll([FEED, late]) == MONDAY
    assert oldest_successful_poll([FEED, never]) is None
    assert oldest_successful_poll([]) is None


def test_one_alert_on_entry_one_on_recovery_none_between() -> None:
    """A silence over three days: usual, silent for a day of polls, then an article."""
    open_events: list[Event] = []
    transitions = []
    for hours in range(0, 96, 2):
        at = NOW + timedelta(hours=hours)
        arrivals = [*ARRIVALS, NOW + timedelta(hours=72)] if hours >= 72 else ARRIVALS
        facts = replace(HEALTHY, arrivals=arrivals, channels=[replace(FEED, last_success_at=at)])
        round_ = event_changes(open_events, assess(facts, now=at), now=at)
        transitions += [("opened", hours) for _ in round_.opened] + [("closed", hours) for _ in round_.closed]
        open_events = after(round_)
    assert [word for word, _ in transitions] == ["opened", "closed"]
    assert transitions[1] == ("closed", 72)


def test_a_finding_under_the_threshold_of_entry_keeps_and_does_not_open() -> None:
    weak = Finding(kind=EventKind.DRIFT, subject="title", details={"sentence": "so"}, opens=False)
    assert event_changes([], [weak], now=NOW).opened == ()
    is_open = events([weak.key])
    assert event_changes(is_open, [weak], now=NOW).still_open == tuple(is_open)


def test_what_was_not_assessed_is_kept() -> None:
    is_open = events([(EventKind.SILENT, ""), (EventKind.DRIFT, "title")])
    round_ = event_changes(is_open, [], now=NOW, judged={EventKind.DRIFT})
    assert [event.kind for event in round_.still_open] == [EventKind.SILENT]
    assert [event.kind for event in round_.closed] == [EventKind.DRIFT]
    assert round_.at == NOW


@given(KEYS, FINDINGS)
def test_every_open_event_is_kept_or_closed_and_nothing_opens_twice(keys: list[Key], found: list[Finding]) -> None:
    is_open = events(keys)
    round_ = event_changes(is_open, found, now=NOW)
    assert sorted(event.id for event in (*round_.still_open, *round_.closed)) == [event.id for event in is_open]
    entered = [finding.key for finding in round_.opened]
    assert len(entered) == len(set(entered))
    assert not {*entered} & {*keys}
    assert all(finding.opens for finding in round_.opened)


@given(KEYS, FINDINGS)
def test_the_same_findings_again_change_nothing(keys: list[Key], found: list[Finding]) -> None:
    first = event_changes(events(keys), found, now=NOW)
    again = event_changes(after(first), found, now=NOW)
    assert again.opened == again.closed == ()


@given(KEYS, FINDINGS)
def test_an_event_closes_only_when_it_is_not_found_at_all(keys: list[Key], found: list[Finding]) -> None:
    present = {finding.key for finding in found}
    round_ = event_changes(events(keys), found, now=NOW)
    assert {event.key for event in round_.closed} == {*keys} - present
    assert {event.key for event in round_.still_open} == {*keys} & present


@given(st.lists(FINDINGS, max_size=6))
def test_openings_and_closings_alternate(rounds: list[list[Finding]]) -> None:
    open_events: list[Event] = []
    standing: set[Key] = set()
    for found in rounds:
        round_ = event_changes(open_events, found, now=NOW)
        entered, left = {one.key for one in round_.opened}, {one.key for one in round_.closed}
        assert not entered & standing
        assert left <= standing
        standing = (standing - left) | entered
        open_events = after(round_)
