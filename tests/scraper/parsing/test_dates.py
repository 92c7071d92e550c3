"""Test the parsing of dates in the forms that news sites use."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from scraper.parsing.date_lexicon import MAX_DATE_LENGTH
from scraper.parsing.dates import parse_date
from storage.model.records import DatePrecision

BAKU = ZoneInfo("Asia/Baku")
MINUTE = (datetime(2026, 6, 25, 13, 24, tzinfo=UTC), DatePrecision.MINUTE)  # 17:24 in Baku
SECOND = (datetime(2026, 6, 25, 13, 24, 11, tzinfo=UTC), DatePrecision.SECOND)
DAY = (datetime(2026, 6, 25, tzinfo=UTC), DatePrecision.DAY)


@pytest.mark.parametrize(
    "text",
    [
        "25 June 2026 17:24",
        "25 June 2026 - 17:24",
        "25 June 2026 – 17:24",
        "25 June 2026, 17:24",
        "25 Июня 2026 17:24",
        "25 июня 2026, 17:24",
        "25 ИЮНЯ 2026 в 17:24",
        "25 июня 2026 г. в 17:24",
        "25 июня 2026 года, 17:24",
        "25 июнь 2026 17:24",
        "25 июн. 2026 17:24",
        "25 iyun 2026, 17:24",
        "25 İyun 2026 17:24",
        "25 İYUN 2026 17:24",
        "25 IYUN 2026 17:24",
        "25 ıyun 2026 17:24",
        "25 I\u0307YUN 2026 17:24",
        "25 iyun 2026-cı il, 17:24",
        "17:24, 25 iyun 2026",
        "17:24 25.06.2026",
        "25\u00a0June\u202f2026\u200917:24",
        "\n   25 June\n 2026\t17:24 ",
        "\u200e25 June 2026\u200b 17:24\ufeff",
        "25.06.2026 17:24",
        "25.6.2026, 17:24",
        "25-06-2026 17:24",
        "June 25, 2026 17:24",
        "Jun. 25, 2026 at 5:24 PM",
        "25th June 2026 5:24 p.m.",
        "Thursday, 25 June 2026 17:24",
        "Четверг, 25 июня 2026, 17:24",
        "Cümə axşamı, 25 iyun 2026, 17:24",
        "Published: 25 June 2026 17:24",
        "Опубликовано: 25 июня 2026, 17:24",
        "2026-06-25T17:24",
        "2026-06-25 17:24",
        "2026-06-25T13:24Z",
        "2026-06-25T17:24+04:00",
        "2026-06-25T17:24+04",
        "2026-06-25t09:24-0400",
        "25 июня 2026 16:24 МСК",
        "25 June 2026 17:24 (UTC+4)",
        "25 Jun 2026 13:24 GMT",
    ],
)
def test_to_the_minute(text: str) -> None:
    assert parse_date(text, BAKU) == MINUTE


@pytest.mark.parametrize(
    "text",
    [
        "Thu, 25 Jun 2026 17:24:11 +0400",
        "Thu, 25 Jun 2026 13:24:11 GMT",
        "Thu, 25 Jun 26 13:24:11 UT",
        "25 Jun 2026 09:24:11 EDT",
        "2026-06-25T13:24:11Z",
        "2026-06-25T17:24:11.250+04:00",
        "2026-06-25T17:24:11",
        "25.06.2026 17:24:11",
        "Thu Jun 25 17:24:11 2026",
        "Thu Jun 25 16:24:11 MSK 2026",
        "20260625T132411Z",
        "20260625T172411.5+0400",
        "2026/06/25 17:24:11",
        "2026-6-25 17:24:11",
        "Thu, 25 Jun 2026 13:24:11 +0000 GMT",
        "Thu, 25 Jun 2026 16:24:11 +0300 (MSK)",
        "Thu, 25 Jun 2026 17:24:11 +0400 (Azerbaijan Standard Time)",
        "2026-06-25T17:24:11+04:00[Asia/Baku]",
        "Thu, 25 Jun 2026 15:24:11 CEST",
        "Thu, 25 Jun 2026 16:24:11 EEST",
        "Thu, 25 Jun 2026 22:24:11 JST",
    ],
)
def test_to_the_second(text: str) -> None:
    assert parse_date(text, BAKU) == SECOND


@pytest.mark.parametrize(
    "text",
    [
        "25 June 2026",
        "25 июня 2026 г.",
        "25.06.2026",
        "2026-06-25",
        "June 25, 2026",
        "2026/6/25",
        "2026-06-25Z",
        "2026-06-25+04:00",
    ],
)
def test_a_day_is_midnight_utc_in_every_zone(text: str) -> None:
    assert parse_date(text, BAKU) == DAY


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("16 January 2025 17:36", datetime(2025, 1, 16, 13, 36, tzinfo=UTC)),
        ("25 April 2022 - 12:00", datetime(2022, 4, 25, 8, 0, tzinfo=UTC)),
        ("3 мая 2021, 09:05", datetime(2021, 5, 3, 5, 5, tzinfo=UTC)),
        ("1 January 2025 00:30", datetime(2024, 12, 31, 20, 30, tzinfo=UTC)),
        ("29 fevral 2024 12:00", datetime(2024, 2, 29, 8, 0, tzinfo=UTC)),
        ("5 may 2026 12:00 am", datetime(2026, 5, 4, 20, 0, tzinfo=UTC)),
        ("5 may 2026 12:00 pm", datetime(2026, 5, 5, 8, 0, tzinfo=UTC)),
        ("Fri, 31 Dec 99 23:59:00 GMT", datetime(1999, 12, 31, 23, 59, tzinfo=UTC)),
    ],
)
def test_each_era_of_the_site_and_the_edges_of_days(text: str, at: datetime) -> None:
    found = parse_date(text, BAKU)
    assert found is not None
    assert found[0] == at
    assert found[0].tzinfo is UTC


@pytest.mark.parametrize(
    "words",
    [
        "January February March April May June July August September October November December",
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "Январь Февраль Март Апрель Май Июнь Июль Август Сентябрь Октябрь Ноябрь Декабрь",
        "янв фев мар апр май июн июл авг сен окт ноя дек",
        "yanvar fevral mart aprel may iyun iyul avqust sentyabr oktyabr noyabr dekabr",
        "YANVAR FEVRAL MART APREL MAY İYUN İYUL AVQUST SENTYABR OKTYABR NOYABR DEKABR",
    ],
)
def test_months(words: str) -> None:
    found = [parse_date(f"7 {word} 2026 12:00", BAKU) for word in words.split()]
    assert found == [(datetime(2026, month, 7, 8, 0, tzinfo=UTC), DatePrecision.MINUTE) for month in range(1, 13)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Caliber.Az",
        "17:24",
        "2026",
        "31 June 2026 17:24",
        "29 February 2025",
        "0 May 2026",
        "25 June 0000",
        "25 June 2026 24:00",
        "25 June 2026 17:24 (New York)",
        "25 June 2026 17:24 IST",
        "20260625",
        "20261325T172411Z",
        "25 June 2026 25:00",
        "25 June 2026 17:60",
        "25 June 2026 13:24 pm",
        "25.13.2026 17:24",
        "25 June 26 17:24",
        "25 June 17:24",
        "25 Smarch 2026 17:24",
        "25 June 2026 17:24 XYZ",
        "25 June 2026 17:24 +15:00",
        "Updated: 25 June 2026 17:24",
        "25 June 2026 17:24, 26 June 2026",
        "25 June 2026, 17:24 Caliber",
        "2026-06-31T17:24:00Z",
        "20260625172400",
        "1 January 0001 00:00 +1400",
        "31 December 9999 23:59 -0400",
        "٢٥ June 2026 17:24",
        "25 June 2026 17:24" + "!" * MAX_DATE_LENGTH,
    ],
)
def test_what_is_not_wholly_understood_stays_open(text: str) -> None:
    assert parse_date(text, BAKU) is None


NOW = datetime(2026, 6, 25, 21, 0, tzinfo=UTC)  # in Baku the 26th has begun


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("сегодня, 09:05", 26),
        ("Сегодня в 09:05", 26),
        ("today 09:05", 26),
        ("Bu gün, 09:05", 26),
        ("вчера, 09:05", 25),
        ("Yesterday at 09:05", 25),
        ("DÜNƏN, 09:05", 25),
    ],
)
def test_days_named_from_now(text: str, day: int) -> None:
    expected = datetime(2026, 6, day, 5, 5, tzinfo=UTC)
    assert parse_date(text, BAKU, now=NOW) == (expected, DatePrecision.MINUTE)
    assert parse_date(text, BAKU) is None


def test_a_named_day_alone() -> None:
    assert parse_date("вчера", BAKU, now=NOW) == DAY


def test_times_that_summer_time_repeats_or_skips() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    repeated = parse_date("25 October 2026 02:30", berlin)
    skipped = parse_date("29 March 2026 02:30", berlin)
    assert repeated == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), DatePrecision.MINUTE)
    assert skipped == (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), DatePrecision.MINUTE)
