"""`presswatch views`: the series of an article, views at an age, what gained most."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from storage.database.tables import view_readings
from storage.model.records import DatePrecision
from tests.conftest import Ask
from tests.support.rows import HOUR, NOON, TERMS, Rows


@pytest.fixture
def article(rows: Rows) -> int:
    """Published an hour before NOON, read at NOON and each hour after; reset once."""
    number = rows.article("rail-link", published_precision=DatePrecision.MINUTE)
    rows.readings(number, 100, 160, 280, 7, 9, 10)
    return number


def test_the_series_the_sparkline_and_the_views_at_each_age(ask: Ask, article: int) -> None:
    result = ask("views", str(article))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Rail link",
        "https://caliber.az/en/post/rail-link",
        "published 2026-11-04 11:00",
        "",
        "views  ▃▃▃▄▄▄▄▄▅▅▅▆▆▇▇█        ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
        "READ              VIEWS  GAINED  PER HOUR  AFTER",
        "2026-11-04 12:00    100       -         -      -",
        "2026-11-04 13:00    160     +60      60.0    1 h",
        "2026-11-04 14:00    280    +120     120.0    1 h",
        "2026-11-04 15:00      7   reset         -    1 h",
        "2026-11-04 16:00      9      +2       2.0    1 h",
        "2026-11-04 17:00     10      +1       1.0    1 h",
        "",
        "AGE   AT                VIEWS  GAP  BASIS",
        "1 h   2026-11-04 12:00    100  0 s  read",
        "6 h   2026-11-04 17:00     10  0 s  read",
        "24 h  2026-11-05 11:00      -    -  after the last reading",
        "7 d   2026-11-11 11:00      -    -  after the last reading",
        "",
        f"Caliber.az (caliber): {TERMS}",
        "fetched 2026-11-04 12:00",
        "Times are UTC.",
    ]


def test_what_lies_between_readings_is_marked_with_its_gap(rows: Rows, ask: Ask) -> None:
    number = rows.article("between", published_at=NOON - HOUR / 2, published_precision=DatePrecision.MINUTE)
    rows.readings(number, 100, 201)
    assert "1 h   2026-11-04 12:30   ~150  1 h  interpolated" in ask("views", str(number)).stdout


def test_a_date_without_a_time_gives_no_age(rows: Rows, ask: Ask) -> None:
    number = rows.article("day", published_precision=DatePrecision.DAY)
    rows.readings(number, 1, 2)
    assert "views at an age: unknown" in ask("views", str(number)).stdout
    assert json.loads(ask("views", str(number), "--format", "json").stdout)["at_age"] == []


def test_an_article_whose_views_were_never_read(rows: Rows, ask: Ask) -> None:
    number = rows.article("unread")
    assert "no view readings" in ask("views", str(number)).stdout


def test_json_has_readings_and_ages_and_rows_have_both(ask: Ask, article: int) -> None:
    document = json.loads(ask("views", str(article), "--format", "json").stdout)
    assert (document["id"], document["terms"], document["source_title"]) == (article, TERMS, "Caliber.az")
    assert [one["gained"] for one in document["readings"]] == [None, 60, 120, None, 2, 1]
    assert document["readings"][3]["basis"] == "reset"
    assert [(one["age_hours"], one["view_count"], one["basis"]) for one in document["at_age"][:2]] == [
        (1.0, 100, "read"),
        (6.0, 10, "read"),
    ]
    lines = [json.loads(line) for line in ask("views", str(article), "--format", "jsonl").stdout.splitlines()]
    rows = list(csv.DictReader(io.StringIO(ask("views", str(article), "--format", "csv").stdout)))
    assert [one["kind"] for one in lines] == [one["kind"] for one in rows] == ["reading"] * 6 + ["at age"] * 4
    assert rows[1] | {"gained": "60", "terms": TERMS, "gap_hours": "1.0", "age_hours": "2.0"} == rows[1]


def lately(rows: Rows, slug: str, *counts: int, **facts: object) -> int:
    """An article read each hour until half an hour ago."""
    number = rows.article(slug, **facts)
    last = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
    with rows.store.write() as connection:
        for hours, count in enumerate(reversed(counts)):
            row = {"article_id": number, "measured_at": last - hours * HOUR, "view_count": count}
            connection.execute(insert(view_readings).values(row))
    return number


@pytest.mark.dialect
def test_the_top_tells_what_gained_most_in_the_window(rows: Rows, ask: Ask) -> None:
    lately(rows, "little", 0, 10, 20)
    lately(rows, "much", 0, 500, 3, 103)
    result = ask("views", "--top", "20", "--window", "24h")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["ID", "PUBLISHED", "GAINED", "PER", "HOUR", "OVER", "VIEWS", "NOTE", "TITLE"]
    assert lines[1] == ["2", "2026-11-04", "11:00", "+600", "200.0", "3", "h", "103", "reset", "Much"]
    assert lines[2] == ["1", "2026-11-04", "11:00", "+20", "10.0", "2", "h", "20", "Little"]
    assert f"Caliber.az (caliber): {TERMS}" in result.stdout
    assert "https://" not in result.stdout
    assert (
        "  Much    2026-11-04 12:00  https://caliber.az/en/post/much\n"
        in ask("views", "--top", "2", "--addresses").stdout
    )
    (first, _second) = json.loads(ask("views", "--top", "5", "--format", "json").stdout)
    assert (first["id"], first["gained"], first["reset_count"], first["terms"]) == (2, 600, 1, TERMS)
    short = json.loads(ask("views", "--top", "5", "--window", "1h", "--format", "json").stdout)
    assert [one["id"] for one in short] == [2, 1]
    assert 49 <= short[0]["gained"] <= 50


def test_the_top_can_be_by_the_views_at_an_age(rows: Rows, ask: Ask) -> None:
    published = NOON - HOUR
    for slug, counts in (("slow", (10, 20, 5_000)), ("fast", (100, 900, 1_000)), ("unread-then", (7_000,))):
        rows.readings(rows.article(slug, published_at=published), *counts)
    rows.readings(rows.article("day-only", published_at=published, published_precision="day"), 1, 9_000)
    answer = ask("views", "--top", "5", "--at-age", "90 min")
    assert [line.split() for line in answer.stdout.splitlines()[:4]] == [
        ["ID", "PUBLISHED", "VIEWS", "GAP", "TITLE"],
        ["2", "2026-11-04", "11:00", "~500", "1", "h", "Fast"],
        ["1", "2026-11-04", "11:00", "~15", "1", "h", "Slow"],
        [],
    ]
    (first, *_) = json.loads(ask("views", "--top", "5", "--at-age", "2h", "--format", "json").stdout)
    assert (first["id"], first["view_count"], first["age_hours"], first["basis"]) == (2, 900, 2.0, "read")
    assert "no article has a view count near the age of 5 h yet" in ask("views", "--top", "5", "--at-age", "5h").stderr
    refused = ask("views", "--top", "5", "--at-age", "2h", "--window", "1h")
    assert (refused.exit_code, "--window cannot be used with --at-age" in refused.stderr) == (2, True)


def test_the_top_can_be_of_a_source_a_section_a_language_or_the_last_days(rows: Rows, ask: Ask) -> None:
    rows.source("apa", title="APA")
    lately(rows, "one", 0, 10, published_at=datetime.now(UTC) - 2 * HOUR)
    lately(rows, "two", 0, 20, source="apa", language="ru")
    lately(rows, "three", 0, 30, section="economy", sections=("economy",))

    def ids(*more: str) -> list[int]:
        return [one["id"] for one in json.loads(ask("views", "--top", "9", "--format", "json", *more).stdout)]

    assert ids() == [3, 2, 1]
    assert ids("--source", "apa") == [2]
    assert ids("--section", "economy") == [3]
    assert ids("--language", "ru") == [2]
    assert ids("--since", "1d") == [1]


@pytest.mark.dialect
def test_the_top_as_of_a_moment_is_that_of_the_window_before_it(rows: Rows, ask: Ask) -> None:
    rows.readings(rows.article("early"), 0, 50, 50, 50)
    rows.readings(rows.article("late"), 0, 0, 0, 90)

    def top(moment: str, window: str) -> list[tuple[int, int]]:
        output = ask("views", "--top", "9", "--window", window, "--as-of", moment, "--format", "json").stdout
        return [(row["id"], row["gained"]) for row in json.loads(output or "[]")]

    assert top("2026-11-04T13:00Z", "1 h") == [(1, 50)]
    assert top("2026-11-04T15:00Z", "1 h") == [(2, 90)]
    assert top("2026-11-04T15:00Z", "3 h") == [(2, 90), (1, 50)]
    assert top("2026-11-04T14:00Z", "1 h") == []
    assert "--as-of cannot be used with an article" in ask("views", "1", "--as-of", "7d").stderr


def test_an_empty_top_is_said_beside_the_output(rows: Rows, ask: Ask) -> None:
    answer = ask("views", "--top", "3", "--format", "json")
    assert (answer.exit_code, answer.stdout) == (0, "[]\n")
    assert "try a longer --window" in answer.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "give the id or URL of an article"),
        (("1", "--top", "3"), 2, "--top cannot be used with an article"),
        (("1", "--window", "1h"), 2, "--window cannot be used with an article"),
        (("1", "--source", "apa"), 2, "--source cannot be used with an article"),
        (("--top", "3", "--window", "soon"), 2, "--window: must be a duration"),
        (("--top", "3", "--window", ""), 2, "--window: must be a duration"),
        (("--top", "3", "--window", "0 h"), 2, "must be longer than zero"),
        (("--top", "3", "--window", "36500d"), 2, "--window: must be ten years at most"),
        (("--top", "3", "--window", "99999999999d"), 2, "--window: must be ten years at most"),
        (("--top", "3", "--as-of", "0001-01-01"), 2, "--as-of: the period begins before the year 1"),
        (("--top", "0"), 2, "'--top': '0' is not an integer from 1 to 1000"),
        (("--top", "many"), 2, "'--top': 'many' is not an integer from 1 to 1000"),
        (("--top", "3", "--since", "x"), 2, "--since"),
        (("99",), 1, "no article 99 is stored"),
        (("nonsense",), 2, "is no address"),
    ],
    ids=str,
)
def test_wrong_arguments_are_refused_in_one_line(ask: Ask, words: tuple[str, ...], code: int, said: str) -> None:
    answer = ask("views", *words)
    assert (answer.exit_code, answer.stdout) == (code, "")
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_title_cannot_steer_the_terminal(rows: Rows, ask: Ask) -> None:
    number = lately(rows, "bad", 1, 2, title="\x1b[2J\u202ebad")
    for words in ((str(number),), ("--top", "3")):
        assert not set(ask("views", *words).stdout) & set("\x1b\u202e")


def test_a_narrow_terminal_has_whole_columns(rows: Rows, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    article = rows.article("one", published_at=NOON)
    rows.readings(article, 7, 9)
    monkeypatch.setenv("COLUMNS", "40")
    shown = ask("views", str(article)).stdout
    assert "READ              VIEWS  GAINED\n" in shown
    assert "…" not in shown.partition("READ")[2].partition("AGE")[0]
