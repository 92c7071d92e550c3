"""`presswatch query QUERY`: matches, their sentences, and the errors of a query with a syntax error."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

import presswatch
from storage.articles.highlight import bold, brackets
from storage.database.engine import create_store_engine
from storage.database.tables import SCHEMA_VERSION
from storage.search.matcher import IndexedDocument, matches
from storage.search.query import parse
from tests.conftest import Ask
from tests.storage.database.test_schema import engine, upgrade_to
from tests.storage.search.test_index import as_if_old, clear
from tests.support.rows import NOON, TERMS, Rows

__all__ = ["engine"]


@pytest.fixture
def gas(rows: Rows) -> Rows:
    rows.article("pipes", title="Pipes", body="A new export route is planned. Gas is scarce.")
    rows.article("gas-corridor", body="The corridor opens.\n\nIts gas \x1b[31mflows.", view_count=7)
    rows.article("gas-games", body="A corridor of sport.", language="ru")
    for number in range(9):  # a word that most articles have says little of any
        rows.article(f"other-{number}")
    return rows


QUERY = 'gas AND (corridor OR "export route") -sport'


@pytest.mark.dialect
def test_the_best_answer_comes_first_with_its_sentence_under_it(gas: Rows, ask: Ask) -> None:
    answer = ask("query", QUERY, "--lang", "en", "--highlight")
    assert answer.exit_code == 0
    assert answer.stderr == ""
    assert answer.stdout.splitlines() == [
        "ID  PUBLISHED         VIEWS  SECTION   TITLE",
        " 2  2026-11-04 11:00      7  politics  Gas corridor",
        "    The [corridor] opens.",
        " 1  2026-11-04 11:00    100  politics  Pipes",
        "    A new [export route] is planned.",
        "",
        f"Caliber.az (caliber): {TERMS}",
        "Times are UTC.",
    ]


def test_the_same_without_sentences(gas: Rows, ask: Ask) -> None:
    lines = ask("query", QUERY).stdout.splitlines()
    assert [line.split()[-1] for line in lines[1:3]] == ["corridor", "Pipes"]
    assert "opens" not in "".join(lines)


@pytest.mark.parametrize("sort", ["date", "stored", "views"])
def test_answers_in_another_order(gas: Rows, ask: Ask, sort: str) -> None:
    gas.article("gas-last", published_at=NOON, view_count=999)
    lines = ask("query", "gas", "--sort", sort, "--format", "jsonl").stdout.splitlines()
    assert json.loads(lines[0])["title"] == "Gas last"
    assert len(lines) == 4


def test_the_sentence_is_a_field_of_the_other_forms(gas: Rows, ask: Ask) -> None:
    wanted = ["The [corridor] opens.", "A new [export route] is planned."]
    arguments = ("query", QUERY, "--highlight", "--format")
    assert [entry["snippet"] for entry in json.loads(ask(*arguments, "json").stdout)] == wanted
    assert [json.loads(line)["snippet"] for line in ask(*arguments, "jsonl").stdout.splitlines()] == wanted
    table = list(csv.DictReader(io.StringIO(ask(*arguments, "csv").stdout, newline="")))
    assert [row["snippet"] for row in table] == wanted
    assert float(table[0]["score"]) > float(table[1]["score"])
    assert {"url", "terms", "source", "fetched_at"} <= set(table[0])


def test_an_empty_csv_has_the_same_header(gas: Rows, ask: Ask) -> None:
    for options in ((), ("--highlight",), ("--sort", "date")):
        empty = ask("query", "nothing", "--format", "csv", *options).stdout
        full = ask("query", "gas", "--format", "csv", *options).stdout
        assert empty == full.partition("\n")[0] + "\n"


def test_hits_are_bold_on_a_terminal_and_nothing_else_can_steer_it() -> None:
    match = matches(parse("gas oil"), IndexedDocument(title="", body="His\tgas\u202e \x1b[31m oil\x9b flows"))
    assert match is not None
    assert bold(match) == "His \x1b[1mgas\x1b[22m\ufffd \ufffd[31m \x1b[1moil\x1b[22m\ufffd flows"
    assert "\x1b" not in brackets(match)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gas AND"], "QUERY: position 8: AND needs a word behind it"),
        (['"gas'], "QUERY: position 1: this quotation mark has no partner"),
        (["titel:gas"], "QUERY: position 1: no field is called titel; known: title, subtitle, body, section"),
        (["NOT gas"], "QUERY: position 1: this only says what must not be; add a word that must"),
        ([""], "QUERY: nothing is asked: write at least one word"),
        (["--highlight"], "--highlight needs a QUERY"),
        (["--sort", "rank"], "only the matches of a query have a rank: give one, or sort by date, views or stored"),
    ],
    ids=str,
)
def test_a_syntax_error_is_one_clear_line(rows: Rows, ask: Ask, arguments: list[str], said: str) -> None:
    answer = ask("query", *arguments)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_no_answers(gas: Rows, ask: Ask) -> None:
    answer = ask("query", "nothing")
    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "", "presswatch: no articles match\n")


def test_an_index_that_lacks_something_says_what_to_do(gas: Rows, ask: Ask) -> None:
    clear(gas)
    answer = ask("query", "gas")
    assert answer.exit_code == 1
    assert "presswatch db reindex" in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert ask("query").exit_code == 0
    assert ask("db", "reindex").stdout == "12 articles indexed for full-text search; the index is complete\n"
    assert ask("db", "reindex").stdout == "0 articles indexed for full-text search; the index is complete\n"
    assert ask("db", "reindex", "--all").stdout == "12 articles indexed for full-text search; the index is complete\n"
    as_if_old(gas, analyser_version=0)
    assert ask("db", "reindex").stdout == "12 articles indexed for full-text search; the index is complete\n"
    assert ask("query", "gas").exit_code == 0


def test_an_upgrade_indexes_what_an_old_database_holds(alone: Path, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/old.db"
    old = create_store_engine(database, busy_timeout=timedelta(seconds=1))
    upgrade_to(old, "0002")
    old.dispose()
    with closing(sqlite3.connect(tmp_path / "old.db")) as file:
        file.execute("INSERT INTO sources VALUES ('s', 'S', 'h', 't', 'UTC', NULL, NULL)")
        file.execute(
            "INSERT INTO articles (source, url, sections, title, body, content_hash, problems, first_seen_at,"
            " last_seen_at, stored_at, last_fetched_at, reader_version) VALUES ('s', 'u', '|x|', 'Reforms', '', 'h',"
            " '[]', '2026-11-04 12:00:00', '2026-11-04 12:00:00', '2026-11-04 12:00:00', '2026-11-04 12:00:00', 1)"
        )
        file.commit()

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(presswatch.main, [*arguments, "--database", database], prog_name="presswatch")
        assert done.exit_code == 0, done.stderr
        return done.stdout

    said = run("db", "upgrade")
    assert f"upgraded from 0002, now {SCHEMA_VERSION}" in said
    assert "1 article indexed for full-text search; the index is complete" in said
    assert json.loads(run("query", "reform section:x", "--format", "jsonl"))["title"] == "Reforms"
    assert "indexed" not in run("db", "upgrade")


@pytest.mark.parametrize("operator", ["or", "not"])
def test_an_operator_in_small_letters_is_told_where_nothing_matches(ask: Ask, gas: Rows, operator: str) -> None:
    said = ask("query", f"gas {operator} zeppelin").stderr
    assert said == f"presswatch: no articles match; {operator} is a word: the operator is {operator.upper()}\n"
