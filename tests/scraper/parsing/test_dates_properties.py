"""Test that dates never raise, and that formatted dates parse back to the same time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from scraper.parsing.dates import parse_date
from storage.model.records import DatePrecision
from tests.support.site.words import MONTHS

BAKU = ZoneInfo("Asia/Baku")
# Hypothesis wants its bounds naive. Baku has had no summer time since 2016.
MOMENTS = st.datetimes(datetime(2018, 1, 1), datetime(2099, 12, 31))  # noqa: DTZ001
WORDS = "25 6 0 2026 99999 June июня İYUN 17:24 25:61 :00 . , - – T Z + +04:00 am г. в GMT вчера ٣"
PIECES = st.lists(
    st.sampled_from([*WORDS.split(), " ", "\ud800", "\0"]) | st.text(max_size=3),
    max_size=12,
).map("".join)


@given(st.one_of(st.text(), PIECES), st.none() | st.just(datetime(2026, 1, 1, tzinfo=UTC)))
def test_no_text_raises_and_every_date_is_aware(text: str, now: datetime | None) -> None:
    found = parse_date(text, BAKU, now=now)
    assert found is None or found[0].utcoffset() == timedelta(0)


@given(
    MOMENTS,
    st.sampled_from(sorted(MONTHS)),
    st.sampled_from([" ", ", ", " - ", " в ", "\u00a0", " – "]),
    st.sampled_from([str.lower, str.upper, str.title]),
    st.sampled_from(["{:d}", "{:02d}"]),
)
def test_words_come_back(moment: datetime, language: str, joint: str, case: Callable[[str], str], day: str) -> None:
    month = MONTHS[language][moment.month - 1]
    text = f"{day.format(moment.day)} {case(month)} {moment.year}{joint}{moment:%H:%M}"
    expected = moment.replace(second=0, microsecond=0, tzinfo=BAKU)
    assert parse_date(text, BAKU) == (expected, DatePrecision.MINUTE)


@given(MOMENTS, st.integers(-12 * 60, 14 * 60))
def test_machine_forms_come_back_with_their_zone(moment: datetime, minutes: int) -> None:
    aware = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    for text in (aware.isoformat(), format_datetime(aware)):
        assert parse_date(text, BAKU) == (aware, DatePrecision.SECOND)
