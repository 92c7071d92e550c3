"""`presswatch export`: every format whole, attributed, complete or not there."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from lxml import etree
from sqlalchemy import inspect, select

import presswatch
from presswatch.export import excel as excel_files
from presswatch.export import writers as export_files
from presswatch.export.export import ExportNotes
from presswatch.output.formats import as_dict, as_json
from storage.articles import export_rows
from storage.articles.filters import ArticleFilter
from storage.database.tables import SCHEMA_VERSION, article_sections
from storage.model.article_fields import EXPORT_FIELDS
from storage.model.extras import Extra, missing_extra
from storage.model.records import Problem
from storage.search.query import parse
from tests.conftest import Ask
from tests.support.paths import ROOT
from tests.support.patience import wait_until
from tests.support.rows import DAY, HOUR, NOON, TERMS, Rows

FORMULA = '=HYPERLINK("http://x","y")'
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

KINDS = [".jsonl", ".csv", ".db", ".parquet", ".xlsx"]


@pytest.fixture
def sqlite_rows(sqlite_database: str) -> Iterator[Rows]:
    made = Rows(sqlite_database)
    yield made
    made.store.close()


def two(rows: Rows) -> None:
    rows.article("one", title=FORMULA, body="First.\n\nПервый “абзац” 🛢.", problems=(Problem("author", "no byline"),))
    moment = NOON.replace(microsecond=250_000)
    rows.article("two", published_at=None, view_count=None, sections=("politics", "economy"), fetched_at=moment)


def sheet_of(file: Path) -> list[list[str]]:
    """The cells of a sheet as text; a time is its serial number."""
    with zipfile.ZipFile(file) as book:
        root = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    cells: list[list[str]] = []
    for row in root.iter(f"{SHEET}row"):
        assert not list(row.iter(f"{SHEET}f"))
        cells.append(["".join(cell.itertext()) for cell in row.iter(f"{SHEET}c")])
    return cells


def read(file: Path) -> list[dict[str, Any]]:
    """Read the rows of a file of any format but Excel."""
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    if file.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8"), newline=""), strict=True))
    if file.suffix == ".parquet":
        return pq.read_table(file).to_pylist()  # type: ignore[no-any-return]
    connection = sqlite3.connect(file)
    connection.row_factory = sqlite3.Row
    found = [dict(row) for row in connection.execute("SELECT * FROM articles")]
    connection.close()
    return found


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_every_kind_carries_every_field_of_every_article(rows: Rows, ask: Ask, alone: Path, kind: str) -> None:
    two(rows)
    answer = ask("export", f"out{kind}")
    assert (answer.exit_code, answer.stdout) == (0, "")
    assert answer.stderr == f"presswatch: out{kind}: 2 articles; out{kind}.about.json describes it\n"
    first, second = read(alone / f"out{kind}")
    assert tuple(first) == EXPORT_FIELDS
    assert first["title"] == ("'" + FORMULA if kind == ".csv" else FORMULA)
    assert first["body"] == "First.\n\nПервый “абзац” 🛢."
    for row in (first, second):
        assert (row["source"], row["terms"]) == ("caliber", TERMS)
        assert row["url"].startswith("https://caliber.az/en/post/")
    fetched = second["fetched_at"]
    written = fetched.isoformat() if isinstance(fetched, datetime) else fetched
    assert written == "2026-11-04T12:00:00.250000+00:00"
    assert second["view_count"] in {None, ""}
    assert second["published_at"] in {None, ""}
    lists = {".csv": "politics; economy", ".db": '["politics", "economy"]'}
    assert second["sections"] == lists.get(kind, ["politics", "economy"])
    problems = {".csv": "author: no byline", ".db": '[{"field": "author", "reason": "no byline"}]'}
    assert first["problems"] == problems.get(kind, [{"field": "author", "reason": "no byline"}])


@pytest.mark.dialect
def test_sqlite_export_has_a_row_for_each_section(rows: Rows, ask: Ask, alone: Path) -> None:
    two(rows)
    rows.article("three", section="energy", sections=())
    done = ask("export", "out.db")
    assert done.exit_code == 0, done.stderr
    with closing(sqlite3.connect(alone / "out.db")) as file:
        found = file.execute("select * from article_sections order by article_id, position").fetchall()
        joined = file.execute(
            "SELECT url FROM articles JOIN article_sections ON article_id = id WHERE position = 2"
        ).fetchall()
    assert [tuple(row[:3]) for row in found if row[0] > 1] == [(2, 1, "politics"), (2, 2, "economy"), (3, 0, "energy")]
    with rows.store.read() as connection:
        stored = connection.execute(select(article_sections.c["article_id", "position", "section"]))
        assert sorted(row[:3] for row in found) == sorted(map(tuple, stored))
    assert joined == [("https://caliber.az/en/post/two",)]


def test_sqlite_export_without_ids_or_sections_has_only_articles(rows: Rows, ask: Ask, alone: Path) -> None:
    two(rows)
    assert ask("export", "out.db", "--fields", "title,sections").exit_code == 0
    with closing(sqlite3.connect(alone / "out.db")) as file:
        assert file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall() == [("articles",)]


@pytest.mark.dialect
def test_json_lines_say_what_the_api_says(rows: Rows, ask: Ask, alone: Path) -> None:
    two(rows)
    rows.article("three", section=None, sections=())
    ask("export", "out.jsonl")
    for line in (alone / "out.jsonl").read_text("utf-8").splitlines():
        article = rows.store.articles.get(json.loads(line)["id"])
        assert as_json(as_dict(article)) == line


def test_excel_has_text_numbers_times_and_links_and_no_formula(rows: Rows, ask: Ask, alone: Path) -> None:
    two(rows)
    rows.article("three", title="\x01a\x0b _x0041_ &<>", published_at=NOON.replace(year=1850))
    ask("export", "out.xlsx", "--fields", "title,view_count,published_at")
    head, first, second, third = sheet_of(alone / "out.xlsx")
    assert head == ["title", "view_count", "published_at", "source", "url", "fetched_at", "terms"]
    assert first[:2] == [FORMULA, "100"]
    assert float(first[2]) == pytest.approx(46330.4583, abs=0.001)
    assert first[3:5] == ["caliber", "https://caliber.az/en/post/one"]
    assert second[0] == "Two"
    assert third[2] == "1850-11-04T12:00:00+00:00"
    assert "\x01" not in third[0]
    with zipfile.ZipFile(alone / "out.xlsx") as book:
        links = book.read("xl/worksheets/_rels/sheet1.xml.rels").decode()
    assert links.count("https://caliber.az/en/post/") == 3


def test_excel_s_limits_hold(rows: Rows, ask: Ask, alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel_files, "MAX_LINKS", 1)
    rows.article("one", body="x" * 32_767, url="https://caliber.az/" + "y" * 2100)
    rows.article("two", body="🛢" * 16_384)
    rows.article("three")
    answer = ask("export", "out.xlsx", "--fields", "body")
    _, first, second, _third = sheet_of(alone / "out.xlsx")
    assert first[0] == "x" * 32_767
    assert second[0] == "🛢" * 16_383 + "…"
    assert f"1 {excel_files.TRUNCATED_NOTE}; 1 {excel_files.LINKS_DROPPED_NOTE}" in answer.stderr
    assert f"1 {excel_files.TRUNCATED_NOTE}" in json.loads((alone / "out.xlsx.about.json").read_text())["notes"]
    monkeypatch.setattr(export_files, "MAX_EXCEL_ROWS", 2)
    answer = ask("export", "more.xlsx")
    assert answer.exit_code == 1
    assert answer.stderr == "presswatch: 3 articles are too many for .xlsx, which holds 2 rows\n"
    assert not list(alone.glob("*more*"))


def test_the_sidecar_says_what_it_is(rows: Rows, ask: Ask, alone: Path) -> None:
    rows.source("apa", title="APA")
    two(rows)
    rows.article("three", source="apa")
    ask("export", "out.csv", "--since", "2026-11-01", "--section", "politics", "--fields", "title")
    about = json.loads((alone / "out.csv.about.json").read_text("utf-8"))
    assert about["query"] == {"since": "2026-11-01T00:00:00+00:00", "section": "politics"}
    assert about["fields"] == ["title", "source", "url", "fetched_at", "terms"]
    assert about["article_count"] == 3
    assert about["article_count_by_source"] == {"caliber": 2, "apa": 1}
    assert about["program"].startswith("presswatch 0")
    assert about["tables"] == SCHEMA_VERSION
    assert datetime.fromisoformat(about["exported_at"]).tzinfo is not None


def test_raw_csv_is_as_it_is_and_filters_filter(rows: Rows, ask: Ask, alone: Path) -> None:
    two(rows)
    ask("export", "out.csv", "--no-escape", "--min-views", "1")
    (only,) = read(alone / "out.csv")
    assert only["title"] == FORMULA


def test_a_file_that_is_there_stays_unless_forced(rows: Rows, ask: Ask, alone: Path) -> None:
    two(rows)
    (alone / "out.jsonl").write_text("mine")
    answer = ask("export", "out.jsonl")
    assert (answer.exit_code, answer.stderr) == (
        2,
        "presswatch: out.jsonl already exists; use --force to overwrite it\n",
    )
    assert (alone / "out.jsonl").read_text() == "mine"
    assert ask("export", "out.jsonl", "--force").exit_code == 0
    assert len(read(alone / "out.jsonl")) == 2
    (alone / "out.jsonl").unlink()
    assert "out.jsonl.about.json already exists" in ask("export", "out.jsonl").stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["out.doc"], "the suffix must be one of .parquet, .csv, .jsonl, .xlsx, .db"),
        (["out"], "the suffix must be one of"),
        (["nowhere/out.csv"], "nowhere is not a directory; create it first"),
        (["out.csv", "--fields", "titel"], "unknown field titel; known fields: id, source"),
        (["out.csv", "--fields", "titel"], "(did you mean title?)"),
        (["out.csv", "--since", "someday"], "--since: 'someday' is not a date"),
        ([], "Missing argument 'OUT'"),
    ],
    ids=" ".join,
)
def test_wrong_asking_is_one_clear_line(rows: Rows, ask: Ask, alone: Path, arguments: list[str], said: str) -> None:
    answer = ask("export", *arguments)
    assert answer.exit_code == 2
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert not list(alone.glob("*out*"))


@pytest.mark.parametrize(
    ("kind", "library", "extra"), [(".parquet", "pyarrow", "parquet"), (".xlsx", "xlsxwriter", "xlsx")]
)
def test_a_missing_library_is_named_with_its_cure(
    rows: Rows, ask: Ask, monkeypatch: pytest.MonkeyPatch, kind: str, library: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    answer = ask("export", f"out{kind}")
    assert answer.exit_code == 2
    assert answer.stderr == f"presswatch: {missing_extra(f'{kind} needs {library}', Extra(extra))}\n"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_found_is_an_empty_file_of_its_kind(rows: Rows, ask: Ask, alone: Path, kind: str) -> None:
    assert "0 articles" in ask("export", f"out{kind}").stderr
    file = alone / f"out{kind}"
    assert read(file) == [] if kind != ".xlsx" else len(sheet_of(file)) == 1


def test_an_export_that_fails_leaves_nothing(
    rows: Rows, ask: Ask, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(output: Any, found: Any, plan: Any, tally: ExportNotes) -> None:
        output.write(b"half")
        raise OSError(28, "No space left on device", "out.jsonl")

    monkeypatch.setitem(export_files.WRITERS, ".jsonl", full)
    answer = ask("export", "out.jsonl")
    assert (answer.exit_code, answer.stderr) == (
        1,
        "presswatch: out.jsonl: No space left on device; nothing was written\n",
    )
    assert not list(alone.glob("*out*"))


@pytest.mark.long
def test_a_killed_export_leaves_no_half_file_under_the_name(rows: Rows, alone: Path) -> None:
    for number in range(40):
        rows.article(f"a{number}", body="long " * 200_000)
    command = [sys.executable, "-m", "presswatch", "export", "out.jsonl", "--database", rows.database]
    process = subprocess.Popen(command, cwd=alone, env={**os.environ, "PYTHONPATH": str(ROOT)})
    wait_until(lambda: any(part.stat().st_size for part in alone.glob(".out.jsonl.*")), every=0.001)
    process.send_signal(signal.SIGKILL)
    killed = process.wait() == -signal.SIGKILL
    assert killed
    assert not (alone / "out.jsonl").exists()
    assert not (alone / "out.jsonl.about.json").exists()


PEAKS = """
import resource, sys
from presswatch import main

def export(count):
    for kind in sys.argv[2:]:
        try:
            main(["export", f"{count}{kind}", "--database", sys.argv[1], "--max-views", count])
        except SystemExit as ended:
            assert not ended.code
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

few = export("200")
print(few, export("1000"))
"""


@pytest.mark.long
def test_memory_stays_flat(rows: Rows, alone: Path) -> None:
    """Five times the articles may not take noticeably more memory."""
    first = rows.article("first", body="long " * 8_000, view_count=0)
    names = ", ".join(c for c in sorted(_columns(rows)) if c not in {"id", "url", "view_count"})
    with rows.store.write() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO articles ({names}, url, view_count) WITH RECURSIVE n(i) AS "
            f"(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
            f"SELECT {names}, 'https://x.az/' || i, i FROM articles, n WHERE id = {first}"
        )
    command = [sys.executable, "-c", PEAKS, rows.database, *KINDS]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=alone, env=environment, capture_output=True, text=True, check=True)
    few, many = map(int, done.stdout.split())
    assert (alone / "1000.jsonl").stat().st_size > 40_000_000
    assert many - few < 12_000  # kilobytes


def _columns(rows: Rows) -> list[str]:
    return [column["name"] for column in inspect(rows.store.engine).get_columns("articles")]


def test_a_bar_is_shown_on_a_terminal_only(rows: Rows, alone: Path) -> None:
    two(rows)
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "presswatch", "export", "out.jsonl", "--database", rows.database]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    done = subprocess.run(command, cwd=alone, env=environment, stderr=theirs, check=True)
    os.close(theirs)
    said = os.read(ours, 10_000).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "exporting" in said
    assert "100%" in said


@pytest.mark.parametrize("name", ["presswatch.db", "linked.db", "twin.db", "folder/../presswatch.db"])
def test_an_export_never_overwrites_the_database(sqlite_rows: Rows, alone: Path, name: str) -> None:
    sqlite_rows.store.close()
    (alone / "folder").mkdir()
    file = alone / "presswatch.db"
    shutil.copy(alone / "news.db", file)
    (alone / "linked.db").symlink_to(file)
    (alone / "twin.db").hardlink_to(file)
    before = file.read_bytes()
    ask = ["export", name, "--force", "--database", f"sqlite:///{file}"]
    answer = CliRunner().invoke(presswatch.main, ask)
    assert (answer.exit_code, answer.stderr) == (
        2,
        f"presswatch: {name} is the database itself; use another name\n",
    )
    assert file.read_bytes() == before
    assert (alone / "linked.db").is_symlink()


def test_a_folder_in_the_place_of_the_file_that_tells_is_met_before_anything_is_written(
    rows: Rows, ask: Ask, alone: Path
) -> None:
    (alone / "out.csv.about.json").mkdir()
    answer = ask("export", "out.csv", "--force")
    assert (answer.exit_code, answer.stderr) == (
        2,
        "presswatch: out.csv.about.json is a directory; use another name\n",
    )
    assert not (alone / "out.csv").exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.long_after(2)
def test_a_full_disk_is_one_line_and_leaves_nothing(sqlite_rows: Rows, alone: Path, kind: str) -> None:
    for number in range(60):
        sqlite_rows.article(f"a{number}", body=f"{token_hex(2_500)}")
    sqlite_rows.store.close()
    command = [sys.executable, "-m", "presswatch", "export", f"out{kind}", "--database", sqlite_rows.database]
    done = subprocess.run(
        command,
        cwd=alone,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"presswatch: out{kind}: ")
    assert done.stderr.count("\n") == 1
    assert "unexpected" not in done.stderr
    assert not list(alone.glob("*out*"))


@pytest.mark.dialect
@pytest.mark.parametrize("asked", [{"since": NOON - DAY}, {"source": "caliber"}, {"query": parse("in full")}], ids=str)
def test_a_part_leaves_in_the_order_of_storing_too(
    rows: Rows, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_rows, "EXPORT_BATCH_SIZE", 3)
    rows.source("apa", title="APA")
    rows.article("other", source="apa", published_at=NOON - 3 * DAY, body="")
    dates = [None if number % 4 == 0 else NOON - number * HOUR for number in range(10)]
    ids = [rows.article(f"a{number}", published_at=date) for number, date in enumerate(dates)]
    with rows.store.read() as connection:
        assert [row[0] for row in export_rows.iter_export_rows(connection, ArticleFilter(**asked), ["id"])] == ids


def test_an_export_goes_to_stdout(rows: Rows, ask: Ask, alone: Path) -> None:
    rows.article("one", title="=cmd")
    rows.article("two")
    lines = ask("export", "-", "--fields", "title")
    assert [json.loads(line)["title"] for line in lines.stdout.splitlines()] == ["=cmd", "Two"]
    assert lines.stderr == "presswatch: stdout: 2 articles\n"
    assert not [path for path in alone.iterdir() if path.suffix not in {".db", ".db-shm", ".db-wal"}]
    table = ask("export", "-", "--format", "csv", "--bom").stdout_bytes
    ask("export", "out.csv", "--bom")
    assert table == (alone / "out.csv").read_bytes()
    assert table.startswith(b"\xef\xbb\xbfid,")
    assert "--bom is for CSV alone" in ask("export", "out.jsonl", "--bom").stderr
    assert "'xlsx' is not one of" in ask("export", "-", "--format", "xlsx").stderr


def test_a_sheet_has_widths_a_frozen_header_and_a_filter(rows: Rows, ask: Ask, alone: Path) -> None:
    rows.article("one")
    rows.article("two")
    assert ask("export", "out.xlsx", "--fields", "title,view_count,published_at").exit_code == 0
    sheet = zipfile.ZipFile(alone / "out.xlsx").read("xl/worksheets/sheet1.xml").decode()
    assert '<autoFilter ref="A1:G3"/>' in sheet
    assert 'state="frozen"' in sheet
    widths = [float(width) for width in re.findall(r'<col [^>]*width="([\d.]+)"', sheet)]
    assert widths[0] > 50  # of a title
    assert min(widths) > 8
