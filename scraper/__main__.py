"""`python -m scraper`: the commands that fetch."""

from scraper.cli import commands

commands(prog_name="python -m scraper")
