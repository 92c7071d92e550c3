"""`--timezone` and `[output] timezone`: days and times of people are the zone's, those of programs UTC."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

import presswatch
from storage.model.event_kinds import EventKind
from storage.model.records import DatePrecision
from tests.conftest import Ask
from tests.support.rows import Rows

LATE = datetime(2026, 11, 3, 20, 30, tzinfo=UTC)
"""The fourth of November in Baku and Kathmandu, the third in UTC."""
BAKU = ("--timezone", "Asia/Baku")


@pytest.fixture
def stored(rows: Rows) -> Rows:
    rows.article("late", published_at=LATE)
    rows.article("a-day", published_at=datetime(2026, 11, 3, tzinfo=UTC), published_precision=DatePrecision.DAY)
    return rows


def test_times_are_shown_by_the_clocks_of_the_zone_and_it_is_named_once(stored: Rows, ask: Ask) -> None:
    table = ask("query", *BAKU).stdout
    assert "2026-11-04 00:30" in table
    assert "2026-11-03  " in table  # a date without a time
    assert table.count("Asia/Baku") == 1
    assert table.endswith("Times are Asia/Baku.\n")
    markdown = ask("query", *BAKU, "--format", "md").stdout
    assert "| 2026-11-04 00:30 |" in markdown
    assert markdown.endswith("\n\nTimes are Asia/Baku.\n")
    shown = ask("show", "1", *BAKU).stdout
    assert "published       2026-11-04 00:30\n" in shown
    assert shown.endswith("Times are Asia/Baku.\n")


def test_programs_get_utc(stored: Rows, ask: Ask) -> None:
    for form in ("json", "csv", "jsonl", "tsv", "atom", "rss"):
        plain, zoned = (
            ask("query", *zone, "--format", form, "--fields", "title,published_at").stdout for zone in ((), BAKU)
        )
        assert plain == zoned
    assert "2026-11-03T20:30:00+00:00" in ask("query", *BAKU, "--format", "json").stdout


def test_days_of_lists_and_counts_are_those_of_the_zone(stored: Rows, ask: Ask) -> None:
    def titles(*arguments: str) -> list[str]:
        return [row["title"] for row in json.loads(ask("query", *arguments, "--format", "json").stdout)]

    third = ("--since", "2026-11-03", "--until", "2026-11-04")
    fourth = ("--since", "2026-11-04", "--until", "2026-11-05")
    assert titles(*fourth) == []
    assert titles(*third) == ["Late", "A day"]
    assert titles(*fourth, *BAKU) == ["Late"]
    assert titles(*third, *BAKU) == ["A day"]
    assert titles(*third, "--timezone", "America/St_Johns") == ["Late", "A day"]
    counted = ask("query", "--by", "day", *BAKU, "--format", "csv").stdout
    assert list(csv.reader(io.StringIO(counted)))[1:] == [["2026-11-04", "1"], ["2026-11-03", "1"]]
    night = ("--since", "2026-11-04", "--until", "2026-11-04T02:00")
    by_hour = ask("query", "--by", "hour", *night, "--timezone", "Asia/Kathmandu")
    assert [line.split() for line in by_hour.stdout.splitlines()[1:3]] == [
        ["2026-11-04", "01:00", "0"],
        ["2026-11-04", "00:00", "0"],
    ]
    assert by_hour.stdout.endswith("Times are Asia/Kathmandu.\n")


def test_a_report_has_the_days_of_the_zone(stored: Rows, ask: Ask) -> None:
    period = ("--since", "2026-11-03", "--until", "2026-11-05")
    report = json.loads(ask("report", *period, *BAKU, "--format", "json").stdout)
    assert report["timezone"] == "Asia/Baku"
    assert report["since"] == "2026-11-02T20:00:00+00:00"
    assert [(day["day"], day["article_count"]) for day in report["days"]] == [("2026-11-04", 1), ("2026-11-03", 1)]
    assert ask("report", *period, *BAKU).stdout.startswith("2 articles from 2026-11-03 00:00 to 2026-11-05 00:00\n")


COMMANDS = (
    "query",
    "report",
    "events",
    "runs",
    "status",
    "coverage",
    "views --top 3 --as-of 2026-11-05",
    "views 1",
    "inspect 1",
    "history 1",
    "watch list",
    "absent late --since 2026-11-01",
    "first late --since 2026-11-01",
)


def test_the_setting_is_the_default_of_every_answer(rows: Rows, ask: Ask, alone: Path) -> None:
    rows.article("late", published_at=LATE)
    rows.link("https://caliber.az/en/post/late", article_id=1)
    rows.readings(1, 5, 9)
    rows.run()
    rows.store.events.add(kind=EventKind.GAP, source="caliber", subject="", details={}, now=LATE)
    ask("watch", "add", "Late", "late")
    (alone / "presswatch.toml").write_text('[output]\ntimezone = "Asia/Baku"\n', encoding="utf-8")
    for command in COMMANDS:
        assert "Asia/Baku" in ask(*command.split()).stdout, command
        assert "Asia/Tokyo" in ask(*command.split(), "--timezone", "Asia/Tokyo").stdout, command


def test_an_unknown_zone_is_refused_with_near_names(ask: Ask, alone: Path) -> None:
    refused = ask("query", "--timezone", "europe/berlin")
    assert refused.exit_code == 2
    assert "'europe/berlin' must be the name of a time zone" in refused.stderr
    assert "(did you mean Europe/Berlin" in refused.stderr
    (alone / "presswatch.toml").write_text('[output]\ntimezone = "Baku"\n', encoding="utf-8")
    refused = ask("query")
    assert refused.exit_code == 2
    assert "presswatch.toml: output.timezone = 'Baku': must be the name of a time zone" in refused.stderr
    assert "did you mean Asia/Baku?" in refused.stderr


def test_a_configuration_on_stdin_is_read_once(rows: Rows, alone: Path) -> None:
    rows.article("late", published_at=LATE)
    words = ("query", "--config", "-", "--database", rows.database)
    done = CliRunner().invoke(presswatch.main, words, input='[output]\ntimezone = "Asia/Baku"\n')
    assert "2026-11-04 00:30" in done.stdout
