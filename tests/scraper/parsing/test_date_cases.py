"""Test dates in many languages and forms, and texts that are no date: date_cases/*.txt.

`read.txt` has lines `text => time in Baku, or day`; `[language=…]` and `[reference]` pass these arguments. `unread.txt`
has texts that are never read, `open.txt` those that are not read without a language or a reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scraper.parsing.dates import parse_date, parse_date_parts
from storage.model.records import DatePrecision
from tests.support.paths import ROOT

FOLDER = Path(__file__).with_name("date_cases")
BAKU = ZoneInfo("Asia/Baku")
NOW = datetime(2026, 6, 25, 21, 0, tzinfo=UTC)  # 01:00 of the 26th in Baku
ARGUMENT = re.compile(r" \[(language|reference)(?:=([\w-]+))?\]")


def read_lines(name: str) -> list[str]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def read_cases() -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield text, arguments and expected time of each case."""
    for line in read_lines("read.txt"):
        text, _, expected = line.partition(" => ")
        arguments = {name: NOW if name == "reference" else value for name, value in ARGUMENT.findall(text)}
        yield ARGUMENT.sub("", text), arguments, expected


def written(parsed: tuple[datetime, DatePrecision] | None) -> str:
    """Write a parsed date as cases do."""
    if parsed is None:
        return "-"
    at, precision = parsed
    assert at.tzinfo is UTC
    if precision is DatePrecision.DAY:
        return str(at.date())
    local = at.astimezone(BAKU).replace(tzinfo=None)
    return local.isoformat(timespec="minutes" if precision is DatePrecision.MINUTE else "seconds")


@pytest.mark.parametrize(("text", "arguments", "expected"), list(read_cases()))
def test_read(text: str, arguments: dict[str, Any], expected: str) -> None:
    assert written(parse_date(text, BAKU, now=NOW, **arguments)) == expected


@pytest.mark.parametrize("text", read_lines("unread.txt"))
def test_unread_whatever_is_known(text: str) -> None:
    for arguments in (
        {},
        {"now": NOW},
        {"now": NOW, "reference": NOW},
        {"now": NOW, "reference": NOW, "language": "de"},
    ):
        assert parse_date(text, BAKU, **arguments) is None


@pytest.mark.parametrize("text", read_lines("open.txt"))
def test_open_without_a_language_or_a_reference(text: str) -> None:
    assert parse_date(text, BAKU, now=NOW) is None
    assert parse_date(text, BAKU, now=NOW, language="en") is None


def test_every_form_of_the_documentation_is_read() -> None:
    table = (ROOT / "docs" / "dates.md").read_text(encoding="utf-8").partition("\n## ")[0]
    examples = [
        one.replace("\\|", "|")
        for row in re.findall(r"^\|.*", table, re.MULTILINE)
        for one in re.findall("`([^`]+)`", row)
    ]
    assert len(examples) > 20
    assert [one for one in examples if parse_date(one, BAKU, now=NOW) is None] == []


def test_many_texts_stay_unread() -> None:
    assert len(set(read_lines("unread.txt"))) >= 150


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["25 June 2026", "17:24"], "2026-06-25T17:24"),
        (["17:24", "25.06.2026"], "2026-06-25T17:24"),
        (["25", "Haz", "2026"], "2026-06-25"),
        (["Perşembe", "25 Haziran 2026", " 17:24\n"], "2026-06-25T17:24"),
        (["25 июня 2026 г.", "в 17:24"], "2026-06-25T17:24"),
        (["25 June 2026", "25 June 2026", "17:24"], "2026-06-25T17:24"),
        (["25 June 2026", "", "17:24"], "2026-06-25T17:24"),
        (["вчера", "17:24"], "2026-06-25T17:24"),
        (["25 June 2026"], "2026-06-25"),
        (["25 June 2026", "26 June 2026"], "-"),
        (["25 June 2026", "17:24", "18:30"], "-"),
        (["25 June 2026", "by John Smith"], "-"),
        ([], "-"),
    ],
)
def test_parts_in_several_elements(parts: list[str], expected: str) -> None:
    assert written(parse_date_parts(parts, BAKU, now=NOW)) == expected


@pytest.mark.parametrize(
    ("text", "reference", "expected"),
    [
        ("29 February", datetime(2024, 3, 1, tzinfo=UTC), "2024-02-29"),
        ("29 February", datetime(2026, 3, 1, tzinfo=UTC), "-"),  # more than a year ago
        ("31 December 23:50", datetime(2026, 1, 1, 3, tzinfo=UTC), "2025-12-31T23:50"),
        ("1 January 00:05", datetime(2025, 12, 31, 20, 1, tzinfo=UTC), "2026-01-01T00:05"),  # a clock that is ahead
        ("1 January 00:30", datetime(2025, 12, 31, 20, 1, tzinfo=UTC), "2025-01-01T00:30"),
        ("Monday, 21 February", NOW, "-"),  # a Saturday: of another year
        ("Saturday, 21 February", NOW, "2026-02-21"),
        ("23:50", datetime(2026, 1, 1, 3, tzinfo=UTC), "2025-12-31T23:50"),
        ("12 listopada", NOW, "-"),
    ],
)
def test_the_nearest_before_a_reference(text: str, reference: datetime, expected: str) -> None:
    assert written(parse_date(text, BAKU, reference=reference)) == expected


@pytest.mark.parametrize(
    "piece",
    [
        "1 ",
        "25.",
        "17:",
        "1:11 ",
        "12.34 ",
        "7h",
        "mar ",
        "bazar ",
        "в ",
        "de ",
        "25 June 2026 ",
        "updated ",
        ",-",
        "((",
        "a.",
        "年",
        "٢ ",
    ],
)
def test_repeated_pieces_are_no_date(piece: str) -> None:
    for count in (30, 50, 3000):
        assert parse_date(piece * count, BAKU, now=NOW, reference=NOW, language="ru") is None
