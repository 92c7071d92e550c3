"""Coverage of stored sources: each cause from the rows that tell of it, on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from storage.coverage.coverage import SourceCoverage, coverage
from storage.database.tables import channels
from storage.model.event_kinds import EventKind
from storage.model.failure_causes import FailureCause
from storage.model.records import FailureStage, Outcome, RunStatus
from storage.scheduling.schedules import Schedule
from tests.support.rows import DAY, HOUR, NOON, Rows

pytestmark = pytest.mark.dialect

MINUTE = timedelta(minutes=1)
FEED = "https://caliber.az/rss.xml"


def polls(rows: Rows, *hours: float, source: str = "caliber", **values: Any) -> None:
    """Crawls that read every channel, each so many hours after NOON, for a minute."""
    for hour in hours:
        at = NOON + hour * HOUR
        rows.run(**{"source": source, "started_at": at, "finished_at": at + MINUTE, "channels_read": True, **values})


def between(rows: Rows, start: float, end: float, **options: Any) -> SourceCoverage:
    """The coverage of the source from so many hours after NOON to so many."""
    options = {"since": NOON + start * HOUR, "until": NOON + end * HOUR, "now": NOON + 10 * DAY} | options
    [found] = coverage(rows.store, sources=["caliber"], **options)
    return found


def hidden(found: SourceCoverage) -> Iterator[tuple[str, float, float]]:
    """Cause and hours after NOON of each interval that is not visible."""
    for one in found.not_visible:
        yield str(one.cause), _hours(one.since), _hours(one.until)


def _hours(at: datetime) -> float:
    return round((at - NOON) / HOUR, 3)


def gap(rows: Rows, *, read: float, found: float) -> None:
    details = {"sentence": "none was known", "last_success_at": str(NOON + read * HOUR)}
    rows.store.events.add(source="caliber", kind=EventKind.GAP, subject=FEED, details=details, now=NOON + found * HOUR)


def failed(
    rows: Rows, *hours: float, cause: FailureCause = FailureCause.SOURCE, error: str = f"{FEED}: network: no"
) -> None:
    status = RunStatus.FAILED
    for hour in hours:
        at = NOON + hour * HOUR
        rows.run(started_at=at, finished_at=at + MINUTE, status=status, failure_cause=cause, error=error)


def test_a_source_without_polls_was_not_watched(rows: Rows) -> None:
    rows.run()  # of single URLs: it reads no channel
    assert list(hidden(between(rows, 0, 5))) == [("not watched yet", 0, 5)]
    [never] = coverage(rows.store, since=NOON, until=NOON + HOUR, sources=["elsewhere"])
    assert (never.is_complete, never.share_visible, never.title) == (False, 0, "elsewhere")


def test_time_between_the_first_poll_and_the_last_is_visible(rows: Rows) -> None:
    polls(rows, 1, 2, 4)
    found = between(rows, 0, 5)
    assert list(hidden(found)) == [("not watched yet", 0, 1), ("not polled", 4, 5)]
    assert (found.poll_count, found.longest_wait, found.time_not_visible) == (3, 2 * HOUR, 2 * HOUR)
    assert [(_hours(one.since), _hours(one.until)) for one in found.visible] == [(1, 4)]
    assert between(rows, 1.5, 3.5).is_complete
    assert between(rows, 1.5, 3.5).longest_wait == 2 * HOUR


def test_without_a_beginning_the_period_is_since_the_first_poll(rows: Rows) -> None:
    polls(rows, 1, 2)
    assert between(rows, 0, 2, since=None).since == NOON + HOUR


def test_a_gap_reaches_from_the_start_of_the_poll_before(rows: Rows) -> None:
    polls(rows, 1, 2, 3, 4)
    gap(rows, read=2.01, found=3.01)
    assert list(hidden(between(rows, 1, 4))) == [("gap", 2, 3.01)]
    assert list(hidden(between(rows, 2.5, 2.6))) == [("gap", 2.5, 2.6)]
    assert between(rows, 3.1, 4).is_complete


@pytest.mark.parametrize(
    ("cause", "error", "named"),
    [
        (FailureCause.SOURCE, f"{FEED}: http 5xx: 503", "outage"),
        (FailureCause.SOURCE, f"{FEED}: blocked: 403", "blocked"),
        (FailureCause.DATABASE, "the disk is full", "local failure"),
        (FailureCause.CRASH, "it was killed", "interrupted"),
    ],
)
def test_a_gap_is_named_after_the_crawls_that_failed_in_it(
    rows: Rows, cause: FailureCause, error: str, named: str
) -> None:
    polls(rows, 1, 5)
    failed(rows, 2, 3, cause=cause, error=error)
    gap(rows, read=1.01, found=5.01)
    found = between(rows, 1, 5)
    assert list(hidden(found)) == [(named, 1, 5)]
    assert found.not_visible[0].detail.endswith(error)


def test_an_outage_after_which_the_list_reached_back_hides_nothing(rows: Rows) -> None:
    polls(rows, 1, 5)
    failed(rows, 2, 3)
    assert between(rows, 1, 5).is_complete


def test_what_goes_on_failing_is_not_visible_since_the_last_poll(rows: Rows) -> None:
    polls(rows, 1)
    failed(rows, 2, 3)
    assert list(hidden(between(rows, 1, 5))) == [("outage", 1, 5)]


def test_a_channel_that_is_given_up_hides_the_time_in_which_it_failed(rows: Rows) -> None:
    polls(rows, 1, 2, 4)
    failed(rows, 3)
    rows.listing(rows.link("https://caliber.az/en/post/one", outcome=Outcome.STORED), FEED)
    state = {"consecutive_failures": 1, "failure_stage": FailureStage.HTTP_4XX, "failure_reason": "404"}
    with rows.store.write() as connection:
        connection.execute(update(channels).values(**state, polled_at=NOON + 3.01 * HOUR))
    assert list(hidden(between(rows, 1, 4))) == [("outage", 2, 4)]


def test_a_pause_is_named_while_it_lasts_and_after_it(rows: Rows) -> None:
    polls(rows, 1)
    rows.store.schedules.set(Schedule(source="caliber", next_poll_at=NOON, interval=None, reason="interval"))
    rows.store.schedules.pause("caliber", now=NOON + 2 * HOUR)
    assert list(hidden(between(rows, 1, 5))) == [("paused", 1, 5)]
    rows.store.schedules.resume("caliber", now=NOON + 4 * HOUR)
    assert list(hidden(between(rows, 1, 5))) == [("paused", 1, 5)]
    polls(rows, 4)
    gap(rows, read=1.01, found=4.01)
    assert list(hidden(between(rows, 1, 4))) == [("paused", 1, 4)]


def test_a_silence_is_not_visible_since_its_last_article(rows: Rows) -> None:
    polls(rows, *range(10))
    details = {"sentence": "nothing new for 5 h", "last_arrival_at": (NOON + 2 * HOUR).isoformat()}
    rows.store.events.open(source="caliber", kind=EventKind.SILENT, subject="", details=details, now=NOON + 7 * HOUR)
    assert list(hidden(between(rows, 1, 9))) == [("silent", 2, 9)]
    rows.store.events.close(1, now=NOON + 8 * HOUR)
    assert list(hidden(between(rows, 1, 9))) == [("silent", 2, 8)]


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ({}, "backlog"),
        ({"outcome_reason": "beyond the budget of this crawl"}, "over budget"),
        ({"failed_attempts": 2, "outcome_reason": "timeout: none"}, "fetch failed"),
        ({"failed_attempts": 2, "quarantined_at": NOON}, "quarantined"),
        ({"outcome": Outcome.GONE}, "gone unread"),
        ({"outcome": Outcome.FILTERED, "outcome_reason": "reserved: tdm-reservation 1"}, "rights reserved"),
    ],
)
def test_a_link_that_was_not_read_may_say_anything(rows: Rows, values: dict[str, Any], cause: str) -> None:
    polls(rows, 1, 2, 3)
    for slug in "ab":
        rows.link(f"https://caliber.az/en/post/{slug}", first_listed_at=NOON + 2.01 * HOUR, **values)
    found = between(rows, 1, 3)
    assert list(hidden(found)) == [(cause, 1, 2.01)]
    assert found.not_visible[0].link_count == 2
    assert found.filtered_count == 0
    assert list(hidden(between(rows, 1, 1.5))) == [(cause, 1, 1.5)], "listed after the period, it may be of it"
    assert between(rows, 2.1, 3).is_complete


def test_what_the_settings_leave_out_is_counted_and_not_hidden(rows: Rows) -> None:
    polls(rows, 1, 2, 3)
    reason = {"outcome": Outcome.FILTERED, "outcome_reason": "section: sport"}
    rows.link("https://caliber.az/en/post/one", first_listed_at=NOON + 2.01 * HOUR, **reason)
    found = between(rows, 1, 3)
    assert (found.is_complete, found.filtered_count) == (True, 1)


def test_an_article_without_its_text_may_say_anything(rows: Rows) -> None:
    polls(rows, 1, 2, 3)
    article = {"article_id": rows.article("one", body=""), "outcome": Outcome.STORED}
    rows.link("https://caliber.az/en/post/one", first_listed_at=NOON + 2.01 * HOUR, **article)
    assert list(hidden(between(rows, 1, 3))) == [("no text", 1, 2.01)]


def test_as_of_a_moment_what_came_later_is_not_known(rows: Rows) -> None:
    polls(rows, 1, 2, 3)
    stored = {"article_id": rows.article("one", stored_at=NOON + 2.8 * HOUR), "outcome": Outcome.STORED}
    rows.link("https://caliber.az/en/post/one", first_listed_at=NOON + 2.01 * HOUR, **stored)
    assert between(rows, 1, 3).is_complete
    then = between(rows, 1, 3, as_of=NOON + 2.5 * HOUR)
    assert list(hidden(then)) == [("backlog", 1, 2.01), ("not polled", 2, 3)]


def causes(found: Sequence[SourceCoverage]) -> list[tuple[str, bool]]:
    return [(one.source, one.is_complete) for one in found]


def test_each_source_has_its_own(rows: Rows) -> None:
    rows.source("sundar", title="Sundar")
    polls(rows, 1, 2)
    polls(rows, 1, 1.2, source="sundar")
    gap(rows, read=1.01, found=2.01)
    period = {"since": NOON + HOUR, "until": NOON + 1.1 * HOUR}
    assert causes(coverage(rows.store, **period)) == [("caliber", False), ("sundar", True)]
