"""The page on operation: its commands, settings, events and metrics are those there are, and its backup works."""

from __future__ import annotations

import re
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.daemon.metrics import metrics_text
from scheduler.health.latency import LatencyReport
from scheduler.health.status import State, StatusReport
from storage.config.settings import load_config
from storage.model.event_kinds import EventKind
from storage.store import open_store
from tests.manuals import check_command, check_settings, commands_in
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "operation.md").read_text(encoding="utf-8")
COMMANDS = [shlex.join(words) for words in commands_in(PAGE)]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_is_real_with_its_options(words: str) -> None:
    check_command(shlex.split(words))


def test_the_commands_were_found() -> None:
    names = {words.split()[0] for words in COMMANDS}
    assert {"daemon", "status", "pause", "resume", "trigger", "events", "watch", "config", "db"} <= names


def test_the_settings_are_real_and_have_that_default(tmp_path: Path) -> None:
    assert check_settings(PAGE) > 10
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "presswatch.toml"
    file.write_text(example, encoding="utf-8")
    assert load_config(file).scheduler.metrics_listen == "127.0.0.1:9464"


def test_every_kind_of_event_is_explained_and_every_state_is_named() -> None:
    events = PAGE.partition("\n## Events")[2].partition("\n## ")[0]
    explained = set(re.findall(r"^\| `([a-z_]+)` \| ", events, re.MULTILINE))
    assert explained == set(EventKind)
    assert all(re.search(rf"\b{state}\b", PAGE) for state in State)


def test_every_metric_is_listed_and_none_is_made_up() -> None:
    report = StatusReport(
        at=datetime.now(UTC),
        has_daemon=False,
        daemon=None,
        sources=(),
        delays=LatencyReport(lines=(), excluded={}),
        undelivered=0,
    )
    told = metrics_text(report, crawling=0, tasks=1).decode()
    assert set(re.findall(r"# TYPE (\w+)", told)) == set(re.findall(r"`(presswatch_\w+)`", PAGE))


def test_every_file_that_is_named_exists() -> None:
    named = set(re.findall(r"\b((?:deploy|scraper)/[\w./]+\w|requirements\.txt)", PAGE))
    assert named >= {"deploy/presswatch.service", "deploy/compose.yaml", "requirements.txt"}
    assert all((ROOT / name).exists() for name in named)


def test_the_backup_is_whole_while_somebody_writes(tmp_path: Path) -> None:
    (script,) = re.findall(r'python3 -c "(.*)"\n', PAGE)
    with open_store(f"sqlite:///{tmp_path}/presswatch.db") as store:
        facts = {"title": "A", "home": "https://a.example", "terms": "", "timezone": "UTC"}
        store.sources.declare(name="a", **facts)
        subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    with closing(sqlite3.connect(tmp_path / "presswatch-backup.db")) as copy:
        assert copy.execute("SELECT name FROM sources").fetchall() == [("a",)]
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
