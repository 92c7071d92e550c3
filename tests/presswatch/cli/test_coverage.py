"""`presswatch coverage`, `absent`, `first`, and coverage beside lists, reports and exports, as a person reads them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from storage.model.records import Outcome
from tests.conftest import Ask
from tests.storage.coverage.test_absence import story
from tests.storage.coverage.test_coverage import gap, polls
from tests.support.rows import HOUR, NOON, Rows

PERIOD = ("--since", "2026-11-04T13:00Z", "--until", "2026-11-04T17:00Z")
CREDIT = "Caliber.az (caliber): Any use of materials is allowed only if there is a hyperlink to Caliber.az"
FEED = "https://caliber.az/rss.xml"


@pytest.fixture
def watched(rows: Rows) -> Rows:
    """Polled at 13, 14, 15 and 16 o'clock, with a gap before the third."""
    polls(rows, 1, 2, 3, 4)
    gap(rows, read=2.01, found=3.01)
    story(rows, "gas-corridor", 2.01)
    return rows


def test_coverage_is_a_table_of_what_was_not_visible(watched: Rows, ask: Ask) -> None:
    read = "its channels were last read at 2026-11-04 16:00 UTC"
    assert ask("coverage", *PERIOD).stdout.splitlines() == [
        "SOURCE   FROM              UNTIL                   FOR  NOT VISIBLE  DETAIL",
        f"caliber  2026-11-04 14:00  2026-11-04 15:00  1 h 1 min  gap          {FEED} ended before a known link",
        f"caliber  2026-11-04 16:00  2026-11-04 17:00        1 h  not polled   {read}",
        "",
        "caliber: 49.7 % of 4 h visible (4 polls, at most 1 h apart)",
        "Times are UTC.",
    ]


def test_other_formats_have_the_visible_time_too(watched: Rows, ask: Ask) -> None:
    rows = json.loads(ask("coverage", "caliber", *PERIOD, "--format", "json").stdout)
    assert [(row["is_visible"], row["cause"], row["duration"]) for row in rows] == [
        (True, None, 3600),
        (False, "gap", 3636),
        (True, None, 3564),
        (False, "not polled", 3600),
    ]
    [header, *lines] = csv.reader(io.StringIO(ask("coverage", *PERIOD, "--format", "csv").stdout))
    assert (header[0], len(lines)) == ("source", 4)


def test_an_unknown_source_is_refused(watched: Rows, ask: Ask) -> None:
    answer = ask("coverage", "calibre", *PERIOD)
    assert answer.exit_code == 2
    assert "did you mean caliber" in answer.stderr


@pytest.mark.parametrize(
    ("query", "period", "code", "lines"),
    [
        (
            "railway",
            ("13:00", "14:00"),
            0,
            [
                "No article of caliber that appeared from 2026-11-04 13:00 to 2026-11-04 14:00 UTC said so.",
                "All of the period was visible.",
            ],
        ),
        (
            "railway",
            ("13:00", "17:00"),
            5,
            [
                "No article of caliber that was seen to appear from 2026-11-04 13:00 to 2026-11-04 17:00 UTC said so.",
                "Not visible:",
                "  caliber: 2 h 1 min (gap 1 h 1 min, not polled 1 h)",
            ],
        ),
        (
            "gas",
            ("13:00", "14:00"),
            4,
            [
                "1 article of caliber said so from 2026-11-04 13:00 to 2026-11-04 14:00 UTC, or may have:",
                "  1  between 2026-11-04 13:00 and 2026-11-04 14:01: Gas corridor",
                "      https://caliber.az/en/post/gas-corridor",
                "All of the period was visible.",
                "",
                CREDIT,
            ],
        ),
    ],
)
def test_absent_is_a_sentence_and_an_exit_code(
    watched: Rows, ask: Ask, query: str, period: tuple[str, str], code: int, lines: list[str]
) -> None:
    since, until = (f"2026-11-04T{at}Z" for at in period)
    answer = ask("absent", query, "--since", since, "--until", until)
    assert (answer.exit_code, answer.stdout.splitlines()) == (code, lines)
    record = json.loads(ask("absent", query, "--since", since, "--until", until, "--format", "json").stdout)
    assert record["verdict"] == {0: "absent", 4: "present", 5: "not seen"}[code]
    assert record["coverage"][0]["source"] == "caliber"


def test_absent_needs_a_period(watched: Rows, ask: Ask) -> None:
    answer = ask("absent", "gas")
    assert answer.exit_code == 2
    assert "--since is needed" in answer.stderr
    assert ask("absent", *PERIOD).exit_code == 2


def test_what_the_settings_leave_out_is_said(watched: Rows, ask: Ask) -> None:
    filtered = {"outcome": Outcome.FILTERED, "outcome_reason": "section: sport"}
    watched.link("https://caliber.az/en/post/match", first_listed_at=NOON + 1.5 * HOUR, **filtered)
    answer = ask("absent", "railway", "--since", "2026-11-04T13:00Z", "--until", "2026-11-04T14:00Z")
    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[-1] == "Not looked at: 1 link that the settings of the sources leave out."


def test_first_says_what_is_proven(watched: Rows, ask: Ask) -> None:
    watched.source("sundar", title="Sundar")
    polls(watched, 1, 3.5, 5, source="sundar")
    story(watched, "gas-there", 5.01, source="sundar")
    lines = ask("first", "gas", "--since", "2026-11-04T13:00Z", "--until", "2026-11-04T17:30Z").stdout.splitlines()
    assert lines[:5] == [
        "SOURCE   NOT BEFORE        BY                PROVEN BEFORE  TITLE",
        "caliber  2026-11-04 13:00  2026-11-04 14:01  sundar         Gas corridor",
        "sundar   2026-11-04 15:30  2026-11-04 17:01  -              Gas there",
        "",
        "caliber was first.",
    ]
    rows = json.loads(ask("first", "gas", *PERIOD, "--source", "caliber", "--format", "json").stdout)
    assert [(row["source"], row["article_id"]) for row in rows] == [("caliber", 1)]


def test_a_query_is_followed_by_what_could_not_be_seen(watched: Rows, ask: Ask) -> None:
    note = [
        "Not visible from 2026-11-04 13:00 to 2026-11-04 17:00 UTC:",
        "  caliber: 2 h 1 min (gap 1 h 1 min, not polled 1 h)",
    ]
    asked = ("query", "gas", *PERIOD, "--coverage")
    assert ask(*asked).stdout.splitlines()[-2:] == note
    assert ask(*asked, "--format", "md").stdout.splitlines()[-2:] == note
    assert ask("query", "railway", *PERIOD, "--coverage").stdout.splitlines() == ["", *note]
    answer = json.loads(ask(*asked, "--format", "json").stdout)
    assert [article["id"] for article in answer["articles"]] == [1]
    assert [hole["cause"] for hole in answer["coverage"][0]["not_visible"]] == ["gap", "not polled"]
    answer = json.loads(ask(*asked, "--format", "json", "--count").stdout)
    assert answer["articles"] == [{"article_count": 1}]
    other = ask(*asked, "--format", "csv")
    assert len(list(csv.reader(io.StringIO(other.stdout)))) == 2
    assert [line.removeprefix("presswatch: ") for line in other.stderr.splitlines()] == [line.strip() for line in note]


def test_a_report_and_an_export_say_what_could_not_be_seen(watched: Rows, ask: Ask, alone: Path) -> None:
    report = ask("report", *PERIOD).stdout
    assert "caliber  49.7 %" in report
    assert "caliber: 2 h 1 min (gap 1 h 1 min, not polled 1 h)" in report
    record = json.loads(ask("report", *PERIOD, "--format", "json").stdout)
    assert record["coverage"][0]["time_not_visible"] == 7236
    assert ask("export", "out.jsonl", *PERIOD).exit_code == 0
    about = json.loads((alone / "out.jsonl.about.json").read_text("utf-8"))
    assert [hole["cause"] for hole in about["coverage"][0]["not_visible"]] == ["gap", "not polled"]
