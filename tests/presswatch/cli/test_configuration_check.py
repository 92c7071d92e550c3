"""`presswatch config --check`: everything that the daemon and crawls would refuse, at once."""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import subprocess
from pathlib import Path

import pytest

from storage.store import open_store
from tests.support.forked_command import run_command
from tests.support.patience import patient

NOWHERE = "http://127.0.0.1:9"
"""A site that answers no request: a configuration that is taken by mistake crawls nothing."""
BASE = f'base_url = "{NOWHERE}"\n'
DECLARED = f'home = "{NOWHERE}"\nlanguage = "en"\ntimezone = "UTC"\nchannels = [{{ feed = "/rss.xml" }}]\n'

OF_CRAWLS = {
    "not TOML": (f"[sources.caliber]\n{BASE}[scraper\n", "presswatch.toml cannot be read: Expected ']'"),
    "key": (f"[scraper]\nspeed = 1\n[sources.caliber]\n{BASE}", "presswatch.toml: unknown setting scraper.speed"),
    "old key": (f'[sources.caliber]\n{BASE}every = "1 h"\n', "sources.caliber.every was renamed to"),
    "value": (f'[scraper]\ntimeout = "0 s"\n[sources.caliber]\n{BASE}', "scraper.timeout = '0 s': must be longer than"),
    "no table": (f"log = 1\n[sources.caliber]\n{BASE}", "log must be a table, written as [log]"),
    "source": (
        f"[sources.caliber]\n{BASE}[sources.calibre]\n",
        "sources.calibre (did you mean caliber?); known here: ",
    ),
    "base URL": ('[sources.caliber]\nbase_url = "caliber.az/x"\n', "sources.caliber.base_url: base_url 'caliber.az/x'"),
    "channel": (
        f'[sources.caliber]\n{BASE}channels = [{{ feed = "/a", limit = 1 }}]\n',
        "unknown key sources.caliber.channels[1].limit",
    ),
    "channel elsewhere": (
        f'[sources.caliber]\n{BASE}channels = [{{ feed = "/a" }}, {{ feed = "https://example.org/rss" }}]\n',
        "sources.caliber.channels[2]: channel 'https://example.org/rss' is not on",
    ),
    "section": (f'[sources.caliber]\n{BASE}sections = ["politcs"]\n', "no section is called 'politcs'"),
    "language": (f'[sources.caliber]\n{BASE}languages = ["english"]\n', "'english' is not a language code"),
    "database": (f'[storage]\ndatabase = "nosuch://x/y"\n[sources.caliber]\n{BASE}', "'nosuch://x/y' cannot be used"),
    "other program": (
        f'[storage]\ndatabase = "sqlite:///other.db"\n[sources.caliber]\n{BASE}',
        "other.db holds tables of another program",
    ),
    "no folder": (f'[storage]\ndatabase = "sqlite:///no/x.db"\n[sources.caliber]\n{BASE}', "no/x.db"),
    "no server": (
        f'[storage]\ndatabase = "postgresql+psycopg://me@127.0.0.1:9/news"\n[sources.caliber]\n{BASE}',
        "database postgresql+psycopg://",
    ),
    "identity": (
        f'[scraper]\nidentity = "no.json"\n[sources.caliber]\n{BASE}',
        "scraper.identity: identity no.json cannot",
    ),
}
"""Configurations that crawls refuse, with what is said."""

OF_DAEMON = {
    "cron": (f'[sources.caliber]\n{BASE}cron = "61 * * * *"\n', "[sources.caliber]: cron '61 * * * *' cannot be used"),
    "no day": (f'[sources.caliber]\n{BASE}cron = "0 0 31 2 *"\n', "cron '0 0 31 2 *' names a day that never comes"),
    "zero": (f'[sources.caliber]\n{BASE}interval = "0 s"\n', "interval must be at least 1 s"),
    "two rules": (f'[sources.caliber]\n{BASE}interval = "1 h"\ncron = "0 * * * *"\n', "they contradict each other"),
    "bounds": (f'[sources.caliber]\n{BASE}min_interval = "7 h"\nmax_interval = "1 h"\n', "min_interval must not be"),
    "watched": (f'[scheduler]\nsources = ["calibre"]\n[sources.caliber]\n{BASE}', "scheduler.sources: no source is"),
    "listen": (f'[scheduler]\nmetrics_listen = "9464"\n[sources.caliber]\n{BASE}', "metrics_listen = '9464': write"),
    "target": (
        f'[alerts]\ntargets = ["nosuch://me:secret@x"]\n[sources.caliber]\n{BASE}',
        "alerts.targets[1]: nosuch://***",
    ),
}
"""Configurations that crawls take and a daemon refuses."""

SHOWN = {"not TOML", "key", "section", "no folder", "cron", "target"}
"""Those of the short run: one of each part of the program that refuses."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE other (id INTEGER)")
    other.close()
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PRESSWATCH_")}
    return run_command(arguments, folder=folder, environment=environment, timeout=patient(60))


def check(folder: Path) -> list[str]:
    """Return the problems that `config --check` finds, which are as many lines."""
    done = run(folder, "config", "--check")
    lines = done.stderr.splitlines()
    assert done.returncode == (2 if lines else 0), done.stderr
    assert all(line.startswith("presswatch: ") for line in lines)
    assert "Traceback" not in done.stderr
    return [line.removeprefix("presswatch: ") for line in lines]


def test_a_copy_of_a_site_has_no_channels_on_other_hosts(folder: Path) -> None:
    tern = f"[sources.tern]\nhome = 'https://tern.example'\nlanguage = 'en'\ntimezone = 'UTC'\n{BASE}"
    channels = "channels = [{ feed = 'https://feeds.example.org/tern' }]\n"
    (folder / "presswatch.toml").write_text(f"[sources.caliber]\n{BASE}{tern}{channels}", encoding="utf-8")
    [problem] = check(folder)
    assert "sources.tern.base_url: channels[1]: channel 'https://feeds.example.org/tern' is not on" in problem


def test_a_channel_that_cannot_be_read_is_said_once(folder: Path) -> None:
    text = f"[sources.caliber]\n{BASE}channels = [{{ list = '/x', paging = 3 }}]\n"
    (folder / "presswatch.toml").write_text(text, encoding="utf-8")
    assert len(check(folder)) == 1


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name not in SHOWN)) for name in (*OF_CRAWLS, *OF_DAEMON)]
)
def test_what_a_crawl_or_the_daemon_refuses_is_found_before(name: str, folder: Path) -> None:
    text, said = {**OF_CRAWLS, **OF_DAEMON}[name]
    (folder / "presswatch.toml").write_text(text, encoding="utf-8")
    problems = check(folder)
    assert [problem for problem in problems if said in problem], problems
    assert len(problems) == 1
    assert not (folder / "presswatch.db").exists()
    if name != "identity":  # a failure of each crawl, after which the next may succeed
        refused = run(folder, "daemon", "--once")
        assert refused.returncode == (1 if name in {"other program", "no folder", "no server"} else 2)
        assert said in refused.stderr
    if name in OF_CRAWLS:
        assert said in run(folder, "crawl").stderr


@pytest.mark.long
def test_a_configuration_without_problems_is_said_to_have_none(folder: Path) -> None:
    (folder / "presswatch.toml").write_text(f"[sources.caliber]\n{BASE}", encoding="utf-8")
    done = run(folder, "config", "--check")
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    assert not (folder / "presswatch.db").exists()
    assert json.loads(run(folder, "config", "--check", "--format", "json").stdout) == {"problems": []}
    assert "Traceback" not in run(folder, "daemon", "--once").stderr
    assert (folder / "presswatch.db").exists()


def test_all_problems_are_found_in_one_run_and_the_first_says_how_many_follow(folder: Path) -> None:
    (folder / "presswatch.toml").write_text(
        '[scraper]\nspeed = 1\ntimeout = "x"\n[log]\nlevel = "loud"\n[scheduler]\nsources = ["calibre"]\n'
        'metrics_listen = "x"\n[sources.caliber]\ncron = "x"\nsections = ["politcs"]\n[sources.nosuch]\n',
        encoding="utf-8",
    )
    said = ("scraper.speed", "scraper.timeout", "loud", "calibre", "metrics_listen", "cron 'x'", "politcs", "nosuch")
    problems = check(folder)
    assert sorted(word for word in said for problem in problems if word in problem) == sorted(said)
    assert len(problems) == len(said)
    assert "(at least 4 more: run presswatch config --check)" in run(folder, "daemon").stderr


def test_a_setting_under_an_old_name_is_checked_like_one_under_its_new_name(folder: Path) -> None:
    text = f'[sources.caliber]\n{BASE}every = 0\ncron = "0 * * * *"\n[scheduler]\ngrace = "soon"\n'
    (folder / "presswatch.toml").write_text(text, encoding="utf-8")
    problems = check(folder)
    said = (
        "caliber.every was renamed",
        "grace was renamed",
        "scheduler.grace = 'soon': must be",
        "contradict each other",
    )
    assert sorted(word for word in said for problem in problems if word in problem) == sorted(said)
    assert len(problems) == len(said)


def test_each_target_and_the_database_for_reading_are_named(folder: Path) -> None:
    text = '[alerts]\ntargets = ["json://127.0.0.1:9/x", "secret", "other"]\n[storage]\nsql_database = "nosuch://x/y"\n'
    (folder / "presswatch.toml").write_text(text, encoding="utf-8")
    assert [problem.partition(" cannot")[0].partition(" is not")[0] for problem in check(folder)] == [
        "presswatch.toml: alerts.targets[2]: ***",
        "presswatch.toml: alerts.targets[3]: ***",
        "presswatch.toml: storage.sql_database: database address 'nosuch://x/y'",
    ]


def test_a_broken_file_of_a_source_is_named_and_the_others_go_on(folder: Path) -> None:
    (folder / "sources.d").mkdir()
    files = {
        "good": DECLARED,
        "syntax": "=",
        "unknown": f"homme = 1\n{DECLARED}",
        "cron": f'{DECLARED}cron = "61 * * * *"\n',
        "interval": f'{DECLARED}interval = "0 s"\n',
        "base": f'{DECLARED}base_url = "x"\n',
        "setting": f"{DECLARED}languages = [1]\n",
        "bytes": None,
    }
    for name, text in files.items():
        (folder / "sources.d" / f"{name}.toml").write_bytes(b"\xff" if text is None else text.encode())
    (folder / "presswatch.toml").write_text(f"[sources.caliber]\n{BASE}", encoding="utf-8")
    problems = check(folder)
    broken = {found[1] for problem in problems if (found := re.match(r"(\w+) is not crawled: sources\.d/\1", problem))}
    assert broken == files.keys() - {"good"}
    assert len(problems) == len(broken)
    once = run(folder, "daemon", "--once").stderr
    for name in broken:
        assert f"{name} is not watched: sources.d/{name}.toml" in once
    for name in ("good", "caliber"):
        assert f"{name} is not watched" not in once
        assert f"{name}: " in once  # crawled, in vain


def test_an_address_that_another_program_has_is_not_free(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        (folder / "presswatch.toml").write_text(f'[scheduler]\nmetrics_listen = "{listen}"\n', encoding="utf-8")
        [problem] = check(folder)
        assert problem.startswith(f"presswatch.toml: scheduler.metrics_listen = {listen}: ")
        assert problem.endswith("name a free port")
    assert check(folder) == []


def test_an_old_database_is_refused_and_stays_as_it_is(folder: Path) -> None:
    open_store(f"sqlite:///{folder}/presswatch.db").close()
    with sqlite3.connect(folder / "presswatch.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    [problem] = check(folder)
    assert "has old tables (0001" in problem
    assert "run presswatch db upgrade" in problem
