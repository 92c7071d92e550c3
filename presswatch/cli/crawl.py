"""The commands that fetch: crawl, read, sources."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import click

from presswatch.cli.group import CommandGroup, config_options, debug_option
from storage.printable import safe


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Fetch the pages of a news source and read them."""


@commands.command()
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@click.option("--limit", metavar="N", help="Fetch N articles at most.")
@click.option("--since", metavar="WHEN", help='Leave what is dated before for later: "7d" or "2026-11-01".')
@click.option(
    "--relook", metavar="WHICH", default="due", show_default=True, help="Look again at articles: due, all or none."
)
@click.option("--base-url", metavar="URL", help="Crawl another copy of the site, such as http://127.0.0.1:8099.")
@click.option("--url", "urls", multiple=True, metavar="URL", help="Fetch just this article; may be repeated.")
@click.option("--scheduled", is_flag=True, help="As the daemon crawls: pending links keep to their times.")
@click.option("-v", "--verbose", is_flag=True, help="Say what happens to each address.")
@config_options
def crawl(  # noqa: PLR0913  (a command's options)
    names: Sequence[str],
    limit: str | None,
    since: str | None,
    relook: str,
    base_url: str | None,
    urls: Sequence[str],
    *,
    scheduled: bool,
    verbose: bool,
    config_path: str | None,
    database: str | None,
) -> int:
    """Crawl sources now: fetch what is new, look again at what is due. Without a name: every source.

    Ends with one line a source. Exit codes: 0 done, 1 a crawl failed, 2 wrong usage or configuration, 3 a source is
    being crawled already.
    """
    gc.disable()  # until the loop runs: looking for garbage among modules is an eighth of the time of importing them
    from presswatch.cli.crawl_command import crawl_sources
    from scraper.options import CrawlOptions, parse_limit, parse_relook, parse_since
    from scraper.session import now
    from storage.records import Trigger

    options = CrawlOptions(
        limit=parse_limit(limit, "--limit"),
        since=parse_since(since, "--since", now=now()),
        relook=parse_relook(relook, "--relook"),
        base_url=base_url,
        urls=tuple(urls),
        trigger=Trigger.SCHEDULED if scheduled else Trigger.MANUAL,
    )
    return crawl_sources(names, options, config_path=config_path, database=database, verbose=verbose)


@commands.command()
@click.argument("url")
@click.option("--source", "name", metavar="SOURCE", help="Read it as a page of this source.")
@click.option("--base-url", metavar="URL", help="The copy of the site that the address belongs to.")
@click.option("--format", "form", metavar="FORMAT", default="text", show_default=True, help="text or json.")
@click.option(
    "--config", "config_path", metavar="FILE", help="Configuration file (default: presswatch.toml, if there)."
)
@debug_option
def read(url: str, name: str | None, base_url: str | None, form: str, config_path: str | None) -> int:
    """Fetch and read one page: every field, what it was read from, and its problems. Stores nothing."""
    from presswatch.cli.crawl_command import read_page

    return read_page(url, name=name, base_url=base_url, form=form, config_path=config_path)


@commands.command()
def sources() -> None:
    """List the sources that can be crawled."""
    from scraper.sources import load_sources

    for source in load_sources().values():
        channels = ", ".join(channel.path for channel in source.channels)
        click.echo(safe(f"{source.name}  {source.title}, {source.home}; looks at {channels}"))
