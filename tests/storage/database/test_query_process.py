"""The process of `presswatch sql`: nothing a statement does outlives its limits, Ctrl-C or the program that asked."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import psutil
import psycopg
import pytest

from storage.database.query_messages import encode_message, read_message
from tests.conftest import Ask
from tests.storage.database.test_sql import ENDLESS, MANY, ON_POSTGRESQL, ON_SQLITE, by_database
from tests.support.paths import ROOT
from tests.support.patience import patient, wait_until
from tests.support.postgres.server import Server
from tests.support.rows import Rows

pytestmark = pytest.mark.dialect

LONG_TEXT = "replace(hex(zeroblob(10000000)), '0', 'a')"
SQLITE_ENDLESS = [
    ENDLESS,
    f"select length(trim({LONG_TEXT}, replace(hex(zeroblob(500000)), '0', 'b') || 'a'))",
    f"select {LONG_TEXT} like '%' || substr({LONG_TEXT}, 1, 990) || 'b'",
    f"select {LONG_TEXT} glob '*' || substr({LONG_TEXT}, 1, 990) || 'b'",
    (
        "with recursive n(i) as (select 1 union all select i + 1 from n limit 300000), o(o) as "
        "(select json_group_object(i, i) from n) select length(json_patch(o, replace(o, ':', ':1'))) from o"
    ),
    "with recursive n(i) as (select 1 union all select i + 1 from n) select length(group_concat('')) from n",
    "with recursive n(i) as (select 1 union all select i + 1 from n) select max(length(zeroblob(60000000))) from n",
    "with recursive n(i) as (select 1 union all select i + 1 from n) select max(randomblob(1000000)) from n",
    f"select sum(instr({LONG_TEXT}, substr({LONG_TEXT}, 1, 9000000) || 'b'))",
    "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n order by random()",
]
POSTGRESQL_ENDLESS = [
    "select pg_sleep(600)",
    "select count(*) from generate_series(1, 1000000) a, generate_series(1, 1000000) b",
    "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
    "select sum(length(regexp_replace(repeat('ab', 99999) || i, 'a(.*)b', ''))) from generate_series(1, 99999) i",
    "select pg_sleep(0.01) from generate_series(1, 100000)",
]


@by_database(SQLITE_ENDLESS, POSTGRESQL_ENDLESS)
@pytest.mark.long_after(5)
def test_a_statement_without_an_end_is_ended(rows: Rows, ask: Ask, statement: str) -> None:
    answer = ask("sql", statement, "--timeout", "500 ms")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == "presswatch: SQL: it took longer than 0.5 s; --timeout gives it more\n"
    assert children_of(os.getpid()) == []


def children_of(pid: int) -> list[psutil.Process]:
    return [one for one in psutil.Process(pid).children() if "storage.database.query_worker" in one.cmdline()]


@by_database(
    ["select " + ", ".join(["zeroblob(60000000)"] * 6), "select " + ", ".join(["hex(zeroblob(30000000))"] * 6)],
    ["select repeat('x', 300000000)", "select array_agg(repeat('x', 1000000)) from generate_series(1, 300)"],
)
@pytest.mark.long
def test_a_statement_ends_at_its_memory(rows: Rows, ask: Ask, statement: str) -> None:
    answer = ask("sql", statement, "--memory", "300 MB", "--format", "csv")
    assert answer.exit_code == 1, answer.stderr
    assert answer.stderr == "presswatch: SQL: it needed more than 300 MB of memory; --memory gives it more\n"


@by_database(["select " + ", ".join(["zeroblob(40000000)"] * 2)], ["select repeat('x', 70000000)"])
@pytest.mark.long
def test_a_row_that_is_too_large_is_refused(rows: Rows, ask: Ask, statement: str) -> None:
    answer = ask("sql", statement, "--format", "csv")
    assert (answer.exit_code, answer.stderr) == (2, "presswatch: SQL: a row of more than 64 MB; select less of it\n")


@by_database([MANY.format("{}", "i")], ["select i as value from generate_series(1, {}) i"])
@pytest.mark.parametrize("form", ["csv", "table"])
def test_a_statement_ends_at_its_rows(rows: Rows, ask: Ask, statement: str, form: str) -> None:
    assert ask("sql", statement.format(250), "--max-rows", "250", "--format", form).exit_code == 0
    answer = ask("sql", statement.format(251), "--max-rows", "250", "--format", form)
    assert (answer.exit_code, answer.stderr) == (1, "presswatch: SQL: more than 250 rows; --max-rows allows more\n")
    assert ask("sql", statement.format(251), "--max-rows", "0", "--format", form).exit_code == 0


def asked(rows: Rows, statement: str, *options: str) -> subprocess.Popen[str]:
    """`presswatch sql` as a process of its own, whose statement is running."""
    process = subprocess.Popen(
        [sys.executable, "-m", "presswatch", "sql", statement, "--timeout", "10 min", *options],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PRESSWATCH_DATABASE": rows.database},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=mind_interrupts,  # noqa: PLW1509  (no other threads)
    )
    wait_until(lambda: children_of(process.pid) or process.poll() is not None)
    return process


def mind_interrupts() -> None:
    """Whatever the tests were started under: a shell's job in the background ignores them, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


ENDLESS_OF_EACH = by_database([SQLITE_ENDLESS[1], ENDLESS], [POSTGRESQL_ENDLESS[1]])


@ENDLESS_OF_EACH
@pytest.mark.long_after(1)
def test_ctrl_c_ends_it_at_once(rows: Rows, postgres: Server, statement: str) -> None:
    process = asked(rows, statement)
    (child,) = children_of(process.pid)
    wait_until(lambda: child.cpu_times().user > 0.3 or running_on(postgres))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=patient(20))
    assert (process.returncode, said.strip()) == (130, "presswatch: interrupted")
    wait_until(lambda: not child.is_running())
    wait_until(lambda: not running_on(postgres))


@ENDLESS_OF_EACH
@pytest.mark.long_after(1)
def test_it_ends_with_the_program_that_asked(rows: Rows, postgres: Server, statement: str) -> None:
    process = asked(rows, statement)
    (child,) = children_of(process.pid)
    process.kill()
    process.communicate(timeout=patient(20))
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    wait_until(lambda: not running_on(postgres))


def running_on(server: Server) -> bool:
    address = server.address().replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        query = "select count(*) from pg_stat_activity where query like 'FETCH % FROM query' and state = 'active'"
        (count,) = connection.execute(query).fetchone() or (0,)
    return bool(count)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
@ON_SQLITE
def test_a_process_that_died_is_said_in_one_line(rows: Rows, number: signal.Signals) -> None:
    process = asked(rows, ENDLESS)
    children_of(process.pid)[0].send_signal(number)
    _, said = process.communicate(timeout=patient(20))
    assert (process.returncode, said) == (1, f"presswatch: SQL: its process was ended by {number.name}\n")


@ON_POSTGRESQL
def test_no_command_line_shows_the_password(rows: Rows, ask: Ask, postgres: Server) -> None:
    name = rows.database.rpartition("/")[2]
    address = postgres.address(name, user="reporter:pass%40word")
    rows_as_reporter = type("Named", (), {"database": address})()
    process = asked(rows_as_reporter, "select pg_sleep(60)")
    try:
        shown = [*psutil.Process(process.pid).cmdline(), *children_of(process.pid)[0].cmdline()]
        assert "word" not in " ".join(shown)
    finally:
        process.kill()
        process.communicate()


@ON_SQLITE
def test_no_module_of_the_working_directory_is_run(rows: Rows, ask: Ask) -> None:
    for name in ("storage", "sqlite3"):
        with open(f"{name}.py", "w", encoding="utf-8") as file:  # noqa: PTH123  (in the working directory of the test)
            file.write("raise SystemExit('taken over')")
    assert ask("sql", "select 1 as one").stdout == "ONE\n  1\n"


class Runs:
    """Would run a program when it is loaded."""

    def __reduce__(self) -> Any:
        return os.system, ("true",)


@pytest.mark.parametrize("value", [Runs(), [Runs()], {"a": (Runs(),)}])
def test_a_message_holds_no_more_than_values(value: object) -> None:
    message = ("rows", [(None, 1, "a", b"b", 1.5, datetime(2026, 11, 1, tzinfo=UTC), [1], {"a": 1})])
    assert read_message(BytesIO(encode_message(message)).read) == message
    with pytest.raises(pickle.UnpicklingError):
        read_message(BytesIO(encode_message(value)).read)
