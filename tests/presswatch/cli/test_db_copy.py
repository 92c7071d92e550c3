"""`presswatch db copy`: what it prints, how it ends and goes on, and that the copy gives the same answers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

import presswatch
from storage.model.records import EditKind, Outcome
from storage.search.matcher import IndexedDocument
from storage.store import open_store
from tests.support.corpus import ARTICLES
from tests.support.paths import ROOT
from tests.support.patience import patient, wait_until
from tests.support.rows import DAY, HOUR, NOON, Rows

QUESTIONS = (
    ("query", "gas OR reform", "--sort", "date", "--format", "json"),
    ("query", '"Foreign policy" OR islahatlar', "--sort", "date", "--format", "json"),
    ("query", "--sort", "views", "--format", "json"),
    ("query", "--as-of", f"{NOON - HOUR:%Y-%m-%dT%H:%MZ}", "--format", "json"),
    ("query", "--ever", "before", "--sort", "date", "--format", "json"),
    ("show", "1", "--format", "json"),
    ("history", "1", "--format", "json"),
    ("views", "1", "--format", "json"),
    ("inspect", "https://caliber.az/en/post/0", "--format", "json"),
    ("runs", "--format", "json"),
    ("events", "--format", "json"),
)


def run(*arguments: str) -> str:
    """Run a command that succeeds, and return what it printed."""
    done = CliRunner().invoke(presswatch.main, arguments, prog_name="presswatch")
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def stored(rows: Rows) -> Rows:
    """Articles in many languages, one of them with a past and with everything a crawl writes about it."""
    rows.source("apa", title="APA")
    for number, said in enumerate(ARTICLES):
        store_article(rows, number, said)
    rows.revision(1, 1, title="Premier before the vote", edit_kind=EditKind.TITLE, seen_until=NOON)
    rows.readings(1, 1, 2**40)
    link = rows.link("https://caliber.az/en/post/0", outcome=Outcome.STORED, article_id=1, first_listed_at=NOON - DAY)
    rows.listing(link, "https://caliber.az/rss.xml")
    rows.fetch(link, run_id=rows.run())
    rows.store.events.add(source="caliber", kind="gone", subject="s", details={"sentence": "is gone"}, now=NOON)
    return rows


def store_article(rows: Rows, number: int, said: IndexedDocument) -> None:
    rows.article(
        str(number),
        source=said.source or "caliber",
        title=said.title,
        subtitle=said.subtitle,
        body=said.body,
        language=said.language,
        section=said.sections[0] if said.sections else None,
        sections=said.sections,
        stored_at=NOON - 2 * HOUR,
    )


@pytest.fixture
def target(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> str:
    """The address of an empty database of the other kind."""
    if database.startswith("sqlite"):
        return str(request.getfixturevalue("postgres_database"))
    return str(tmp_path / "moved.db")


@pytest.mark.long
def test_a_copy_gives_the_same_answers(stored: Rows, target: str, alone: Path) -> None:
    before = [run(*words, "--database", stored.database) for words in QUESTIONS]
    assert all(before)
    printed = run("db", "copy", stored.database, target)
    assert printed.endswith(" rows copied; both databases have the same rows\n")
    assert [run(*words, "--database", target) for words in QUESTIONS] == before
    assert run("db", "check", "--database", target).endswith(": nothing is wrong\n")


class Copying:
    """A copy into PostgreSQL in a process of its own, which waits before the fetches, because they are locked."""

    def __init__(self, source: str, target: str, folder: Path) -> None:
        self._address = target.replace("+psycopg", "")
        self._connection = psycopg.connect(self._address)
        self._connection.execute("LOCK TABLE fetches IN SHARE MODE")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "presswatch", "db", "copy", source, target],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_until(self._waits, report=self._report)

    def _waits(self) -> bool:
        with psycopg.connect(self._address) as connection:
            wanted = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'fetches'::regclass"
            return connection.execute(wanted).fetchone() is not None

    def _report(self) -> str:
        self.process.kill()
        return "".join(self.process.communicate())

    def cut_connections(self) -> None:
        """Let the server end every connection but ours."""
        with psycopg.connect(self._address) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), %s)",
                [self._connection.info.backend_pid],
            )

    def end(self) -> tuple[int, str]:
        """Unlock the table, and return the exit code and what was printed."""
        printed = "".join(self.process.communicate(timeout=patient(60)))
        self._connection.close()
        return self.process.returncode, printed


@pytest.mark.long
def test_a_copy_goes_on_after_a_lost_connection_and_kill_9(
    sqlite_database: str, postgres_database: str, alone: Path
) -> None:
    rows = Rows(sqlite_database)
    link = rows.link("https://caliber.az/en/post/one")
    for _ in range(3):
        rows.fetch(link)
    rows.store.close()

    cut = Copying(sqlite_database, postgres_database, alone)
    cut.cut_connections()
    code, printed = cut.end()
    assert code == 1
    assert "what was copied stays: run the same command again" in printed

    killed = Copying(sqlite_database, postgres_database, alone)
    killed.process.send_signal(signal.SIGKILL)
    assert killed.end() == (-signal.SIGKILL, "")

    refused = CliRunner().invoke(presswatch.main, ["query", "--database", postgres_database])
    assert refused.exit_code == 1
    assert "holds an unfinished copy: run the same presswatch db copy again" in refused.stderr
    done = run("db", "copy", sqlite_database, postgres_database)
    assert done == "5 rows copied, 2 of them before this run; both databases have the same rows\n"
    with open_store(postgres_database) as store:
        assert store.leases.holder() is None


def test_a_backup_is_read_by_every_command(stored: Rows, alone: Path) -> None:
    before = [run(*words, "--database", stored.database) for words in QUESTIONS]
    run("db", "backup", "backup.db", "--database", stored.database)
    assert [run(*words, "--database", "backup.db") for words in QUESTIONS] == before
    assert run("db", "check", "--database", "backup.db").endswith(": nothing is wrong\n")
    again = CliRunner().invoke(presswatch.main, ["db", "backup", "backup.db", "--database", stored.database])
    assert again.exit_code == 2
    assert "backup.db already exists; use --force to overwrite it" in again.stderr
    run("db", "backup", "backup.db", "--force", "--database", stored.database)


def test_check_prints_what_is_wrong_and_fails(stored: Rows, alone: Path) -> None:
    stored.clear("article_sections")
    done = CliRunner().invoke(presswatch.main, ["db", "check", "--database", stored.database])
    assert done.exit_code == 1
    assert "rows with a section that article_sections lacks, such as " in done.stdout
    assert done.stdout.endswith(": 2 problems\n")


def test_no_database_is_made_by_a_copy_a_backup_or_a_check(alone: Path) -> None:
    for words in (["copy", "a.db", "b.db"], ["backup", "b.db"], ["check"]):
        done = CliRunner().invoke(presswatch.main, ["db", *words])
        assert done.exit_code == 1
        assert "does not exist" in done.stderr
    assert list(alone.iterdir()) == []
