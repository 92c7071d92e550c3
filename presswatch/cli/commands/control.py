"""`presswatch pause`, `resume` and `trigger`: control the schedule of a source."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from presswatch.cli.completion import complete_source
from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options
from scraper.sources import load_sources
from storage.model.errors import ConfigError
from storage.store import Store
from storage.text.sanitize import sanitize


@click.command()
@click.argument("source", shell_complete=complete_source)
@config_options
def pause(source: str, config_path: str | None, database: str | None) -> None:
    """Stop polling a source until it is resumed. A running crawl is finished."""
    with _store_with_source(source, config_path, database) as store:
        store.schedules.pause(source, now=datetime.now(UTC))
    click.echo(sanitize(f"{source}: paused; resume it with presswatch resume {source}"))


@click.command()
@click.argument("source", shell_complete=complete_source)
@config_options
def resume(source: str, config_path: str | None, database: str | None) -> None:
    """Resume polling a paused source."""
    with _store_with_source(source, config_path, database) as store:
        store.schedules.resume(source, now=datetime.now(UTC))
    click.echo(sanitize(f"{source}: resumed"))


@click.command()
@click.argument("source", shell_complete=complete_source)
@config_options
def trigger(source: str, config_path: str | None, database: str | None) -> None:
    """Ask the running daemon to crawl a source now."""
    with _store_with_source(source, config_path, database) as store:
        lease = store.leases.holder()
        store.schedules.request_crawl(source, now=datetime.now(UTC))
        has_daemon = lease is not None and lease.is_alive(datetime.now(UTC))
    click.echo(
        sanitize(
            f"{source}: crawl requested{'' if has_daemon else '; no daemon is running, the next one will crawl it'}"
        )
    )


def _store_with_source(source: str, config_path: str | None, database: str | None) -> Store:
    config, store = store_from_config(config_path, database)
    try:
        load_sources(config).named(source)
    except ConfigError:
        store.close()
        raise
    return store
