"""`python -m storage`: the commands that ask the stored articles."""

from storage.cli import commands

commands(prog_name="python -m storage")
