"""`presswatch config`: every setting, as the file would say it, with its origin and without its secrets."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presswatch.output.settings_text import as_toml
from scraper.sources import load_sources
from storage.config.config_file import load_config
from storage.config.renamed_settings import RENAMED_SETTINGS
from storage.config.settings import SETTINGS_TABLES, SourceSettings, setting_rows
from storage.model.errors import ConfigError
from storage.model.redaction import redact_address
from tests.support.forked_command import run_command
from tests.support.patience import patient

PATHS = {f"{table}.{row.name}" for table, kind in SETTINGS_TABLES.items() for row in setting_rows(kind)} | {
    f"sources.{name}.{row.name}" for name in load_sources() for row in setting_rows(SourceSettings)
}
FILE = """\
[scraper]
delay = "1.5 s"
obey_robots_txt = false

[alerts]
targets = ["tgram://123456:a-token/chat", "json://user:secret@hook.example/path"]

[sources.caliber]
cron = "*/10 6-23 * * *"
channels = [{ list = "/en/category/politics", paging = "?page={page}" }]
"""
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    TEXTS | st.booleans() | st.integers(-(2**63), 2**63 - 1),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.sampled_from(["feed", "list"]), parts),
    max_leaves=6,
)


def ask(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`presswatch config` as a person types it."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("PRESSWATCH_")}
    return run_command(["config", *arguments], folder=folder, environment={**outer, **environment}, timeout=patient(60))


def effective_settings(folder: Path, *arguments: str, **environment: str) -> dict[str, tuple[Any, str]]:
    """Value and origin of every setting by its path."""
    answer = json.loads(ask(folder, "--format", "json", *arguments, **environment).stdout)
    return {f"{one['table']}.{one['name']}": (one["value"], one["origin"]) for one in answer["settings"]}


def test_without_a_file_every_setting_is_shown_with_its_default(tmp_path: Path) -> None:
    settings = effective_settings(tmp_path)
    assert settings.keys() == PATHS
    assert settings["scraper.max_response_size"] == ("10 MB", "default")
    assert settings["storage.busy_timeout"] == ("30 s", "default")
    assert settings["sources.caliber.timezone"] == ("Asia/Baku", "declared by the source")
    assert settings["sources.caliber.min_interval"] == ("5 min", "default")
    assert settings["sources.caliber.interval"] == (None, "default")
    assert ask(tmp_path).stdout.startswith(f"# no configuration file: no presswatch.toml in {tmp_path}\n")
    assert list(tmp_path.iterdir()) == []


def test_output_can_be_read_again_and_gives_the_same(tmp_path: Path) -> None:
    (tmp_path / "presswatch.toml").write_text(FILE, encoding="utf-8")
    written = ask(tmp_path).stdout
    again = tmp_path / "again.toml"
    again.write_text(written, encoding="utf-8")
    first, second = load_config(tmp_path / "presswatch.toml"), load_config(again)
    assert (first.storage, first.scraper, first.scheduler) == (second.storage, second.scraper, second.scheduler)
    assert first.source("caliber").channels == second.source("caliber").channels
    assert second.source("caliber").base_url == "https://caliber.az"
    assert f"configuration file: {tmp_path}/presswatch.toml (in the working directory)" in written


def test_each_origin_is_named_and_the_command_line_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text(f'[storage]\ndatabase = "sqlite:///of-file.db"\n{FILE}', encoding="utf-8")
    chosen = ("--config", str(file))
    assert effective_settings(tmp_path, *chosen)["storage.database"] == ("sqlite:///of-file.db", str(file))
    outer = {"PRESSWATCH_DATABASE": "sqlite:///of-environment.db"}
    said = effective_settings(tmp_path, *chosen, **outer)
    assert said["storage.database"] == ("sqlite:///of-environment.db", "the environment (PRESSWATCH_DATABASE)")
    said = effective_settings(tmp_path, *chosen, "--database", "sqlite:///typed.db", **outer)
    assert said["storage.database"] == ("sqlite:///typed.db", "the command line (--database)")
    assert said["scraper.delay"] == ("1.5 s", str(file))
    assert "(named by PRESSWATCH_CONFIG)" in ask(tmp_path, PRESSWATCH_CONFIG=str(file)).stdout


def test_secrets_are_shown_nowhere(tmp_path: Path) -> None:
    (tmp_path / "presswatch.toml").write_text(FILE, encoding="utf-8")
    database = "postgresql://user:p@ss@db.example/news?sslpassword=hidden"

    def told_of(password: str, form: str) -> str:
        return ask(tmp_path, "--format", form, "--database", database.replace("p@ss", password)).stdout

    for form in ("text", "json"):
        said = told_of("p@ss", form)
        assert "postgresql://***" in said
        assert "postgresql://user:***@db.example/news?sslpassword=***" in told_of("p%40ss", form)
        assert "tgram://***" in said
        assert not [word for word in ("a-token", "secret@", "p@ss", "hidden", "123456") if word in said]


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("[scraper]\nspeed = 1", "unknown setting scraper.speed; known here: "),
        ("[sources.nosuch]", "unknown setting sources.nosuch; known here: "),
        ('[alerts]\ntargets = "tgram://a-token/chat"', "alerts.targets: must be a list of words"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_its_path_in_one_line(tmp_path: Path, written: str, answer: str) -> None:
    (tmp_path / "presswatch.toml").write_text(written, encoding="utf-8")
    done = ask(tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert answer in done.stderr
    assert "a-token" not in done.stderr


@pytest.mark.parametrize(("old", "new"), RENAMED_SETTINGS.items())
def test_an_old_name_is_refused_with_the_new_one(tmp_path: Path, old: str, new: str) -> None:
    old, new = old.replace("*", "caliber"), new.replace("*", "caliber")
    table, _, name = old.rpartition(".")
    file = tmp_path / "presswatch.toml"
    file.write_text(f"[{table}]\n{name} = 1\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_config(file)
    assert str(refused.value).partition(" (at least")[0] == f"{file}: {old} was renamed to {new}"
    assert new in PATHS
    assert old not in PATHS


@given(VALUES)
def test_a_value_in_toml_is_read_as_itself(value: Any) -> None:
    assert tomllib.loads(f"value = {as_toml(value)}") == {"value": value}


@given(st.text(st.characters(exclude_characters="/@:?&="), min_size=1), TEXTS)
def test_no_password_survives(user: str, password: str) -> None:
    shown = redact_address(f"postgresql://{user}:{password}@db.example/news")
    assert shown in {f"postgresql://{user}:***@db.example/news", "postgresql://***"}
