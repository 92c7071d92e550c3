"""Compare operation, how-to pages, tutorial and troubleshooting with the program."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from scheduler.health.status import State
from storage.config.config_file import load_config
from storage.model.event_kinds import EventKind
from tests.manuals import check_command, check_settings, commands_in
from tests.support.paths import ROOT

OPERATION = (ROOT / "docs" / "operation.md").read_text(encoding="utf-8")
PAGES = (
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
    *(ROOT / "docs" / f"{name}.md" for name in ("operation", "tutorial", "troubleshooting", "query-language")),
)
PAGE = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
COMMANDS = [shlex.join(words) for words in commands_in(PAGE)]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_is_real_with_its_options(words: str) -> None:
    check_command(shlex.split(words))


def test_the_commands_were_found() -> None:
    names = {words.split()[0] for words in COMMANDS}
    assert {"daemon", "status", "pause", "resume", "trigger", "events", "watch", "config", "db"} <= names


def test_the_settings_are_real_and_have_that_default() -> None:
    assert check_settings(PAGE) > 10


def test_the_settings_files_are_accepted(tmp_path: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) >= 5
    file = tmp_path / "presswatch.toml"
    for example in examples:
        file.write_text(example, encoding="utf-8")
        load_config(file)


def test_every_kind_of_event_is_explained_and_every_state_is_named() -> None:
    events = OPERATION.partition("\n## Events")[2].partition("\n## ")[0]
    explained = set(re.findall(r"^\| `([a-z_]+)` \| ", events, re.MULTILINE))
    assert explained == set(EventKind)
    assert all(re.search(rf"\b{state}\b", OPERATION) for state in State)


def test_every_metric_that_is_named_exists() -> None:
    metrics = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(presswatch_\w+)`", PAGE))
    assert named
    assert named <= set(re.findall(r"`(presswatch_\w+)`", metrics))


def test_every_file_that_is_named_exists() -> None:
    named = set(re.findall(r"\b((?:deploy|scraper)/[\w./]+\w|requirements\.txt)", PAGE))
    assert named >= {"deploy/presswatch.service", "deploy/compose.yaml", "requirements.txt"}
    assert all((ROOT / name).exists() for name in named)
