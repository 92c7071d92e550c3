"""`presswatch config`: what is in force, and where it comes from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from presswatch.cli.group import CommandGroup, config_options

if TYPE_CHECKING:
    from storage.config import Config


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Say what is in force."""


@commands.command("config")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="In what shape."
)
@config_options
def config_command(form: str, config_path: str | None, database: str | None) -> None:
    """Print every setting in force, as the file would say it, and where it comes from. Opens no database.

    Passwords and tokens are shown as ***.
    """
    from presswatch.output import formats
    from presswatch.output.settings_text import setting_lines, settings_in_force
    from scraper.sources import load_crawl_config, load_sources

    config = load_crawl_config(config_path, database=database)
    found = list(settings_in_force(config, load_sources()))
    if form == "json":
        answer = {"file": None if config.path is None else str(config.path), "settings": found}
        formats.emit([formats.as_json(answer, indent=2), "\n"])
    else:
        head = _file_in_words(config, named=config_path is not None)
        formats.say(setting_lines(found, head=head))


def _file_in_words(config: Config, *, named: bool) -> str:
    if config.path is None:
        return f"no configuration file: there is no presswatch.toml in {Path.cwd()}"
    if named:
        why = "named by --config"
    else:
        why = "named by PRESSWATCH_CONFIG" if os.environ.get("PRESSWATCH_CONFIG") else "in the working folder"
    return f"configuration file: {config.path.absolute()} ({why})"
