"""Compare the texts for users with the program: commands, options and settings that they name."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click

import presswatch
from presswatch.cli.main import COMMANDS
from storage.config.settings import SETTINGS_TABLES, SourceSettings, setting_rows

SETTINGS = {f"{table}.{row.name}": row for table, kind in SETTINGS_TABLES.items() for row in setting_rows(kind)} | {
    f"sources.NAME.{row.name}": row for row in setting_rows(SourceSettings)
}
_SETTING = re.compile(rf"\b((?:{'|'.join(SETTINGS_TABLES)}|sources\.NAME)\.[a-z_]+)\b(?! *=)`?(?: \(([^)]+)\))?")


def check_command(words: list[str]) -> None:
    """Assert that the words after `presswatch` are a command with options that it has."""
    command: click.Command = presswatch.main
    rest = list(words)
    while isinstance(command, click.Group):
        if not rest:
            return  # a group by its name, such as `watch`
        name = rest.pop(0)
        subcommand = command.get_command(click.Context(command), name)
        assert subcommand is not None, f"presswatch {shlex.join(words)}: no command {name}"
        command = subcommand
    options = {option for part in command.params for option in (*part.opts, *part.secondary_opts)} | {"--help"}
    typed = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
    assert typed <= options, f"presswatch {shlex.join(words)}: no option {typed - options}"


def check_settings(text: str) -> int:
    """Assert that every setting in the text exists, with the default that follows in brackets; return their number."""
    count = 0
    for path, default in _SETTING.findall(text):
        assert path in SETTINGS, f"there is no setting {path}"
        written = str(SETTINGS[path].metadata["default"])
        assert default in {"", written}, f"{path} is {written} by default, not {default}"
        count += 1
    return count


def commands_in(text: str) -> Iterator[list[str]]:
    """Yield the words of each `presswatch …` of a text: of a line of its sh blocks, or between backticks."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line.partition("  #")[0] for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    names = "|".join(COMMANDS)
    for line in lines:
        if match := re.search(rf"(?:^|[ /])presswatch ((?:{names})\b.*)", line):
            yield shlex.split(match[1])
