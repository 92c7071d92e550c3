"""`python -m storage`: the commands that ask the stored articles."""

from storage import history_cli, views_cli
from storage.cli import commands

for part in (views_cli, history_cli):
    for command in part.commands.commands.values():
        commands.add_command(command)

commands(prog_name="python -m storage")
