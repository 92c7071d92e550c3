"""Test which publication times are days: those at midnight UTC of which no time of day is printed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storage.model.published import is_day

MIDNIGHT = datetime(2026, 6, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        "25 June 2026",
        "25.06.2026",
        "25. 6. 2026",
        "Do 25.06.26",
        "2026-06-25",
        "2026/06/25",
        "06/25/2026",
        "25.06.2026 г., четверг",
        "2026年6月25日(木)",
        "Thursday the 25th of June 2026",
        "2026. gada 25. jūnijs",
    ],
)
def test_a_day(raw: str | None) -> None:
    assert is_day(MIDNIGHT, None, raw)


@pytest.mark.parametrize(
    "raw",
    [
        "25 June 2026 04:00",
        "25.06.2026 04.00",
        "25.06.2026, 04.00 Uhr",
        "25.6.2026 04.00.00",
        "25 Jun 2026, 04.00.00",
        "4.00 Uhr, 25.06.2026",
        "25 juin 2026 à 4h00",
        "25 juin 2026 à 4 H 00",
        "20260625T000000Z",
        "1782345600",
        "1782345600000",
        "2026年6月25日 4時00分",
        "٢٥ يونيو ٢٠٢٦ ٠٤:٠٠",
    ],
)
def test_a_time_of_day_at_midnight_utc(raw: str) -> None:
    assert not is_day(MIDNIGHT, None, raw)
