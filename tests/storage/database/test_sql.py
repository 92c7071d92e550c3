"""`presswatch sql` on both databases: every form of answer, and no way to write."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import presswatch
from storage.database.query_worker import unique_names
from tests.conftest import Ask
from tests.support.paths import ROOT
from tests.support.rows import Rows

pytestmark = pytest.mark.dialect
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database", ["postgres"], indirect=True)


def by_database(sqlite: list[Any], postgres: list[Any], names: str = "statement") -> pytest.MarkDecorator:
    """Parametrize a test with one list of cases for SQLite and one for PostgreSQL."""
    cases = [
        (kind, *(case if isinstance(case, tuple) else (case,)))
        for kind, of in (("sqlite", sqlite), ("postgres", postgres))
        for case in of
    ]
    return pytest.mark.parametrize(f"database, {names}".split(", "), cases, indirect=["database"])


def test_every_form(rows: Rows, ask: Ask) -> None:
    rows.article("one", title="=1+1")
    asked = ("sql", "select id, title, view_count from articles")
    assert ask(*asked).stdout == "ID  TITLE  VIEW_COUNT\n 1  =1+1          100\n"
    assert json.loads(ask(*asked, "--format", "json").stdout) == [{"id": 1, "title": "=1+1", "view_count": 100}]
    assert json.loads(ask(*asked, "--format", "jsonl").stdout)["title"] == "=1+1"
    assert ask(*asked, "--format", "csv").stdout_bytes == b"id,title,view_count\r\n1,'=1+1,100\r\n"
    assert ask(*asked, "--format", "csv", "--no-escape").stdout.splitlines()[1] == "1,=1+1,100"
    assert ask(*asked, "--format", "tsv").stdout == "id\ttitle\tview_count\n1\t'=1+1\t100\n"
    assert ask(*asked, "--format", "md").stdout.splitlines()[2] == "| 1 | =1\\+1 | 100 |"


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "tsv", "md"])
def test_a_value_or_a_name_cannot_steer_the_terminal(rows: Rows, ask: Ask, form: str) -> None:
    character = "char" if rows.store.engine.dialect.name == "sqlite" else "chr"
    said = ask("sql", f"select {character}(27) || '[31m' as \"a\x1b[0m\"", "--format", form).stdout
    assert "31m" in said.lower()
    assert "\x1b" not in said


def test_no_rows_are_said(rows: Rows, ask: Ask) -> None:
    answer = ask("sql", "select * from articles")
    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "", "presswatch: no rows\n")


def test_columns_of_one_name_are_kept_apart(rows: Rows, ask: Ask) -> None:
    answer = ask("sql", "select 1 as a, 2 as a, 3 as a_2, 4 as a", "--format", "json")
    assert json.loads(answer.stdout) == [{"a": 1, "a_3": 2, "a_2": 3, "a_4": 4}]


@given(st.lists(st.sampled_from(["a", "a_2", "a_3", "b", "", "a_2_2"]), max_size=8))
def test_no_two_columns_are_ever_called_alike(names: list[str]) -> None:
    made = unique_names([(name, None) for name in names])
    assert len(set(made)) == len(names)
    assert [name.startswith(old) for name, old in zip(made, names, strict=True)] == [True] * len(names)


@ON_SQLITE
def test_odd_values_of_sqlite_come_out_whole(rows: Rows, ask: Ask) -> None:
    odd = (
        "select x'00ff' as blob, 9223372036854775807 as big, 9e999 as endless, "
        "cast(x'c3' as text) as broken, null as no"
    )
    (row,) = json.loads(ask("sql", odd, "--format", "json").stdout)
    assert row == {
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


@ON_POSTGRESQL
def test_odd_values_of_postgresql_come_out_whole(rows: Rows, ask: Ask) -> None:
    odd = (
        "select decode('00ff', 'hex') as blob, 9223372036854775807 as big, 'infinity'::float8 as endless, null as no,"
        " 1.50::numeric as exact, timestamptz '2026-11-01 08:00+00' as at, date '2026-11-01' as day,"
        " array[1, 2] as several, '{\"a\": 1}'::jsonb as structure, 'NaN'::numeric as none"
    )
    (row,) = json.loads(ask("sql", odd, "--format", "json").stdout)
    assert row["blob"] == {"$base64": True, "encoded": "AP8="}
    assert (row["big"], row["endless"], row["no"]) == (9223372036854775807, "inf", None)
    assert (row["day"], row["several"], row["structure"]) == ("2026-11-01", [1, 2], {"a": 1})
    assert row["at"].startswith("2026-11-01T08:00:00")
    assert str(row["exact"]) == "1.50"
    for form in ("table", "csv", "tsv", "md", "jsonl"):
        answer = ask("sql", odd, "--format", form)
        assert (answer.exit_code, answer.stderr) == (0, "")


SQLITE_WRITES = [
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
    "pragma temp_store_directory = '/tmp'",
    "pragma wal_checkpoint(truncate)",
    "pragma mmap_size = 0",
    "/* */ pragma /* */ main.journal_mode(off)",
    "select * from pragma_journal_mode where journal_mode = 'off'",
    " -- select\ninsert into articles_fts (articles_fts) values ('delete-all')",
    "insert into articles_fts (articles_fts, rank) values ('rank', 'bm25(1)')",
    "create virtual table temp.x using fts5vocab(main, articles_fts, 'row')",
    "create temp view x as select 1",
    "create temp trigger x after insert on articles begin select 1; end",
    "replace into articles (id) values (1)",
    "select fts3_tokenizer('simple', x'00')",
    "select 1 /* ; */; attach 'x' as y",
    "commit",
    "end",
    "alter table articles rename to x",
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
POSTGRESQL_WRITES = [
    "delete from articles",
    "with x as (select 1) delete from articles",
    "with x as (delete from articles returning id) select * from x",
    "insert into sources values ('x','x','x','x','x',null,null)",
    "update articles set title = ''",
    "drop table articles",
    "create table x (a int)",
    "select * into copied from articles",
    "create temp table x (a int)",
    "select 1; delete from articles",
    "select 1; commit; delete from articles",
    "select nextval('articles_id_seq')",
    "select lo_create(0)",
    "select lo_from_bytea(0, 'x')",
    "select setval('articles_id_seq', 1)",
    "refresh materialized view x",
    "declare x cursor for select 1",
    "select 1 /* */; /* */ drop table articles",
    "select * from articles for update",
    "copy articles to program 'true'",
    "copy (select 1) to stdout",
    "lock table articles",
    "notify x",
    "set role none",
    "reset session authorization",
    "explain analyze delete from articles",
    "copy articles to '/dev/null'",
    "set transaction read write",
    "commit",
    "vacuum",
    "do $$ begin delete from articles; end $$",
]


@by_database(SQLITE_WRITES, POSTGRESQL_WRITES)
@pytest.mark.long_after(20)
def test_what_would_write_is_refused_in_one_line(rows: Rows, ask: Ask, alone: Path, statement: str) -> None:
    rows.article("one")
    before = sorted(file.name for file in alone.iterdir())
    answer = ask("sql", statement)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith("presswatch: ")
    if rows.store.engine.dialect.name == "sqlite":
        assert answer.stderr.startswith(("presswatch: only reading is allowed", "presswatch: one statement at a time"))
    assert answer.stderr.count("\n") == 1
    assert sorted(file.name for file in alone.iterdir()) == before
    article = rows.store.articles.get(1)
    assert article is not None
    assert article.title


@by_database(
    [
        "with x as (select id from articles) select * from x",
        "values (1), (2)",
        "explain query plan select * from articles",
        "pragma table_info(articles)",
        "select name from pragma_table_info('articles')",
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 500) select i from n",
        "select json_extract('{\"a\": 1}', '$.a'), count(*) from articles",
    ],
    [
        "with x as (select id from articles) select * from x",
        "values (1), (2)",
        "table articles",
        "select table_name from information_schema.tables where table_name = 'articles'",
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 500) select i from n",
        "select ('{\"a\": 1}'::json) -> 'a', count(*) from articles",
    ],
)
def test_what_reads_is_allowed(rows: Rows, ask: Ask, statement: str) -> None:
    rows.article("one")
    answer = ask("sql", statement, "--format", "json")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert json.loads(answer.stdout)


@ON_SQLITE
def test_a_full_text_index_may_be_asked(rows: Rows, ask: Ask) -> None:
    with sqlite3.connect(rows.store.engine.url.database or "") as connection:
        connection.execute("create virtual table words using fts5(title)")
        connection.execute("insert into words values ('gas corridor')")
    connection.close()
    answer = ask("sql", "select highlight(words, 0, '[', ']') as found from words where words match 'gas'")
    assert answer.stdout == "FOUND\n[gas] corridor\n"


ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"


@by_database([ENDLESS], ["select pg_sleep(60)"])
def test_what_takes_too_long_is_ended(rows: Rows, ask: Ask, statement: str) -> None:
    answer = ask("sql", statement, "--timeout", "200 ms")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == "presswatch: SQL: it took longer than 0.2 s; --timeout gives it more\n"


@by_database(
    [
        ("select * from nowhere", "SQL: no such table: nowhere"),
        ("selec 1", 'SQL: near "selec": syntax error'),
        ("select randomblob(1000000000)", "SQL: string or blob too big"),
        ("select '\udcff'", "SQL: "),
    ],
    [
        ("select * from nowhere", 'SQL: relation "nowhere" does not exist'),
        ("select 1 +", "SQL: syntax error"),
        ("select randomblob(1000000000)", "SQL: function randomblob(integer) does not exist"),
        ("select '\udcff'", "SQL: "),
    ],
    "statement, said",
)
def test_a_mistake_is_one_line(rows: Rows, ask: Ask, statement: str, said: str) -> None:
    answer = ask("sql", statement)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1


@ON_SQLITE
def test_a_missing_query_and_a_missing_database_are_errors(rows: Rows, ask: Ask, alone: Path) -> None:
    assert ask("sql", "").stderr == "presswatch: no rows\n"
    (alone / "news.db").unlink()
    assert f"database {alone}/news.db does not exist; begin with presswatch crawl" in ask("sql", "select 1").stderr
    assert not (alone / "news.db").exists()


MANY = "with recursive n(i) as (select 1 union all select i + 1 from n limit {}) select {} as value from n"


@pytest.mark.long
@ON_SQLITE
def test_rows_of_the_largest_values_pass_one_by_one(rows: Rows, alone: Path) -> None:
    asked = MANY.format(60, "zeroblob(20000000)")
    whole = [sys.executable, "-m", "presswatch", "sql", asked, "--format", "csv", "--database", rows.database]
    limit = 1_000_000_000
    done = subprocess.run(
        whole,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@ON_SQLITE
def test_a_table_has_an_end(rows: Rows, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("presswatch.cli.commands.sql.MAX_TABLE_ROWS", 20)
    assert ask("sql", MANY.format(20, "i")).exit_code == 0
    answer = ask("sql", MANY.format(21, "i"))
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == ("presswatch: SQL: more than 20 rows; add a LIMIT, or use --format csv or jsonl\n")
    assert ask("sql", MANY.format(21, "i"), "--format", "csv").exit_code == 0


@ON_SQLITE
def test_no_time_is_no_timeout(rows: Rows, ask: Ask) -> None:
    answer = ask("sql", "select 1", "--timeout", "0 s")
    assert (answer.exit_code, answer.stderr) == (2, "presswatch: --timeout: must be longer than zero\n")


@pytest.mark.parametrize("command", [("sql", "select 1"), ("query",)], ids=str)
def test_a_server_that_does_not_answer_is_named_as_by_every_command(alone: Path, command: tuple[str, ...]) -> None:
    nobody = "postgresql+psycopg://127.0.0.1:1/news"
    answer = CliRunner().invoke(presswatch.main, [*command, "--database", nobody])
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith(f"presswatch: database {nobody}: connection failed: ")
    assert answer.stderr.endswith("Connection refused; is the server running, and does it listen there?\n")


@ON_POSTGRESQL
def test_the_timeout_is_for_all_rows_together(rows: Rows, ask: Ask) -> None:
    endless = "select pg_sleep(0.05) from generate_series(1, 1000000)"
    answer = ask("sql", endless, "--timeout", "1 s", "--format", "csv")
    assert answer.exit_code == 1
    assert answer.stderr == "presswatch: SQL: it took longer than 1 s; --timeout gives it more\n"


@pytest.mark.parametrize("timeout", ["0.1 ms", "0.4 ms"])
@ON_POSTGRESQL
def test_a_very_short_timeout_is_one(rows: Rows, ask: Ask, timeout: str) -> None:
    assert "it took longer than" in ask("sql", "select pg_sleep(5)", "--timeout", timeout).stderr


@ON_POSTGRESQL
def test_rows_come_whole_and_in_order_whatever_their_size(rows: Rows, ask: Ask) -> None:
    asked = "select i, repeat('x', i * i) as x from generate_series(1, 400) i order by i"
    answer = ask("sql", asked, "--format", "csv")
    lines = [row.split(",") for row in answer.stdout.splitlines()[1:]]
    assert [(int(number), len(text)) for number, text in lines] == [(i, i * i) for i in range(1, 401)]


@ON_POSTGRESQL
def test_a_structure_in_csv_is_json(rows: Rows, ask: Ask) -> None:
    answer = ask("sql", """select '{"a": null}'::jsonb as structure""", "--format", "csv")
    assert answer.stdout_bytes == b'structure\r\n"{""a"": null}"\r\n'
