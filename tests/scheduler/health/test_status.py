"""Report the status of stored rows: what waits is not undelivered, what an outage left is no detection latency."""

from __future__ import annotations

from datetime import timedelta

import pytest

from presswatch.output.status_text import render_status
from scheduler.daemon.metrics import metrics_text
from scheduler.health.latency import ExclusionReason
from scheduler.health.status import status_report
from scheduler.notifications.delivery import deliver_due
from scheduler.notifications.enqueuing import match_saved_searches
from storage.model.records import DatePrecision, DeliveryMode, RunStatus
from storage.scheduling.schedules import Schedule
from tests.support.expected import new_watch
from tests.support.rows import DAY, HOUR, NOON, Rows
from tests.support.webhook_server import refusing_port

MINUTE = timedelta(minutes=1)


def undelivered(rows: Rows, minutes: int) -> list[str]:
    """Return what status and metrics say of undelivered notifications so many minutes after noon."""
    report = status_report(rows.store, now=NOON + minutes * MINUTE)
    gauges = metrics_text(report, crawling=0, tasks=1).decode()
    return [
        *(line for line in render_status(report) if line.startswith("notifications:")),
        *(line for line in gauges.splitlines() if line.startswith("presswatch_alerts")),
    ]


QUIET = {"quiet_from": "11:00", "quiet_until": "13:00"}
DIGEST = {"delivery_mode": DeliveryMode.DIGEST, "digest_every": HOUR}


@pytest.mark.dialect
@pytest.mark.parametrize("options", [DIGEST, QUIET, DIGEST | QUIET], ids=["digest", "quiet", "both"])
def test_what_waits_for_its_time_is_not_undelivered_until_it_has_come(rows: Rows, options: dict[str, str]) -> None:
    rows.store.watches.add(new_watch(target=f"json://127.0.0.1:{refusing_port()}", **options), NOON)
    rows.article("one", body="Gas.")
    match_saved_searches(rows.store, now=NOON + MINUTE)
    assert undelivered(rows, 2) == ["presswatch_alerts_undelivered 0.0", "presswatch_alerts_given_up 0.0"]
    deliver_due(rows.store, now=NOON + 61 * MINUTE)
    assert undelivered(rows, 62)[:2] == [
        "notifications: 1 not delivered yet, will be retried",
        "presswatch_alerts_undelivered 1.0",
    ]


@pytest.mark.dialect
def test_the_backlog_of_an_outage_is_left_out_of_detection_latency(rows: Rows) -> None:
    """Crawls every 15 min, a stop of 5 h, crawls again; articles every 30 min, each stored by the next crawl."""
    starts = [*range(-120, 1, 15), *range(300, 421, 15)]
    for minutes in starts:
        start = NOON + minutes * MINUTE
        rows.run(started_at=start, finished_at=start + MINUTE)
    rows.run(started_at=NOON + 200 * MINUTE, finished_at=NOON + 201 * MINUTE, status=RunStatus.FAILED)
    rows.store.schedules.set(
        Schedule(source="caliber", next_poll_at=NOON + 435 * MINUTE, interval=15 * MINUTE, reason="x")
    )
    for published in range(-100, 410, 30):
        listed = next(start for start in starts if start > published)
        rows.article(
            f"story-{published}",
            published_at=NOON + published * MINUTE,
            published_precision=DatePrecision.MINUTE,
            first_seen_at=NOON + listed * MINUTE,
            stored_at=NOON + listed * MINUTE,
        )
    report = status_report(rows.store, now=NOON + 421 * MINUTE)
    line = report.delays.of("caliber")
    assert line is not None
    assert line.total.max <= 15 * MINUTE
    assert report.delays.excluded["caliber"] == {ExclusionReason.OUTAGE: 10}
    assert line.article_count == 7


@pytest.mark.dialect
def test_an_outage_of_weeks_is_known_from_the_crawl_before_it(rows: Rows) -> None:
    for start in (NOON - 30 * DAY, NOON - 30 * DAY + HOUR, NOON):
        rows.run(started_at=start, finished_at=start + MINUTE)
    rows.store.schedules.set(Schedule(source="caliber", next_poll_at=NOON + HOUR, interval=HOUR, reason="x"))
    rows.article("late", published_at=NOON - DAY, published_precision=DatePrecision.MINUTE, stored_at=NOON + MINUTE)
    report = status_report(rows.store, now=NOON + 2 * MINUTE)
    assert (report.delays.lines, report.delays.excluded) == ((), {"caliber": {ExclusionReason.OUTAGE: 1}})
