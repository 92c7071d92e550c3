"""`presswatch sql` on PostgreSQL: every form of answer, and no way to write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import presswatch
from tests.storage.conftest import Ask
from tests.storage.rows import Rows


@pytest.fixture
def database(postgres_database: str) -> str:
    return postgres_database


def test_odd_values_come_out_whole(rows: Rows, ask: Ask) -> None:
    odd = (
        "select decode('00ff', 'hex') as blob, 9223372036854775807 as big, 'infinity'::float8 as endless, null as no,"
        " 1.50::numeric as exact, timestamptz '2026-11-01 08:00+00' as at, date '2026-11-01' as day,"
        " array[1, 2] as several, '{\"a\": 1}'::jsonb as structure, 'NaN'::numeric as none"
    )
    (told,) = json.loads(ask("sql", odd, "--format", "json").stdout)
    assert told["blob"] == {"$base64": True, "encoded": "AP8="}
    assert (told["big"], told["endless"], told["no"]) == (9223372036854775807, "inf", None)
    assert (told["day"], told["several"], told["structure"]) == ("2026-11-01", [1, 2], {"a": 1})
    assert told["at"].startswith("2026-11-01T08:00:00")
    assert str(told["exact"]) == "1.50"
    for form in ("table", "csv", "tsv", "md", "jsonl"):
        answer = ask("sql", odd, "--format", form)
        assert (answer.exit_code, answer.stderr) == (0, "")


WRITES = [
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
    "copy articles to '/dev/null'",
    "set transaction read write",
    "commit",
    "vacuum",
    "do $$ begin delete from articles; end $$",
]


@pytest.mark.parametrize("statement", WRITES)
def test_what_would_write_is_refused_in_one_line(rows: Rows, ask: Ask, statement: str) -> None:
    rows.article("one")
    answer = ask("sql", statement)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith("presswatch: ")
    assert answer.stderr.count("\n") == 1
    kept = rows.store.articles.get(1)
    assert kept is not None
    assert kept.title


@pytest.mark.parametrize(
    "statement",
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


def test_what_takes_too_long_is_ended(rows: Rows, ask: Ask) -> None:
    answer = ask("sql", "select pg_sleep(60)", "--timeout", "200 ms")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == "presswatch: SQL: it took longer than 0.2 s; --timeout gives it more\n"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("select * from nowhere", 'SQL: relation "nowhere" does not exist'),
        ("select 1 +", "SQL: syntax error"),
        ("select randomblob(1000000000)", "SQL: function randomblob(integer) does not exist"),
        ("select '\udcff'", "SQL: "),
    ],
)
def test_a_mistake_is_one_line(rows: Rows, ask: Ask, statement: str, said: str) -> None:
    answer = ask("sql", statement)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "statement",
    [
        "select pg_read_file('PG_VERSION')",
        "select pg_ls_dir('.')",
        "select pg_reload_conf()",
        "select lo_export(1, '/dev/null')",
        "select pg_stat_reset()",
        "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()",
        "select set_config('role', 'none', true), pg_read_file('PG_VERSION')",
        "select SET_CONFIG('statement_timeout', '0', false)",
        "select U&\"set\\005fconfig\"('role', 'none', true)",
    ],
)
def test_a_superuser_can_only_read_tables_too(rows: Rows, ask: Ask, statement: str) -> None:
    answer = ask("sql", statement, "--format", "csv")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(("presswatch: SQL: permission denied", "presswatch: only reading is allowed"))
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [("sql", "select 1"), ("query",)], ids=str)
def test_a_server_that_does_not_answer_is_named_as_by_every_command(alone: Path, command: tuple[str, ...]) -> None:
    nobody = "postgresql+psycopg://127.0.0.1:1/news"
    answer = CliRunner().invoke(presswatch.main, [*command, "--database", nobody])
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith(f"presswatch: database {nobody}: connection failed: ")
    assert answer.stderr.endswith("Connection refused; is the server running, and does it listen there?\n")


def test_the_timeout_is_for_all_rows_together(rows: Rows, ask: Ask) -> None:
    endless = "select pg_sleep(0.05) from generate_series(1, 1000000)"
    answer = ask("sql", endless, "--timeout", "1 s", "--format", "csv")
    assert answer.exit_code == 1
    assert answer.stderr == "presswatch: SQL: it took longer than 1 s; --timeout gives it more\n"


@pytest.mark.parametrize("timeout", ["0.1 ms", "0.4 ms"])
def test_a_very_short_timeout_is_one(rows: Rows, ask: Ask, timeout: str) -> None:
    assert "it took longer than" in ask("sql", "select pg_sleep(5)", "--timeout", timeout).stderr


def test_rows_come_whole_and_in_order_whatever_their_size(rows: Rows, ask: Ask) -> None:
    asked = "select i, repeat('x', i * i) as x from generate_series(1, 400) i order by i"
    answer = ask("sql", asked, "--format", "csv")
    told = [row.split(",") for row in answer.stdout.splitlines()[1:]]
    assert [(int(number), len(text)) for number, text in told] == [(i, i * i) for i in range(1, 401)]


def test_a_structure_in_csv_is_json(rows: Rows, ask: Ask) -> None:
    answer = ask("sql", """select '{"a": null}'::jsonb as structure""", "--format", "csv")
    assert answer.stdout_bytes == b'structure\r\n"{""a"": null}"\r\n'
