"""The role of `presswatch sql` on PostgreSQL: nothing but the tables is within a statement's reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

import presswatch
from tests.conftest import Ask
from tests.storage.database.test_sql import ON_POSTGRESQL
from tests.support.postgres.server import READER, Server
from tests.support.rows import Rows

pytestmark = pytest.mark.dialect

BEYOND_THE_TABLES = [
    "select pg_read_file('PG_VERSION')",
    "select pg_read_binary_file('PG_VERSION')",
    "select pg_ls_dir('.')",
    "select pg_stat_file('PG_VERSION')",
    "select lo_import('/etc/passwd')",
    "select lo_export(1, '/dev/null')",
    "select pg_reload_conf()",
    "select pg_stat_reset()",
    "select rolpassword from pg_authid",
    "select passwd from pg_shadow",
    "select * from ts_stat('select to_tsvector(rolpassword) from pg_authid')",
    "select query_to_xml('select pg_read_file(''PG_VERSION'')', true, true, '')",
    "select query_to_xml('select rolpassword from pg_' || 'authid', true, true, '')",
    "select query_to_xml('select pg_termin' || 'ate_backend(pid) from pg_stat_activity', true, true, '')",
    "select * from dblink('dbname=postgres user=postgres', 'select 1') as t(x int)",
    "copy articles to '/tmp/x'",
    "copy (select 1) to program 'true'",
    "do $$ begin perform pg_read_file('PG_VERSION'); end $$",
    "select set_config('role', 'postgres', true)",
    "select set_config('session_authorization', 'postgres', true)",
    "select pg_switch_wal()",
    "select pg_create_restore_point('x')",
    "select setting from pg_file_settings",
    "select * from pg_hba_file_rules",
]

BY_NAME = [
    "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()",
    "select pg_cancel_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()",
    'select "pg_terminate_backend"(pid) from pg_stat_activity',
    "select pg_advisory_lock(7791003)",
    "select pg_try_advisory_lock(7791003)",
    "select SET_CONFIG('statement_timeout', '0', false)",
    "select U&\"set\\005fconfig\"('role', 'none', true)",
    "select pg_notify('x', 'y')",
    "select pg_logical_emit_message(false, 'x', 'y')",
]


@pytest.mark.parametrize("statement", BEYOND_THE_TABLES + BY_NAME)
@ON_POSTGRESQL
@pytest.mark.long_after(12)
def test_the_role_of_the_daemon_reads_tables_alone(rows: Rows, ask: Ask, statement: str) -> None:
    answer = ask("sql", statement, "--format", "csv")
    assert (answer.exit_code, answer.stdout) == (2, ""), statement
    assert answer.stderr.count("\n") == 1
    assert len(list(rows.store.articles.find())) == 0  # its sessions are alive


AskAs = Callable[..., Result]


@pytest.fixture
def ask_as(rows: Rows, postgres: Server, alone: Path) -> Iterator[AskAs]:
    """Runs a statement with a role of its own in `storage.sql_database`, made of the SQL given for it."""
    database = rows.database.rpartition("/")[2]

    def run(statement: str, *, role: str = READER, setup: str = "", options: tuple[str, ...] = ()) -> Result:
        if setup:
            postgres.run(f"CREATE ROLE {role} LOGIN; {setup.format(role)}", database=database)
        settings = (
            f'[storage]\ndatabase = "{rows.database}"\nsql_database = "{postgres.address(database, user=role)}"\n'
        )
        (alone / "presswatch.toml").write_text(settings, encoding="utf-8")
        return CliRunner().invoke(presswatch.main, ["sql", statement, "--format", "csv", *options])

    yield run
    for line in _roles(postgres):
        postgres.run(f"DROP OWNED BY {line} CASCADE; DROP ROLE {line}", database=database)


def _roles(server: Server) -> list[str]:
    with psycopg.connect(server.address().replace("+psycopg", "")) as connection:
        found = connection.execute("select rolname from pg_roles where rolname like 'odd%' order by oid desc")
        return [name for (name,) in found]


@pytest.mark.long
@pytest.mark.parametrize("statement", BEYOND_THE_TABLES)
@ON_POSTGRESQL
def test_a_reader_reads_tables_alone(rows: Rows, ask_as: AskAs, statement: str) -> None:
    answer = ask_as(statement)
    assert (answer.exit_code, answer.stdout) == (2, ""), statement
    assert answer.stderr.count("\n") == 1


@ON_POSTGRESQL
def test_a_reader_ends_no_session_of_others_and_keeps_the_functions_of_text(rows: Rows, ask_as: AskAs) -> None:
    rows.article("gas")
    # Its own session it may end.
    others = "select pg_terminate_backend(pid) from pg_stat_activity where usename <> current_user"
    assert "permission denied" in ask_as(others).stderr
    assert (
        ask_as("select word from ts_stat('select to_tsvector(title) from articles')").stdout_bytes == b"word\r\ngas\r\n"
    )
    assert ask_as("select title from articles where title like '%set_config%'").exit_code == 0
    denied = ask_as("select * from query_to_xml('delete from articles', true, true, '')")
    assert (denied.exit_code, denied.stdout) == (2, "")
    assert len(list(rows.store.articles.find())) == 1


@pytest.mark.parametrize(
    ("setup", "danger"),
    [
        ("ALTER ROLE {0} SUPERUSER", "is a superuser"),
        ("GRANT postgres TO {0}", "can become the superuser postgres"),
        ("ALTER ROLE {0} SUPERUSER; ALTER ROLE {0} SET role = 'reader'", "is a superuser"),
        (
            "CREATE ROLE odd_between; GRANT postgres TO odd_between; GRANT odd_between TO {0}",
            "can become the superuser",
        ),
        ("ALTER ROLE {0} CREATEROLE", "which has CREATEROLE"),
        ("ALTER ROLE {0} REPLICATION BYPASSRLS", "which has REPLICATION, BYPASSRLS"),
        ("GRANT pg_read_server_files TO {0}", "is a member of pg_read_server_files"),
        ("GRANT pg_write_server_files TO {0}", "is a member of pg_write_server_files"),
        ("GRANT pg_execute_server_program TO {0}", "is a member of pg_execute_server_program"),
        ("GRANT pg_read_all_data TO {0}", "is a member of pg_read_all_data"),
        ("GRANT pg_signal_backend TO {0}", "is a member of pg_signal_backend"),
        ("GRANT pg_monitor TO {0} WITH INHERIT FALSE", "is a member of pg_monitor"),
        ("GRANT EXECUTE ON FUNCTION pg_read_file(text) TO {0}", "may call pg_read_file"),
        ("GRANT SELECT ON pg_authid TO {0}", "may read password hashes"),
    ],
)
@ON_POSTGRESQL
@pytest.mark.long_after(5)
def test_a_role_that_reaches_further_is_refused(
    rows: Rows, ask_as: AskAs, postgres: Server, setup: str, danger: str
) -> None:
    role = "odd_role"
    typed = ("--database", postgres.address(rows.database.rpartition("/")[2], user=role))
    for answer in (ask_as("select 1", role=role, setup=setup), ask_as("select 1", role=role, options=typed)):
        assert (answer.exit_code, answer.stdout) == (2, "")
        assert answer.stderr.startswith(f"presswatch: SQL: the role {role} ")
        assert danger in answer.stderr
        assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("postgresql+psycopg://reader@127.0.0.1:1/elsewhere", "names another database than storage.database"),
        ("sqlite:///presswatch.db", "names another database than storage.database"),
        ("postgres://u:se@cret@h/news", "cannot be used"),
    ],
)
@ON_POSTGRESQL
def test_another_database_is_refused(rows: Rows, alone: Path, setting: str, said: str) -> None:
    text = f'[storage]\ndatabase = "{rows.database}"\nsql_database = "{setting}"\n'
    (alone / "presswatch.toml").write_text(text, encoding="utf-8")
    answer = CliRunner().invoke(presswatch.main, ["sql", "select 1"])
    assert answer.exit_code == 2
    assert said in answer.stderr
    assert "cret" not in answer.stderr
    assert "cret" not in CliRunner().invoke(presswatch.main, ["config"]).stdout
