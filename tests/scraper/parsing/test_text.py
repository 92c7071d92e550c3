"""Test text cleaning, section names and view counts."""

from __future__ import annotations

import pytest

from scraper.parsing.text import MAX_COUNT, parse_count
from storage.text.sanitize import clean_text
from storage.text.section_names import normalize_section


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" a \t\r\n b ", "a b"),
        ("1\u00a0234\u2009567\u202f8", "1 234 567 8"),
        ("line\u2028separator\u2029", "line separator"),
        ("in\u00advis\u200bible\ufeff", "invisible"),
        ("\x1b[31mred\x1b[0m\x07", "[31mred[0m"),
        ("nu\x00l, c1\x9b", "nul, c1"),
        ("\u202eevil\u202c \u2066isolated\u2069", "evil isolated"),
        ("\u200fשלום\u200e", "\u200fשלום\u200e"),
        ("half \ud83d of a pair", "half of a pair"),
        ("👩‍🚀 e\u0301", "👩‍🚀 e\u0301"),
        ("", ""),
    ],
)
def test_tidy(text: str, line: str) -> None:
    assert clean_text(text) == line


class TestFold:
    @pytest.mark.parametrize(
        "labels",
        [
            ("politics", " POLITICS ", "Politics\u00a0", "ＰＯＬＩＴＩＣＳ"),
            ("siyasət", "SİYASƏT", "SIYASƏT", "Siyasət"),
            ("qarabağın", "QARABAĞIN", "QARABAĞİN"),
            ("политика", "ПОЛИТИКА", "По\u00adлитика"),
            ("world news", "WORLD\n  NEWS"),
            ("straße", "STRASSE"),
        ],
    )
    def test_these_are_one_section(self, labels: tuple[str, ...]) -> None:
        assert len(set(map(normalize_section, labels))) == 1

    @pytest.mark.parametrize("labels", [("politics", "geopolitics"), ("world-news", "world news"), ("мир", "mir")])
    def test_these_are_not(self, labels: tuple[str, str]) -> None:
        assert normalize_section(labels[0]) != normalize_section(labels[1])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Views: 127", 127),
        ("Просмотров: 179", 179),
        ("Դիտումներ՝ 55", 55),
        ("0", 0),
        ("127 views", 127),
        ("127views", 127),
        ("Views: 127.", 127),
        ("Views: 1 234", 1234),
        ("1\u00a0234\u202f567", 1_234_567),
        ("1\u2009234", 1234),
        ("1,234", 1234),
        ("1.234", 1234),
        ("1’234", 1234),
        ("1.234.567", 1_234_567),
        ("1.2K", 1200),
        ("1.25k views", 1250),
        ("3,4 тыс.", 3400),
        ("3,4 тыс. просмотров", 3400),
        ("5 тысяч", 5000),
        ("12K", 12_000),
        ("2К", 2000),
        ("1.2M", 1_200_000),
        ("1,2 млн", 1_200_000),
        ("2 mln", 2_000_000),
        ("1 million", 1_000_000),
        ("1 200K", 1_200_000),
        ("999999999999", 999_999_999_999),
    ],
)
def test_count(text: str, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Views: many",
        "Views:",
        "-5",
        "Views: -5",
        "Views:−5",
        "12.34",
        "1,2",
        "1.234,567",
        "0.123",
        "1,234K",
        "12 34",
        "2026 127",
        "3 of 127",
        "100 (today 5)",
        "10:25",
        str(MAX_COUNT + 1),
        "1000001M",
        "9" * 5000,
        "9" * 5000 + "K",
        "9" * 5000 + ".5K",
        "²",
    ],
)
def test_no_count(text: str) -> None:
    assert parse_count(text) is None
