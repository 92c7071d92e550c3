"""`presswatch runs`: past crawls."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest

from storage.model.records import RunStatus
from storage.text.sanitize import display_width
from tests.conftest import Ask
from tests.support.rows import HOUR, NOON, Rows


@pytest.fixture
def crawls(rows: Rows) -> None:
    rows.source("apa", title="APA")
    rows.run(listed_count=26, new_count=20, filtered_count=6, request_count=23, byte_count=400_000)
    error = "https://apa.az/rss: timeout: no answer\x1b[2J in 30 s"
    rows.run(source="apa", started_at=NOON + HOUR, status=RunStatus.FAILED, error=error, finished_at=NOON + 2 * HOUR)
    rows.run(started_at=NOON + 3 * HOUR, status=RunStatus.RUNNING, finished_at=None)


@pytest.mark.dialect
def test_crawls_come_latest_first_with_what_came_of_them(ask: Ask, crawls: None) -> None:
    lines = ask("runs").stdout.splitlines()
    assert lines[0].split() == ["ID", "SOURCE", "STARTED", "DURATION", "STATUS", "RESULT"]
    assert [line.split()[0] for line in lines[1:4]] == ["3", "2", "1"]
    assert "-  running    nothing listed" in lines[1]
    assert "60:00  failed     https://apa.az/rss: timeout: no answer\ufffd[2J in 30 s" in lines[2]
    assert "0:42  succeeded  20 new, 6 filtered, 26 listed" in lines[3]
    assert lines[-1] == "Times are UTC."


def test_a_crawl_whose_lists_are_as_before_says_so(rows: Rows, ask: Ask) -> None:
    rows.run(view_update_count=1, unchanged_count=1, channels_changed=False)
    rows.run(view_update_count=2, listed_count=3, channels_changed=True)
    rows.run(channels_changed=False)
    shown = [line.partition("succeeded  ")[2] for line in ask("runs").stdout.splitlines()[1:4]]
    assert shown == [
        "list unchanged",
        "2 view counts updated, 3 listed",
        "1 unchanged, 1 view count updated, list unchanged",
    ]
    assert "last run          2026-11-04 12:00, succeeded: list unchanged" in ask("status").stdout


def test_one_source_and_a_limit(ask: Ask, crawls: None) -> None:
    found = ask("runs", "--source", "caliber", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["id"] for line in found] == [3, 1]
    found = ask("runs", "--source", "caliber", "--limit", "1", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["id"] for line in found] == [3]


def test_every_format_says_the_same(ask: Ask, crawls: None) -> None:
    records = json.loads(ask("runs", "--format", "json").stdout)
    rows = list(csv.DictReader(io.StringIO(ask("runs", "--format", "csv").stdout)))
    assert [record["id"] for record in records] == [3, 2, 1]
    assert [row["status"] for row in rows] == [record["status"] for record in records]
    assert records[2]["new_count"] == 20
    assert records[0]["finished_at"] is None
    assert rows[0]["finished_at"] == ""


def test_the_table_fits_the_terminal(ask: Ask, crawls: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "64")
    assert all(display_width(line) <= 64 for line in ask("runs").stdout.splitlines())


def test_no_crawls_are_an_empty_list_and_a_word(ask: Ask) -> None:
    found = ask("runs", "--format", "json")
    assert (found.exit_code, found.stdout) == (0, "[]\n")
    assert found.stderr == "presswatch: no crawls are recorded\n"


def test_a_crawl_of_days_is_counted_in_minutes(rows: Rows, ask: Ask) -> None:
    rows.run(finished_at=NOON + timedelta(days=1, seconds=1))
    assert " 1440:01 " in ask("runs").stdout
