"""`presswatch query`: every option, every form, every way of asking wrongly."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from typing import Any

import click
import pytest

from presswatch.cli.group import TYPED
from presswatch.cli.options import DEFAULT_LIMIT, MAX_COUNT_VALUE
from presswatch.cli.paging import command_with
from tests.conftest import Ask
from tests.support.rows import DAY, HOUR, NOON, TERMS, Rows


def titles(output: str) -> list[str]:
    return [json.loads(line)["title"] for line in output.splitlines()]


@pytest.mark.dialect
def test_the_table_has_the_articles_and_where_they_come_from(rows: Rows, ask: Ask) -> None:
    rows.article("gas-corridor", view_count=127)
    rows.article("undated", published_at=None, view_count=None, section=None)
    answer = ask("query")
    assert answer.exit_code == 0
    assert answer.stderr == ""
    assert answer.stdout.splitlines() == [
        "ID  PUBLISHED         VIEWS  SECTION   TITLE",
        " 1  2026-11-04 11:00    127  politics  Gas corridor",
        " 2  -                     -  -         Undated",
        "",
        f"Caliber.az (caliber): {TERMS}",
        "Times are UTC.",
    ]


def test_addresses_are_a_column(rows: Rows, ask: Ask) -> None:
    rows.article("gas-corridor", view_count=127)
    assert ask("query", "--addresses").stdout.splitlines() == [
        "ID  PUBLISHED         VIEWS  SECTION   TITLE         FETCHED           ADDRESS",
        " 1  2026-11-04 11:00    127  politics  Gas corridor  2026-11-04 12:00  https://caliber.az/en/post/gas-corridor",
        "",
        f"Caliber.az (caliber): {TERMS}",
        "Times are UTC.",
    ]


def test_the_table_tells_sources_apart_and_what_befell_an_article(rows: Rows, ask: Ask) -> None:
    rows.source("apa", title="APA", terms="Ask first")
    first = rows.article("first")
    rows.article("second", source="apa", gone_at=NOON, revised_at=NOON, duplicate_of_id=first, published_at=NOON)
    table = ask("query").stdout
    assert "apa      gone, edited, same as 1  Second" in table
    assert "APA (apa): Ask first" in table
    assert f"Caliber.az (caliber): {TERMS}" in table


def test_the_table_fits_the_terminal_but_cuts_no_address(rows: Rows, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    slug = "a-very-" + "long-" * 30 + "slug"
    rows.article(slug)
    monkeypatch.setenv("COLUMNS", "60")
    table, _, _footer = ask("query").stdout.partition("\n\n")
    assert max(map(len, table.splitlines())) <= 60
    assert table.endswith("…")
    assert f"https://caliber.az/en/post/{slug}\n" in ask("query", "--addresses").stdout


@pytest.mark.parametrize(
    ("width", "header"),
    [
        (110, "ID  PUBLISHED         VIEWS  SECTION   SOURCE   NOTE    TITLE"),
        (66, "ID  PUBLISHED         VIEWS  SOURCE   NOTE    TITLE"),
        (56, "ID  PUBLISHED         VIEWS  NOTE    TITLE"),
        (40, "ID  PUBLISHED         TITLE"),
        (30, "ID  TITLE"),
        (10, "ID  TITLE"),
    ],
)
def test_the_title_is_the_last_column_to_go(
    rows: Rows, ask: Ask, monkeypatch: pytest.MonkeyPatch, width: int, header: str
) -> None:
    rows.source("apa", title="APA")
    rows.article("energy-minister-says-that-gas-prices-stay-as-they-are", revised_at=NOON)
    rows.article("another-one", source="apa")
    monkeypatch.setenv("COLUMNS", str(width))
    head, *lines = ask("query", "--sort", "stored").stdout.partition("\n\n")[0].splitlines()
    assert head == header
    assert max(map(len, lines)) <= width
    assert any("Energy" in line for line in lines) or width == 10


HOSTILE = "\x1b]0;owned\x07\x1b[31mred\x9b2J \u202egnp.exe\r\nsecond line"


def test_a_title_cannot_steer_the_terminal(rows: Rows, ask: Ask) -> None:
    rows.article("one", title=HOSTILE, section="\x1b[1m")
    for form in ("table", "json", "jsonl", "csv"):
        output = ask("query", "--format", form).stdout
        assert "red" in output
        assert not set(output) & set("\x1b\x07\x9b\u202e")


def test_json_and_json_lines_carry_all_fields(rows: Rows, ask: Ask) -> None:
    rows.article("one", title=HOSTILE, sections=("politics", "economy"), view_count=None)
    (entry,) = json.loads(ask("query", "--format", "json").stdout)
    assert entry == json.loads(ask("query", "--format", "jsonl").stdout)
    assert entry["title"] == HOSTILE
    assert entry["source"] == "caliber"
    assert entry["source_title"] == "Caliber.az"
    assert entry["url"] == "https://caliber.az/en/post/one"
    assert entry["terms"] == TERMS
    assert entry["fetched_at"] == "2026-11-04T12:00:00+00:00"
    assert entry["sections"] == ["politics", "economy"]
    assert entry["view_count"] is None
    assert "body" not in entry


def test_csv_carries_all_fields_and_no_formula(rows: Rows, ask: Ask) -> None:
    rows.article("one", title='=HYPERLINK("http://x","y")', sections=("politics", "economy"))
    written = ask("query", "--format", "csv").stdout_bytes.decode("utf-8")
    (row,) = csv.DictReader(io.StringIO(written, newline=""), strict=True)
    assert row["title"] == '\'=HYPERLINK("http://x","y")'
    assert (row["source"], row["source_title"], row["terms"]) == ("caliber", "Caliber.az", TERMS)
    assert (row["url"], row["fetched_at"]) == ("https://caliber.az/en/post/one", "2026-11-04T12:00:00+00:00")
    assert row["sections"] == "politics; economy"
    assert written.count("\r\n") == 2
    raw = ask("query", "--format", "csv", "--no-escape").stdout_bytes.decode("utf-8")
    assert next(csv.DictReader(io.StringIO(raw)))["title"] == '=HYPERLINK("http://x","y")'


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--since", "2026-11-04"], ["Today", "Popular"]),
        (["--until", "2026-11-04"], ["Russian"]),
        (["--since", "2026-11-03", "--until", "2026-11-04T11:30Z"], ["Popular", "Russian"]),
        (["--since", "2026-11-04T15:30+04:00"], ["Today"]),
        (["--min-views", "200"], ["Popular"]),
        (["--max-views", "99"], ["Russian"]),
        (["--section", "Economy"], ["Russian"]),
        (["--language", "RU"], ["Russian"]),
        (["--source", "apa"], ["Russian"]),
        (["--edited-since", "2026-11-04"], ["Popular"]),
        (["--author", "doe"], ["Today"]),
        (["--author", "ГУСЕЙН"], ["Russian"]),
        (["--author", "%"], []),
        (["--gone"], ["Today"]),
        (["--not-gone"], ["Popular", "Russian"]),
        (["--sort", "views"], ["Popular", "Today", "Russian"]),
        (["--sort", "stored"], ["Russian", "Popular", "Today"]),
        (["--sort", "views", "--limit", "1"], ["Popular"]),
        (["--limit", "0"], ["Today", "Popular", "Russian"]),
        (["--language", "en", "--min-views", "100", "--not-gone"], ["Popular"]),
    ],
    ids=" ".join,
)
def test_each_option(rows: Rows, ask: Ask, options: list[str], found: list[str]) -> None:
    rows.source("apa", title="APA")
    rows.article("today", published_at=NOON, gone_at=NOON, author="Jane Doe, Max Roe")
    rows.article("popular", view_count=500, revised_at=NOON)
    economy: dict[str, Any] = {
        "section": "economy",
        "sections": ("economy",),
        "language": "ru",
        "source": "apa",
    }
    rows.article("russian", published_at=NOON - DAY, view_count=5, author="Гусейн Али", **economy)
    assert titles(ask("query", "--format", "jsonl", *options).stdout) == found


@pytest.mark.dialect
def test_a_query_can_match_every_version(rows: Rows, ask: Ask) -> None:
    edited = rows.article("gas-talks", revised_at=NOON, view_count=7)
    rows.revision(edited, 1, title="Oil talks", body="Of oil.")
    rows.article("oil-price")
    rows.revision(rows.article("another", revised_at=NOON), 1, title="Water", body="Of water.")
    assert titles(ask("query", "oil", "--format", "jsonl").stdout) == ["Oil price"]
    assert titles(ask("query", "oil", "--ever", "--format", "jsonl").stdout) == ["Oil price", "Gas talks"]
    assert titles(ask("query", "oil", "--ever", "--max-views", "9", "--format", "jsonl").stdout) == ["Gas talks"]
    assert ask("query", "oil", "--ever", "--count").stdout == "2\n"
    assert titles(ask("query", "talks", "--ever", "--sort", "views", "--format", "jsonl").stdout) == ["Gas talks"]
    assert "have no rank" in ask("query", "oil", "--ever", "--sort", "rank").stderr
    assert "all versions are matched with a query" in ask("query", "--ever").stderr


def test_a_watch_is_run_as_a_query(rows: Rows, ask: Ask) -> None:
    rows.article("gas-talks")
    rows.article("other")
    ask("watch", "add", "Gas", "gas -sport", "--to", "json://127.0.0.1:9")
    assert titles(ask("query", "--watch", "Gas", "--format", "jsonl").stdout) == ["Gas talks"]
    assert "no watch is called 'Oil'; there are: " in ask("query", "--watch", "Oil").stderr
    refused = ask("query", "oil", "--watch", "Gas")
    assert (refused.exit_code, "give one of both" in refused.stderr) == (2, True)


def test_csv_for_a_spreadsheet_begins_with_a_mark(rows: Rows, ask: Ask) -> None:
    rows.article("one", title="Şuşa")
    marked = ask("query", "--format", "csv", "--bom").stdout_bytes
    assert marked == b"\xef\xbb\xbf" + ask("query", "--format", "csv").stdout_bytes
    assert ask("query", "--format", "csv", "--bom", "--group-by", "day").stdout_bytes.startswith(b"\xef\xbb\xbfday")
    for arguments in (["--format", "json"], ["--count"]):
        refused = ask("query", "--bom", *arguments)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "--bom needs --format csv" in refused.stderr


def test_so_long_ago_is_counted_from_now(rows: Rows, ask: Ask) -> None:
    rows.article("long-ago", published_at=NOON - 3000 * DAY)
    rows.article("in-the-future", published_at=NOON + 30_000 * DAY)
    assert titles(ask("query", "--format", "jsonl", "--since", "7d").stdout) == ["In the future"]


@pytest.mark.parametrize("form", ["table", "jsonl"])
def test_what_the_default_limit_leaves_out_is_said(rows: Rows, ask: Ask, form: str) -> None:
    for number in range(DEFAULT_LIMIT):
        rows.article(f"a{number}")
    assert ask("query", "--format", form).stderr == ""
    rows.article("one-more")
    answer = ask("query", "--format", form)
    said = rf"presswatch: more than {DEFAULT_LIMIT} articles match; the next page: presswatch (query --cursor [^\n]+)\n"
    found = re.fullmatch(said, answer.stderr)
    assert found is not None
    assert answer.stdout.count("2026-11-04 11:00" if form == "table" else "https://") == DEFAULT_LIMIT
    whole = ask("query", "--format", form, "--limit", "0").stdout
    assert whole.count("2026-11-04 11:00" if form == "table" else "https://") == DEFAULT_LIMIT + 1
    pasted = ask(*shlex.split(found[1]))
    assert (pasted.exit_code, pasted.stderr) == (0, "")
    assert "A0" in pasted.stdout


def test_the_next_page_is_a_command_to_paste(rows: Rows, ask: Ask) -> None:
    for number in range(5):
        rows.article(f"gas-{number}", body="The 'gas' corridor.")
    words, seen = ["query", "--limit=2", "--sort", "date", "gas OR \"oil 'x'\"", "--format", "jsonl"], []
    while True:
        page = ask(*words)
        seen += titles(page.stdout)
        if not page.stderr:
            break
        words = shlex.split(page.stderr.partition("the next page: presswatch ")[2])
        assert words.count("--cursor") == 1
    assert seen == [f"Gas {number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize("words", [["--database", "{}"], ["--database={}"]])
def test_the_command_of_the_next_page_has_no_password(words: list[str]) -> None:
    typed = [word.format("postgresql+psycopg://u:s3cret@h/n") for word in words]
    group = click.Context(click.Group("presswatch"), info_name="presswatch")
    with click.Context(click.Command("query"), parent=group, info_name="query"):
        token = TYPED.set(("query", *typed, "--cursor=old"))
        command = command_with("--cursor", "new")
        TYPED.reset(token)
    expected = [word.format("postgresql+psycopg://u:***@h/n") for word in words]
    assert shlex.split(command) == ["presswatch", "query", "--cursor", "new", *expected]


@pytest.mark.parametrize(
    ("form", "output"), [("table", ""), ("json", "[]\n"), ("jsonl", "")], ids=["table", "json", "jsonl"]
)
def test_nothing_found_is_no_error(rows: Rows, ask: Ask, form: str, output: str) -> None:
    rows.article("one")
    answer = ask("query", "--format", form, "--min-views", "1000000")
    assert (answer.exit_code, answer.stdout) == (0, output)
    assert answer.stderr == "presswatch: no articles match\n"


def test_nothing_found_as_csv_is_a_header(rows: Rows, ask: Ask) -> None:
    rows.article("one")
    output = ask("query", "--format", "csv", "--min-views", "1000000").stdout
    assert output.startswith("id,source,source_title,url,title,")
    assert len(output.splitlines()) == 1


def test_an_empty_database_says_how_to_fill_it(rows: Rows, ask: Ask) -> None:
    answer = ask("query")
    assert answer.exit_code == 0
    assert answer.stderr == f"presswatch: no articles are stored in {rows.database} yet; run presswatch crawl\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--since", "someday"], "--since: 'someday' is not a date"),
        (["--until", "2026-13-01"], "--until: '2026-13-01' is not a date"),
        (["--edited-since", "-1d"], "--edited-since: '-1d' is not a date"),
        (["--since", ""], "--since: '' is not a date"),
        (["--since", "99999999d"], "--since: must be"),
        (["--since", "2026-11-02", "--until", "2026-11-01"], "nothing lies since 2026-11-02"),
        (["--min-views", "2", "--max-views", "1"], "nothing has at least 2 and at most 1 views"),
        (["--min-views", "many"], "'many' is not an integer"),
        (["--limit", "-1"], "'-1' is not an integer"),
        (["--limit", str(MAX_COUNT_VALUE + 1)], f"is not an integer from 0 to {MAX_COUNT_VALUE}"),
        (["--sort", "random"], "'random' is not one of"),
        (["--format", "xml"], "'xml' is not one of"),
        (["--section", "\udcff"], "is not UTF-8"),
        (["--nonsense"], "No such option"),
        (["two", "words"], "QUERY is one argument, in quotation marks: presswatch query 'two words'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_arguments_are_one_clear_line(rows: Rows, ask: Ask, options: list[str], said: str) -> None:
    rows.article("one")
    answer = ask("query", *options)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert answer.stderr.startswith("presswatch: ")


def test_dates_are_shown_as_precisely_as_they_are_known(rows: Rows, ask: Ask) -> None:
    rows.article("one", published_precision="day", published_at=NOON.replace(hour=0) + 0 * HOUR)
    assert " 1  2026-11-04    100  politics  One" in ask("query").stdout


def test_groups_are_separated_by_commas_and_years_follow_each_other(rows: Rows, ask: Ask) -> None:
    rows.article("new", published_at=NOON)
    rows.article("old", published_at=NOON.replace(year=2024))
    expected = "year,section,article_count\r\n2026,politics,1\r\n2025,,0\r\n2024,politics,1\r\n"
    counted = ask("query", "--by", "year,section", "--format", "csv")
    assert counted.stdout_bytes.decode() == expected
    assert ask("query", "--by", "year", "--by", "section", "--format", "csv").stdout_bytes == counted.stdout_bytes
    refused = ask("query", "--by", "day,yer")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "'yer' is no group: hour, day, week, month, year, weekday, source" in refused.stderr
    assert "(did you mean year?)" in refused.stderr
