"""`presswatch identity`: make and show the key that signs the requests of crawls."""

from __future__ import annotations

from pathlib import Path

import click

from presswatch.cli.arguments import CommandGroup
from presswatch.cli.group import config_options, debug_option
from scraper.crawl.identity import DIRECTORY_PATH, DIRECTORY_TYPE, Identity
from scraper.sources import load_crawl_config
from storage.model.errors import ConfigError

KEY_FILE = "presswatch-identity.json"


@click.group(cls=CommandGroup)
def identity() -> None:
    """Make and show the key that signs requests, so that sites can recognize them (Web Bot Auth)."""


@identity.command()
@click.argument("agent", metavar="URL")
@click.option("--key", "key_file", metavar="FILE", default=KEY_FILE, show_default=True, help="Key file to write.")
@debug_option
def new(agent: str, key_file: str) -> None:
    """Make a key and its key directory, for requests of the operator at URL, such as https://example.org.

    The key file is secret. The directory is written beside it; publish that at the URL.
    """
    file = Path(key_file)
    created = Identity.create(agent)
    directory = file.with_name(f"{file.stem}-directory.json")
    if directory.exists():
        raise ConfigError(f"{directory} exists; name another file with --key, or move it away")
    created.save(file)
    directory.write_text(created.directory, encoding="utf-8")
    click.echo(f"{file}: key {created.key_id}; keep it secret")
    click.echo(f"{directory}: publish it at {created.agent}{DIRECTORY_PATH} as {DIRECTORY_TYPE}")
    click.echo(f'then set identity = "{file}" in the table [scraper] of presswatch.toml')


@identity.command()
@click.option("--key", "key_file", metavar="FILE", help="Key file (default: scraper.identity).")
@config_options
def show(key_file: str | None, config_path: str | None, database: str | None) -> None:
    """Print the address, the key and the key directory to publish; never the secret."""
    chosen = key_file or load_crawl_config(config_path, database=database).scraper.identity
    if not chosen:
        raise ConfigError("scraper.identity is not set; name a key file with --key, or make one: identity new URL")
    shown = Identity.load(Path(chosen))
    click.echo(f"key:       {shown.key_id}")
    click.echo(f"directory: {shown.agent}{DIRECTORY_PATH}")
    click.echo(shown.directory, nl=False)
