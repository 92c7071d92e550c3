"""`presswatch sources`: the sources that can be crawled."""

from __future__ import annotations

import click

from scraper.sources import load_sources
from storage.printable import safe


@click.command()
def sources() -> None:
    """List the sources that can be crawled."""
    for source in load_sources().values():
        channels = ", ".join(channel.path for channel in source.channels)
        click.echo(safe(f"{source.name}  {source.title}, {source.home}; looks at {channels}"))
