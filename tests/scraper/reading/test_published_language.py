"""Test that the language of a page orders day and month of the dates that it prints, not of its metadata."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from scraper.reading.candidates import Grade
from scraper.reading.published import DateReader

NOON = datetime(2026, 6, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("grade", "language", "month"),
    [
        (Grade.DECLARED, "de", 1),
        (Grade.MARKED, "de", 1),
        (Grade.GUESSED, "en-gb", 1),
        (Grade.GUESSED, "en-us", 11),
        (Grade.GUESSED, "en", None),
        (Grade.GUESSED, None, None),
        (Grade.STATED, "de", None),
    ],
)
def test_day_and_month(grade: Grade, language: str | None, month: int | None) -> None:
    reader = DateReader(ZoneInfo("Europe/Berlin"), NOON, language)
    found = reader.candidate("11/01/2023", "somewhere", grade).value.published_at
    assert (found and found.month) == month
