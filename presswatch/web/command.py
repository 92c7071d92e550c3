"""`presswatch serve`: show what is stored in a browser."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace

import click

from presswatch.cli.group import config_options
from presswatch.cli.options import IntRangeParam
from presswatch.web.safety.preconditions import require_libraries, require_protection
from presswatch.web.safety.tokens import hash_token, new_token
from scraper.sources import load_crawl_config, load_sources
from storage.config import logging_setup
from storage.config.logging_setup import DEBUG
from storage.config.settings import Config


@click.command()
@click.option("--host", metavar="HOST", help="Address to listen on (default: web.host, 127.0.0.1).")
@click.option(
    "--port",
    metavar="PORT",
    type=IntRangeParam(0, 65_535),
    help="Port to listen on (default: web.port, 8765; 0: a free one).",
)
@click.option("--with-parent", is_flag=True, hidden=True, help="End with stdin, which the parent process holds open.")
@click.option("--new-token", "makes_token", is_flag=True, help="Make a token, print it and its hash, and exit.")
@config_options
def serve(
    host: str | None,
    port: int | None,
    *,
    with_parent: bool,
    makes_token: bool,
    config_path: str | None,
    database: str | None,
) -> None:
    """Serve pages of what is stored, on this machine, until SIGTERM or SIGINT.

    Articles, views, edits, sources, runs and events, searched as with presswatch query. Other machines are let in with
    a token alone: see --new-token.
    """
    if makes_token:
        _print_token()
        return
    require_libraries()
    config = load_crawl_config(config_path, database=database)
    web = replace(config.web, host=host or config.web.host, port=config.web.port if port is None else port)
    config = replace(config, web=web)
    logging_setup.configure(level=config.log.level, form=config.log.format, traces=DEBUG.get())
    if (warning := require_protection(config.web, config.web.host)) is not None:
        click.echo(f"presswatch: warning: {warning}", err=True)
    from presswatch.web.server import serve as serve_pages  # noqa: PLC0415  (the libraries of the extra)

    serve_pages(config, broken=lambda: _broken(config), tell=_tell_address, with_parent=with_parent)


def _print_token() -> None:
    token = new_token()
    click.echo(f"token: {token}")
    click.echo("It is kept nowhere: note it down. Readers sign in with it; the settings have its hash:")
    click.echo(f'\n[web]\ntoken_hash = "{hash_token(token)}"')


def _broken(config: Config) -> Mapping[str, str]:
    return load_sources(config).problems if config.declarations else {}


def _tell_address(address: str) -> None:
    click.echo(f"presswatch: pages at {address}")
    sys.stdout.flush()  # a program that waits for the address reads it from a pipe
