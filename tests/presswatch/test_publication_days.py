"""Test a publication date without a time: it is that day in every command and format, whatever zone its source has.

The source of the rows is in Asia/Baku, UTC+4: local midnight of 5 March is 4 March in UTC.
"""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet
import pytest
from lxml import etree

from presswatch.export.writers import WRITERS
from presswatch.output.formats import FORMATS
from scraper.parsing.feeds import parse_feed
from scraper.parsing.source_urls import SourceUrls
from scraper.sources import get_source
from storage.model.records import DatePrecision
from tests.conftest import Ask
from tests.support.rows import DAY, HOUR, NOON, Rows

URL = "https://caliber.az/en/post/day"
MIDNIGHT = datetime(2026, 3, 5, tzinfo=UTC)
DATED = {"published_at": MIDNIGHT, "published_precision": DatePrecision.DAY, "published_raw": "5 March 2026"}
ANOTHER_DAY = re.compile(r"2026-03-0[46]|0[46] Mar 2026")
A_TIME = re.compile(r"2026-03-05[T ]\d\d:|05 Mar 2026 \d\d:\d\d:\d\d [+]0000")


@pytest.fixture
def day(rows: Rows) -> int:
    """An article of 5 March, with view readings and a matching word."""
    number = rows.article("day", title="Gas corridor", **DATED)
    rows.readings(number, 100, 200)
    rows.link(URL, article_id=number)
    return number


COMMANDS = {
    "query": ("query", "--format", "{form}"),
    "query of words": ("query", "gas", "--highlight", "--format", "{form}"),
    "query by day": ("query", "--group-by", "day", "--format", "{form}"),
    "query of fields": ("query", "--fields", "published_at", "--format", "{form}"),
    "query as of": ("query", "--as-of", "2026-11-04T13:30", "--format", "{form}"),
    "views that grow": ("views", "--top", "5", "--as-of", "2026-11-04T13:00Z", "--window", "1h", "--format", "{form}"),
}
SINGLE = {
    "show": ("show", "1", "--format", "{form}"),
    "views": ("views", "1", "--format", "{form}"),
    "inspect": ("inspect", URL, "--format", "{form}"),
}


def says_the_day(written: str, form: str) -> None:
    assert "2026-03-05" in written
    assert not ANOTHER_DAY.search(written)
    if form not in FORMATS or not FORMATS[form].articles_only:
        assert not A_TIME.search(written)


@pytest.mark.parametrize("form", FORMATS)
def test_every_list_says_the_day(form: str, day: int, ask: Ask) -> None:
    written = {}
    for name, command in COMMANDS.items():
        done = ask(*(word.format(form=form) for word in command))
        if done.exit_code != 2:  # a format that the command does not have
            assert done.exit_code == 0, (name, done.stderr)
            written[name] = done.stdout
            says_the_day(done.stdout, form)
    assert len(written) >= (3 if FORMATS[form].articles_only else 5), written.keys()


@pytest.mark.parametrize("command", SINGLE)
def test_an_article_says_the_day(command: str, day: int, ask: Ask) -> None:
    for form in ("json", "table" if command == "views" else "text"):
        done = ask(*(word.format(form=form) for word in SINGLE[command]))
        assert done.exit_code == 0, done.stderr
        says_the_day(done.stdout, form)


def test_a_report_counts_it_on_its_day(day: int, ask: Ask) -> None:
    report = json.loads(ask("report", "--since", "2026-03-01", "--until", "2026-03-10", "--format", "json").stdout)
    assert {one["day"]: one["article_count"] for one in report["days"] if one["article_count"]} == {"2026-03-05": 1}
    assert [one["published_at"] for one in report["most_read"]] == ["2026-03-05"]


def test_a_version_says_the_day_of_its_time(rows: Rows, day: int, ask: Ask) -> None:
    rows.revision(day, 1, published_at=MIDNIGHT - DAY, published_raw="4 March 2026", seen_until=NOON + HOUR)
    versions = json.loads(ask("history", "1", "--format", "json").stdout)["text_versions"]
    assert [version["published_at"] for version in versions] == ["2026-03-04", "2026-03-05"]
    assert "2026-03-04 00:00" not in ask("show", "1").stdout
    (past,) = json.loads(ask("query", "--as-of", "2026-11-04T12:30Z", "--format", "json").stdout)
    assert (past["published_at"], past["published_precision"]) == ("2026-03-04", "day")


def test_it_is_found_by_its_day(day: int, ask: Ask) -> None:
    for asked, count in (
        (("--since", "2026-03-05"), 1),
        (("--since", "2026-03-05", "--until", "2026-03-06"), 1),
        (("--until", "2026-03-06"), 1),
        (("--since", "2026-03-06"), 0),
        (("--until", "2026-03-05"), 0),
        (("--since", "2026-03-04", "--until", "2026-03-05"), 0),
    ):
        assert ask("query", "--count", *asked).stdout.split() == [str(count)], asked


@pytest.mark.parametrize("suffix", WRITERS)
def test_an_export_has_the_day(suffix: str, day: int, ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / f"out{suffix}"
    done = ask("export", str(file), "--since", "2026-03-05", "--until", "2026-03-06")
    assert done.exit_code == 0, done.stderr
    if suffix == ".parquet":  # a column of times has no days
        (row,) = pyarrow.parquet.read_table(file).to_pylist()
        assert (row["published_at"], row["published_precision"]) == (MIDNIGHT, "day")
    elif suffix == ".db":
        with sqlite3.connect(file) as connection:
            assert connection.execute("SELECT published_at FROM articles").fetchall() == [("2026-03-05",)]
            assert connection.execute("SELECT published_at FROM article_sections").fetchall() == [("2026-03-05",)]
        connection.close()
    elif suffix == ".csv":
        with file.open(encoding="utf-8", newline="") as lines:
            assert [row["published_at"] for row in csv.DictReader(lines)] == ["2026-03-05"]
    elif suffix == ".xlsx":  # a whole number of days since 1899-12-30 is a day
        with zipfile.ZipFile(file) as book:
            assert b"<v>46086</v>" in book.read("xl/worksheets/sheet1.xml")
            assert b'formatCode="yyyy-mm-dd"' in book.read("xl/styles.xml")
    elif suffix == ".jsonl":
        assert json.loads(file.read_text(encoding="utf-8"))["published_at"] == "2026-03-05"


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_a_feed_has_the_day_and_no_time_in_a_known_zone(form: str, day: int, ask: Ask) -> None:
    written = ask("query", "--format", form).stdout_bytes
    root = etree.fromstring(written)
    assert [element.text for element in root.iter("{http://purl.org/dc/elements/1.1/}date")] == ["2026-03-05"]
    times = [element.text for element in root.iter("pubDate", "{http://www.w3.org/2005/Atom}published")]
    assert times == ["Thu, 05 Mar 2026 00:00:00 -0000" if form == "rss" else "2026-03-05T00:00:00-00:00"]
    urls = SourceUrls(get_source("caliber"))
    (link,) = parse_feed(written, url="https://caliber.az/x", urls=urls, language=None, content_type=None).links
    assert link.published_at == MIDNIGHT
