"""Test the date words of each language, and that no word names two things without the table saying so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scraper.parsing.date_lexicon import MONTHS, normalize
from scraper.parsing.date_words import LANGUAGES, Language
from scraper.parsing.dates import parse_date
from storage.model.records import DatePrecision

KYIV = ZoneInfo("Europe/Kyiv")
NOW = datetime(2026, 6, 25, 12, tzinfo=UTC)
OF_TWO_MONTHS = {"lip": {6, 7}, "lis": {10, 11}, "listopad": {10, 11}, "listopada": {10, 11}, "srp": {7, 8}}


def words_of(groups: str) -> list[tuple[int, str]]:
    """Return the position of each group with each of its words, as a site prints them."""
    return [
        (position, word.replace("_", " ")) for position, group in enumerate(groups.split("|")) for word in group.split()
    ]


@pytest.mark.parametrize(("code", "language"), LANGUAGES.items())
def test_every_month_word_is_read(code: str, language: Language) -> None:
    for position, word in words_of(language.months):
        expected = (datetime(2026, position + 1, 7, tzinfo=UTC), DatePrecision.DAY)
        for text in (f"7 {word} 2026", f"7 {word.upper()} 2026", f"7. {word.title()} 2026"):
            assert parse_date(text, KYIV, language=code) == expected, text
        if word not in OF_TWO_MONTHS:
            assert parse_date(f"7 {word} 2026", KYIV) == expected, word


@pytest.mark.parametrize(("code", "language"), LANGUAGES.items())
def test_every_weekday_word_is_read(code: str, language: Language) -> None:
    for position, word in words_of(language.weekdays):
        day = datetime(2026, 6, 22, tzinfo=UTC) + timedelta(days=position)
        for text in (f"{word}, {day:%d.%m.%Y}", f"{day:%d.%m.%Y} {word}", f"{day:%Y-%m-%d} ({word.upper()})"):
            assert parse_date(text, KYIV, language=code) == (day, DatePrecision.DAY), text
        # It is a weekday of 2026: a date without a year on another weekday is one of another year.
        assert parse_date(f"{word}, {day:%d} June", KYIV, reference=NOW + timedelta(days=7)) == (day, DatePrecision.DAY)


@pytest.mark.parametrize(("code", "language"), LANGUAGES.items())
def test_every_named_day_is_read(code: str, language: Language) -> None:
    for days, words in enumerate((language.today, language.yesterday)):
        expected = datetime(2026, 6, 25 - days, 9, 30, tzinfo=KYIV)
        for word in words.split():
            for text in (f"{word.replace('_', ' ')}, 09:30", f"{word.replace('_', ' ').upper()} 09:30"):
                assert parse_date(text, KYIV, now=NOW, language=code) == (expected, DatePrecision.MINUTE), text


def test_words_of_two_months_need_a_language() -> None:
    found = {word: set(months.values()) for word, months in MONTHS.items() if len(set(months.values())) > 1}
    assert found == OF_TWO_MONTHS
    for word in found:
        assert parse_date(f"7 {word} 2026", KYIV) is None
        assert parse_date(f"7 {word} 2026", KYIV, language="en") is None


def test_a_word_between_belongs_to_the_language_of_the_month() -> None:
    assert parse_date("7 of October of 2026", KYIV) is not None
    assert parse_date("7 out of 2026", KYIV) is None  # outubro
    assert parse_date("7 de october 2026", KYIV) is None


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("  25\u00a0İYUN\u200b 2026 ", "25 iyun 2026"),
        ("п’ятниця", "п'ятниця"),
        ("۲۵ ژوئن", "25 ژوئن"),
        ("٢٥ June 2", "٢٥ june 2"),
        ("مساءً", "مساء"),
    ],
)
def test_normal_spelling(text: str, plain: str) -> None:
    assert normalize(text) == plain
