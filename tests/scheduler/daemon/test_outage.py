"""The log of a database that is away: a line at once, one a minute, one when it answers again."""

from __future__ import annotations

import pytest

from scheduler.daemon.outage import OutageLog
from storage.model.errors import StoreError

AWAY = StoreError("database x: connection refused")


@pytest.mark.parametrize(
    ("seconds_away", "lines"),
    [(0, 1), (9, 1), (59, 1), (60, 2), (61, 2), (600, 11)],
)
def test_an_outage_is_a_line_a_minute(caplog: pytest.LogCaptureFixture, seconds_away: int, lines: int) -> None:
    now = 0.0
    outage = OutageLog(clock=lambda: now)
    with caplog.at_level("INFO"):
        for now in range(seconds_away + 1):  # noqa: B007  (the clock reads it, once a second)
            outage.failed(AWAY)
            outage.failed(AWAY, "caliber could not be crawled: %s")
        assert outage.error == str(AWAY)
        assert len(caplog.records) == lines
        outage.answered()
        outage.answered()
    assert outage.error is None
    assert [record.levelname for record in caplog.records] == ["ERROR"] * lines + ["INFO"]


def test_what_comes_and_goes_is_a_line_a_minute_too(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    outage = OutageLog(clock=lambda: now)
    with caplog.at_level("INFO"):
        for now in range(0, 120, 10):  # noqa: B007  (the clock reads it)
            outage.failed(AWAY)
            outage.answered()
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"] * 2
