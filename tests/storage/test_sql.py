"""`presswatch sql` on SQLite: every form of answer, and no way to write."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.read_only import distinct
from storage.sqlite_functions import place, replaced_within
from tests.storage.conftest import Ask
from tests.storage.rows import Rows
from tests.support.patience import patient, wait_until


@pytest.fixture
def database(sqlite_database: str) -> str:
    """SQLite's own language; PostgreSQL's has tests of its own."""
    return sqlite_database


def test_columns_of_one_name_are_kept_apart(rows: Rows, ask: Ask) -> None:
    answer = ask("sql", "select 1 as a, 2 as a, 3 as a_2, 4 as a", "--format", "json")
    assert json.loads(answer.stdout) == [{"a": 1, "a_3": 2, "a_2": 3, "a_4": 4}]


@given(st.lists(st.sampled_from(["a", "a_2", "a_3", "b", "", "a_2_2"]), max_size=8))
def test_no_two_columns_are_ever_called_alike(names: list[str]) -> None:
    made = distinct(names)
    assert len(set(made)) == len(names)
    assert [name.startswith(old) for name, old in zip(made, names, strict=True)] == [True] * len(names)


def test_odd_values_come_out_whole(rows: Rows, ask: Ask) -> None:
    odd = (
        "select x'00ff' as blob, 9223372036854775807 as big, 9e999 as endless, "
        "cast(x'c3' as text) as broken, null as no"
    )
    (told,) = json.loads(ask("sql", odd, "--format", "json").stdout)
    assert told == {
        "blob": {"$base64": True, "encoded": "AP8="},
        "big": 9223372036854775807,
        "endless": "inf",
        "broken": "\ufffd",
        "no": None,
    }
    (row,) = csv.DictReader(io.StringIO(ask("sql", odd, "--format", "csv").stdout))
    assert base64.b64decode(row["blob"]) == b"\x00\xff"
    assert (row["big"], row["no"]) == ("9223372036854775807", "")
    assert "<2 bytes>" in ask("sql", odd).stdout


WRITES = [
    "delete from articles",
    "insert into sources values ('x','x','x','x','x',null,null)",
    "update articles set title = ''",
    "drop table articles",
    "create table x (a)",
    "create temp table x (a)",
    "attach 'other.db' as other",
    "attach ':memory:' as other",
    "detach main",
    "vacuum",
    "vacuum into 'copy.db'",
    "pragma journal_mode = delete",
    "pragma query_only = off",
    "pragma user_version = 7",
    "pragma writable_schema = on",
    "begin immediate",
    "savepoint x",
    "reindex",
    "analyze",
    "select load_extension('x')",
    "with x as (select 1) delete from articles",
    "select 1; delete from articles",
    "explain delete from articles",
    "update sqlite_master set sql = ''",
]


@pytest.mark.parametrize("statement", WRITES)
def test_what_would_write_is_refused_in_one_line(rows: Rows, ask: Ask, alone: Path, statement: str) -> None:
    rows.article("one")
    before = sorted(file.name for file in alone.iterdir())
    answer = ask("sql", statement)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(("presswatch: only reading is allowed", "presswatch: one statement at a time"))
    assert answer.stderr.count("\n") == 1
    assert sorted(file.name for file in alone.iterdir()) == before
    assert rows.store.articles.get(1) is not None


@pytest.mark.parametrize(
    "statement",
    [
        "with x as (select id from articles) select * from x",
        "values (1), (2)",
        "explain query plan select * from articles",
        "pragma table_info(articles)",
        "select name from pragma_table_info('articles')",
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 500) select i from n",
        "select json_extract('{\"a\": 1}', '$.a'), count(*) from articles",
    ],
)
def test_what_reads_is_allowed(rows: Rows, ask: Ask, statement: str) -> None:
    rows.article("one")
    answer = ask("sql", statement, "--format", "json")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert json.loads(answer.stdout)


def test_a_full_text_index_may_be_asked(rows: Rows, ask: Ask) -> None:
    with sqlite3.connect(rows.store.engine.url.database or "") as connection:
        connection.execute("create virtual table words using fts5(title)")
        connection.execute("insert into words values ('gas corridor')")
    connection.close()
    answer = ask("sql", "select highlight(words, 0, '[', ']') as found from words where words match 'gas'")
    assert answer.stdout == "FOUND\n[gas] corridor\n"


ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"


def test_what_takes_too_long_is_ended(rows: Rows, ask: Ask) -> None:
    answer = ask("sql", ENDLESS, "--timeout", "200 ms")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == "presswatch: SQL: it took longer than 0.2 s; --timeout gives it more\n"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("select * from nowhere", "SQL: no such table: nowhere"),
        ("selec 1", 'SQL: near "selec": syntax error'),
        ("select randomblob(1000000000)", "SQL: string or blob too big"),
        ("select '\udcff'", "SQL: "),
    ],
)
def test_a_mistake_is_one_line(rows: Rows, ask: Ask, statement: str, said: str) -> None:
    answer = ask("sql", statement)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_no_question_and_no_database_are_said(rows: Rows, ask: Ask, alone: Path) -> None:
    assert ask("sql", "").stderr == "presswatch: no rows\n"
    (alone / "news.db").unlink()
    assert "there is no database" in ask("sql", "select 1").stderr
    assert not (alone / "news.db").exists()


HEAVY = [
    ("select instr(zeroblob(60000000), zeroblob(30000000) || x'01') as found", "FOUND\n    0\n"),
    ("select length(replace(hex(zeroblob(10000000)), hex(zeroblob(5000000)) || '1', '')) as n", "       N\n20000000\n"),
]


@pytest.mark.parametrize(("statement", "said"), HEAVY)
def test_a_long_text_in_a_longer_one_is_found_in_time(rows: Rows, ask: Ask, statement: str, said: str) -> None:
    assert ask("sql", statement).stdout == said


def test_a_replacement_of_any_size_is_one_line(rows: Rows, ask: Ask) -> None:
    answer = ask("sql", "select replace(hex(zeroblob(10000000)), '0', hex(zeroblob(1000)))")
    assert (answer.exit_code, answer.stderr) == (2, "presswatch: SQL: string or blob too big\n")


WORDS = st.one_of(st.none(), st.integers(-99, 99), st.text("ab", max_size=6), st.binary(max_size=4).map(bytes.hex))


@given(WORDS, WORDS, WORDS)
def test_our_instr_and_replace_are_those_of_sqlite(text: object, sought: object, instead: object) -> None:
    with sqlite3.connect(":memory:") as connection:
        asked = connection.execute("select instr(?1, ?2), replace(?1, ?2, ?3)", (text, sought, instead))
        assert asked.fetchone() == (place(text, sought), replaced_within(1_000)(text, sought, instead))
    connection.close()


MANY = "with recursive n(i) as (select 1 union all select i + 1 from n limit {}) select {} as value from n"


@pytest.mark.long
def test_rows_of_the_largest_values_pass_one_by_one(rows: Rows, alone: Path) -> None:
    asked = MANY.format(60, "zeroblob(20000000)")
    whole = [sys.executable, "-m", "presswatch", "sql", asked, "--format", "csv", "--database", rows.database]
    limit = 1_000_000_000
    done = subprocess.run(
        whole,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_table_has_an_end(rows: Rows, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("presswatch.cli.sql.MOST", 20)
    assert ask("sql", MANY.format(20, "i")).exit_code == 0
    answer = ask("sql", MANY.format(21, "i"))
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == (
        "presswatch: SQL: more than 20 rows: a LIMIT gives fewer, --format csv or jsonl gives all\n"
    )
    assert ask("sql", MANY.format(21, "i"), "--format", "csv").exit_code == 0


def test_no_time_is_no_timeout(rows: Rows, ask: Ask) -> None:
    answer = ask("sql", "select 1", "--timeout", "0 s")
    assert (answer.exit_code, answer.stderr) == (2, "presswatch: --timeout: nothing is answered in no time\n")


def mind_interrupts() -> None:
    """Whatever the tests were started under: a shell's job in the background ignores them, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def opened(pid: int, file: str) -> bool:
    return file in {one.path for one in psutil.Process(pid).open_files()}


def test_ctrl_c_ends_it_as_it_ends_every_command(rows: Rows) -> None:
    whole = [sys.executable, "-m", "presswatch", "sql", ENDLESS, "--timeout", "60 s", "--database", rows.database]
    where = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    options: dict[str, Any] = {"env": where, "stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(whole, preexec_fn=mind_interrupts, **options) as process:  # noqa: PLW1509  (no other threads)
        wait_until(lambda: opened(process.pid, rows.database.removeprefix("sqlite:///")))
        process.send_signal(signal.SIGINT)
        assert process.wait(patient(20)) == 130
        assert (process.stderr or io.StringIO()).read().strip() == "presswatch: interrupted"
