"""The README knows every command, option and setting, and its examples run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import presswatch
from storage.config.settings import SETTINGS_TABLES as OWN_TABLES
from storage.config.settings import SourceSettings, load_config, setting_rows
from tests.support.crawl_env import Desk
from tests.support.paths import ROOT
from tests.support.site import Site
from tests.support.site.fixtures import shared_site, site
from tests.support.stories import story

__all__ = ["shared_site", "site"]


README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLES = {**OWN_TABLES, "sources.NAME": SourceSettings}


def commands(group: click.Group, prefix: str) -> Iterator[tuple[str, click.Command]]:
    """Every command there is, by what a person types."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


COMMANDS = dict(commands(presswatch.main, "presswatch"))
SETTINGS = [(path, row.name) for path, kind in TABLES.items() for row in setting_rows(kind)]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_its_options_are_in_the_readme(name: str) -> None:
    assert f"`{name}" in README
    options = [word for part in COMMANDS[name].params if isinstance(part, click.Option) for word in part.opts]
    missing = [option for option in options if not re.search(rf"`{option}[ `,]", README)]
    assert missing == []


def test_no_option_in_the_readme_is_made_up() -> None:
    real = {
        word
        for command in COMMANDS.values()
        for part in command.params
        if isinstance(part, click.Option)
        for word in (*part.opts, *part.secondary_opts)
    }
    written = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README))
    assert written - real <= {"--help", "--version", "--port", "--database"}


@pytest.mark.parametrize(("path", "name"), SETTINGS, ids=".".join)
def test_every_setting_is_in_the_readme_with_its_default_and_help(path: str, name: str) -> None:
    row = next(row for row in setting_rows(TABLES[path]) if row.name == name)
    line = next((line for line in README.splitlines() if line.startswith(f"| `{path}.{name}`")), "")
    assert row.metadata["help"] in line
    default = row.metadata["default"]
    written = str(default).lower() if isinstance(default, bool) else str(default)
    assert default is None or default == "" or f"`{written}`" in line


def test_no_setting_in_the_readme_is_made_up() -> None:
    written = set(re.findall(rf"^\| `((?:{'|'.join(TABLES)})\.\w+)`", README, re.MULTILINE))
    assert written == {f"{path}.{name}" for path, name in SETTINGS}


def test_the_configuration_example_is_taken(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "presswatch.toml"
    file.write_text(example, encoding="utf-8")
    config = load_config(file)
    assert config.source("caliber").sections == ("politics", "economics")


def test_the_examples_run(tmp_path: Path, site: Site) -> None:
    site.publish(story("some-story"))
    desk = Desk(tmp_path, site)
    with (tmp_path / "presswatch.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[sources.caliber]\nbase_url = "{site.url}"\n')  # never the live site
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))
    lines = [line.partition("  #")[0] for line in blocks.splitlines() if line.startswith("presswatch ")]
    assert len(lines) >= 6
    for line in lines:
        words = shlex.split(line)[1:]
        if words[0] == "daemon":
            words.append("--once")
        done = desk.command(*[word.replace("https://caliber.az", site.url) for word in words])
        assert done.returncode == 0, f"{line}: {done.stderr}"


def test_the_terminal_picture_is_what_a_crawl_says(tmp_path: Path, site: Site) -> None:
    site.publish(story("one"))
    shape = re.sub(r"\d+(?:\.\d+)?", "N", Desk(tmp_path, site).crawl_command().stdout.strip())
    assert shape in re.sub(r"\d+(?:\.\d+)?", "N", README)
