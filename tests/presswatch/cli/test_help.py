"""`presswatch help`, `presswatch open`, and what a shell completes."""

from __future__ import annotations

import os
import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest
from click.testing import CliRunner

import presswatch
from tests.conftest import Ask
from tests.support.paths import ROOT
from tests.support.rows import Rows


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(presswatch.main, words, prog_name="presswatch")
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("words", [(), ("query",), ("watch",), ("watch", "add"), ("help",)], ids=" ".join)
def test_help_shows_what_the_option_shows(words: tuple[str, ...]) -> None:
    assert run("help", *words) == run(*words, "--help")


def test_help_of_no_command_names_the_nearest() -> None:
    code, output, said = run("help", "querry")
    assert (code, output) == (2, "")
    assert "no command is called 'querry'" in said
    assert "did you mean query?" in said
    assert "presswatch query has no commands" in run("help", "query", "all")[2]


def completed(folder: Path, words: str, shell: str = "bash", **environment: str) -> list[str]:
    """Return what a shell is offered for the last of the words; completion is asked for by variables alone."""
    asked = {"_PRESSWATCH_COMPLETE": f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = subprocess.run(
        [sys.executable, "-c", "from presswatch import main; main(prog_name='presswatch')"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **asked, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.mark.long
def test_commands_sources_and_watches_are_completed(rows: Rows, ask: Ask, tmp_path: Path) -> None:
    for name in ("Gas", "Gas and oil", "Rail"):
        ask("watch", "add", name, "gas", "--to", "json://127.0.0.1:9")
    assert completed(tmp_path, "presswatch qu") == ["query"]
    assert completed(tmp_path, "presswatch help wa") == ["watch"]
    assert completed(tmp_path, "presswatch help watch pr") == ["preview"]
    assert completed(tmp_path, "presswatch help query ") == []
    assert completed(tmp_path, "presswatch crawl ca") == ["caliber"]
    assert completed(tmp_path, "presswatch parse --source ca") == ["caliber"]
    assert completed(tmp_path, "presswatch events --kind g") == ["gap", "gone"]
    assert completed(tmp_path, "presswatch query --by w") == ["week", "weekday"]
    assert completed(tmp_path, "presswatch query --source ") == ["caliber"]
    database = {"PRESSWATCH_DATABASE": rows.database}
    assert completed(tmp_path, "presswatch watch remove G", **database) == ["Gas", r"Gas\\ and\\ oil"]
    assert completed(tmp_path, "presswatch query --watch R", **database) == ["Rail"]


@pytest.mark.long
def test_bash_completes_a_name_with_blanks_as_it_would_be_typed(rows: Rows, ask: Ask, tmp_path: Path) -> None:
    for name in ("Gas and oil", "Rail"):
        ask("watch", "add", name, "gas")
    program = tmp_path / "presswatch"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m presswatch "$@"\n')
    program.chmod(0o755)
    script = """
        eval "$(_PRESSWATCH_COMPLETE=bash_source presswatch)"
        complete_last() {
            COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
            _presswatch_completion presswatch
            printf '%s\\n' "${COMPREPLY[@]}"
        }
        complete_last presswatch query --watch G
        complete_last presswatch query --watch 'Gas\\ a'
        complete_last presswatch query --watch '"Gas a'
        complete_last presswatch watch remove R
    """
    path = f"{tmp_path}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PRESSWATCH_DATABASE": rows.database}
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [r"Gas\ and\ oil", r"Gas\ and\ oil", "Gas and oil", "Rail"]


@pytest.mark.long
def test_a_completion_makes_no_database_and_no_noise(tmp_path: Path) -> None:
    assert completed(tmp_path, "presswatch watch remove ") == []
    assert completed(tmp_path, "presswatch watch remove ", PRESSWATCH_DATABASE="postgresql://nonsense") == []
    (tmp_path / "presswatch.toml").write_text("nonsense")
    assert completed(tmp_path, "presswatch crawl ") == []
    assert [path.name for path in tmp_path.iterdir()] == ["presswatch.toml"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script(tmp_path: Path, shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from presswatch import main; main(prog_name='presswatch')"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "_PRESSWATCH_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=False,
    )
    if shell == "bash" and "bash" in done.stderr.lower():
        pytest.skip("click supports bash from 4.4 on")
    assert "_PRESSWATCH_COMPLETE" in done.stdout


def test_open_opens_the_page_of_an_article(rows: Rows, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def succeed(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", succeed)
    rows.article("one")
    answer = ask("open", "1")
    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "https://caliber.az/en/post/one\n", "")
    assert opened == ["https://caliber.az/en/post/one"]
    assert "no article 2 is stored" in ask("open", "2").stderr


def test_open_opens_the_spelling_that_the_site_answers(rows: Rows, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _url: True)
    rows.article("one")
    rows.link("https://caliber.az/en/post/one", request_url="https://caliber.az/en/post/one/")
    assert ask("open", "1").stdout == "https://caliber.az/en/post/one/\n"


def test_open_prints_the_address_where_no_browser_is(rows: Rows, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _url: False)
    rows.article("one")
    answer = ask("open", "https://caliber.az/en/post/one")
    assert (answer.exit_code, answer.stdout) == (0, "https://caliber.az/en/post/one\n")
    assert answer.stderr == "presswatch: no browser is here to open it\n"
