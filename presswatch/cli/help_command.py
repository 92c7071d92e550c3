"""`presswatch help`: the help of the program or of one of its commands."""

from __future__ import annotations

from collections.abc import Sequence

import click
from click.shell_completion import CompletionItem

from storage.config.parsers import unknown_name
from storage.model.errors import ConfigError


def _complete_command(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    assert ctx.parent is not None
    group = ctx.parent
    for word in ctx.params.get("words") or ():
        inner = group.command.get_command(group, word) if isinstance(group.command, click.Group) else None
        if inner is None:
            return []
        group = click.Context(inner, info_name=word, parent=group)
    found = group.command.shell_complete(group, incomplete) if isinstance(group.command, click.Group) else []
    return [item for item in found if not item.value.startswith("-")]


@click.command("help")
@click.argument("words", metavar="[COMMAND]...", nargs=-1, shell_complete=_complete_command)
@click.pass_context
def show_help(context: click.Context, words: Sequence[str]) -> None:
    """Show the help of a command, as its --help does: presswatch help watch add."""
    assert context.parent is not None
    command: click.Command = context.parent.command
    found = click.Context(command, info_name=context.parent.info_name)
    for word in words:
        known = command.list_commands(found) if isinstance(command, click.Group) else []
        inner = command.get_command(found, word) if isinstance(command, click.Group) else None
        if inner is None:
            raise ConfigError(
                unknown_name("command", word, known) if known else f"{found.command_path} has no commands"
            )
        command, found = inner, click.Context(inner, info_name=word, parent=found)
    click.echo(found.get_help())
