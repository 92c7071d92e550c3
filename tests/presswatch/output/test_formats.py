"""Format output: valid JSON, CSV without formulas, tables that fit the terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presswatch.output.formats import (
    TableColumn,
    as_json,
    iter_csv,
    iter_json,
    iter_jsonl,
    neutralize_formula,
    render_table,
)
from presswatch.output.tables import credit
from storage.model.records import DatePrecision, Problem
from storage.text.sanitize import display_width, sanitize

WHEN = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
TEXT = st.text(st.characters() | st.sampled_from("=+-@\t\r\n\x00\x1b\",;'|\u202e\ud800 日"))
ANY_TEXT_BUT_SURROGATES = st.text(st.characters(codec="utf-8"))


@dataclass(frozen=True, slots=True)
class Nested:
    when: datetime
    problems: tuple[Problem, ...]


def read_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def written(records: list[Mapping[str, Any]], columns: list[str], *, raw: bool = False) -> str:
    return "".join(iter_csv(records, columns, raw=raw))


def test_json_says_times_words_and_what_is_nested() -> None:
    nested = Nested(WHEN, (Problem("body", "empty"),))
    document = json.loads(
        as_json({"nested": nested, "precision": DatePrecision.DAY, "none": None, "names": ("a", "b")})
    )
    assert document == {
        "nested": {"when": "2026-11-04T12:00:00+00:00", "problems": [{"field": "body", "reason": "empty"}]},
        "precision": "day",
        "none": None,
        "names": ["a", "b"],
    }


def test_json_refuses_what_it_has_no_form_for() -> None:
    with pytest.raises(TypeError, match="cannot be serialized as JSON"):
        as_json({"what": object()})


@given(ANY_TEXT_BUT_SURROGATES)
def test_json_loses_nothing_and_steers_nothing(text: str) -> None:
    encoded = as_json({"title": text})
    assert json.loads(encoded) == {"title": text}
    assert sanitize(encoded, lines=True) == encoded


def test_json_shows_a_lone_surrogate_as_a_character_that_exists() -> None:
    assert as_json("lone \udce9").encode() == '"lone \ufffd"'.encode()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_json_list_is_an_array_and_json_lines_are_objects(count: int) -> None:
    records = [{"id": number, "title": "a\nb"} for number in range(count)]
    assert json.loads("".join(iter_json(records))) == records
    lines = "".join(iter_jsonl(records)).splitlines()
    assert [json.loads(line) for line in lines] == records


def test_lists_are_written_as_they_are_read() -> None:
    def endless() -> Any:
        while True:
            yield {"id": 1}

    for pieces in (iter_json(endless()), iter_jsonl(endless()), iter_csv(endless(), ["id"])):
        assert [next(pieces) for _ in range(3)]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+994", "'+994"),
        ("-1 degree", "'-1 degree"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\n=1"),
        ("\u200e=1", "'=1"),
        ("＝1", "'＝1"),
        ("1=1", "1=1"),
        ("’tis", "’tis"),
        ("\x1b[31m", "\ufffd[31m"),
    ],
)
def test_a_cell_is_shown_by_a_spreadsheet_never_run(text: str, cell: str) -> None:
    assert read_csv(written([{"title": text}], ["title"])) == [["title"], [cell]]


@given(st.lists(TEXT, min_size=1, max_size=4))
def test_no_cell_begins_a_formula_and_none_is_split(texts: list[str]) -> None:
    columns = [f"c{place}" for place in range(len(texts))]
    row = read_csv(written([dict(zip(columns, texts, strict=True))], columns))[1]
    assert len(row) == len(texts)
    assert not [cell for cell in row if cell[:1] in tuple("=+-@\t\r\n＝＋－＠")]
    "".join(row).encode()


@given(ANY_TEXT_BUT_SURROGATES)
def test_raw_csv_gives_the_text_as_it_is(text: str) -> None:
    assert read_csv(written([{"a": text, "b": "end"}], ["a", "b"], raw=True))[1] == [text, "end"]


def test_csv_has_crlf_line_ends_and_plain_cells_for_what_is_no_text() -> None:
    entry = {"n": -5, "none": None, "when": WHEN, "names": ("a", "b"), "flag": True, "word": DatePrecision.DAY}
    assert written([entry], list(entry)) == (
        "n,none,when,names,flag,word\r\n-5,,2026-11-04T12:00:00+00:00,a; b,True,day\r\n"
    )


COLUMNS = [TableColumn("ID", align_right=True), TableColumn("SECTION"), TableColumn("TITLE", is_flexible=True)]


def test_a_source_is_named_with_its_terms_if_it_has_any() -> None:
    assert credit("Tern Gazette", "tern", "Quote with a link") == "Tern Gazette (tern): Quote with a link"
    assert credit("Tern Gazette", "tern", "") == "Tern Gazette (tern)"


def test_a_table_lines_up() -> None:
    lines = render_table(COLUMNS, [["7", "politics", "日本"], ["1234", "-", "Baku"]], columns_wide=80)
    assert lines == ["  ID  SECTION   TITLE", "   7  politics  日本", "1234  -         Baku"]


def test_the_column_that_stretches_is_cut_to_fit() -> None:
    lines = render_table(COLUMNS, [["7", "politics", "A title that is much too long"]], columns_wide=32)
    assert lines[1] == " 7  politics  A title that is m…"


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=4), st.integers(1, 60))
def test_no_line_of_a_table_is_wider_than_the_terminal_or_steers_it(rows: list[list[str]], wide: int) -> None:
    lines = render_table(COLUMNS, rows, columns_wide=wide)
    assert len(lines) == len(rows) + 1
    assert all(display_width(line) <= wide and sanitize(line, lines=True) == line for line in lines)
    assert not [line for line in lines if "\n" in line]


def test_days_and_durations_have_a_form_in_json() -> None:
    document = json.loads(as_json({"day": date(2026, 11, 24), "delay": timedelta(minutes=1, milliseconds=500)}))
    assert document == {"day": "2026-11-24", "delay": 60.5}


@pytest.mark.parametrize("before", ["", " ", "\u00a0", "\u3000", "\ufeff", "\u200b", " \t "])
@pytest.mark.parametrize("sign", "=+-@＝＋－＠")
def test_a_formula_is_one_behind_what_spreadsheets_trim(before: str, sign: str) -> None:
    assert neutralize_formula(f"{before}{sign}cmd|' /C calc'!A0").startswith("'")
    assert neutralize_formula(f"{before}1{sign}1") == f"{before}1{sign}1" or before.startswith("\t")
