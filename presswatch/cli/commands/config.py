"""`presswatch config`: the effective settings and their origin."""

from __future__ import annotations

import os
from pathlib import Path

import click

from presswatch.cli.group import config_options
from presswatch.cli.options import text_or_records_options
from presswatch.output import formats
from presswatch.output.records import write_list
from presswatch.output.settings_text import EffectiveSetting, effective_settings, render_settings
from scraper.sources import load_crawl_config, load_sources
from storage.config.logging_setup import print_error
from storage.config.settings import Config
from storage.model.errors import ConfigError


@click.command()
@click.option("--check", is_flag=True, help="Say all that the daemon and crawls would refuse, and print no settings.")
@text_or_records_options
@config_options
def config(*, check: bool, form: str, raw: bool, config_path: str | None, database: str | None) -> int:
    """Print every effective setting as TOML, with its origin. Does not open the database.

    Passwords and tokens are shown as ***. --check reads the database and tries the address of the metrics, but changes
    nothing; exit code 2 if it finds a problem, each of which is one line: the file, the key and what to write.
    """
    if check:
        return _print_check(form, config_path, database)
    settings = load_crawl_config(config_path, database=database)
    sources = load_sources(settings)
    rows = list(effective_settings(settings, sources))
    if form == "json":
        document = {
            "file": None if settings.path is None else str(settings.path),
            "settings": rows,
            "problems": sources.problems,
        }
        formats.write_stdout([formats.as_json(document, indent=2), "\n"])
    elif form != "text":
        write_list(iter(rows), form, kind=EffectiveSetting, raw=raw)
    else:
        head = [_describe_file(settings, named=config_path is not None)]
        head += [f"{name} is not crawled: {problem}" for name, problem in sources.problems.items()]
        formats.print_lines(render_settings(rows, head=head))
    return 0


def _print_check(form: str, config_path: str | None, database: str | None) -> int:
    from presswatch.cli.configuration_check import configuration_problems  # noqa: PLC0415  (start-up time: APScheduler)

    problems = configuration_problems(config_path, database)
    if form == "json":
        formats.write_stdout([formats.as_json({"problems": problems}, indent=2), "\n"])
    elif form != "text":
        raise ConfigError(f"--format {form} cannot be used with --check")
    elif problems:
        for problem in problems:
            print_error(problem, ConfigError.exit_code)
    else:
        formats.print_lines(["the configuration has no problem: the daemon and crawls will take it"])
    return ConfigError.exit_code if problems else 0


def _describe_file(config: Config, *, named: bool) -> str:
    if config.path is None:
        return f"no configuration file: no presswatch.toml in {Path.cwd()}"
    if named:
        reason = "named by --config"
    else:
        reason = "named by PRESSWATCH_CONFIG" if os.environ.get("PRESSWATCH_CONFIG") else "in the working directory"
    return f"configuration file: {config.path.absolute()} ({reason})"
