"""`presswatch parse`: fetch and parse one page without storing it."""

from __future__ import annotations

import click

from presswatch.cli.commands.crawl import configure_logs
from presswatch.cli.group import debug_option
from presswatch.cli.options import details_format_option
from presswatch.output import formats
from presswatch.output.page_text import as_json, as_text
from scraper.crawl.options import CrawlOptions
from scraper.crawl.session import SourceContext
from scraper.parsing.source_urls import ArticleUrl, SourceUrls
from scraper.source import Source
from scraper.sources import load_crawl_config, load_sources
from storage.config.logging_setup import print_error
from storage.config.settings import Config
from storage.model.errors import ConfigError
from storage.model.records import FetchFailure


@click.command()
@click.argument("url")
@click.option("--source", "name", metavar="SOURCE", help="Parse it as a page of this source.")
@click.option("--base-url", metavar="URL", help="Base URL of the copy of the site that URL belongs to.")
@details_format_option
@click.option(
    "--config", "config_path", metavar="FILE", help="Configuration file (default: presswatch.toml, if it exists)."
)
@debug_option
def parse(url: str, name: str | None, base_url: str | None, form: str, config_path: str | None) -> int:
    """Fetch and parse one page: print every field with its provenance, and the problems. Stores nothing."""
    return parse_page(url, name=name, base_url=base_url, form=form, config_path=config_path)


def parse_page(url: str, *, name: str | None, base_url: str | None, form: str, config_path: str | None) -> int:
    """Fetch, parse and print one page; return the exit code."""
    config, options = load_crawl_config(config_path), CrawlOptions(base_url=base_url)
    source, article = _find_source(url, name, options, config)
    configure_logs(config.log, CrawlOptions(), verbose=False)
    # Start-up time: Scrapy takes 0.3 s to import, which --help and invalid usage do not need.
    from scraper.engine.event_loop import run_async  # noqa: PLC0415
    from scraper.engine.run import fetch_page  # noqa: PLC0415

    context = SourceContext(source=source, config=config, options=options)
    outcome = run_async(fetch_page(context, article))
    if isinstance(outcome, FetchFailure):
        return print_error(f"{outcome.url}: {outcome.failure_stage}: {outcome.reason}", 1)
    if form == "json":
        formats.write_stdout([as_json(outcome, source), "\n"])
    else:
        formats.print_lines([as_text(outcome, source)])
    return 0


def _find_source(url: str, name: str | None, options: CrawlOptions, config: Config) -> tuple[Source, ArticleUrl]:
    sources = load_sources(config)
    candidates = [sources.named(name)] if name else list(sources.values())
    for source in candidates:
        source_urls = SourceUrls(source, options.base(config.source(source.name).base_url))
        article = source_urls.find_article(url)
        if article is not None:
            return source, article
    known = ", ".join(f"{source.name} ({options.base_url or source.base_url})" for source in candidates)
    raise ConfigError(f"{url} is not an article URL of {known}; --base-url names another copy of a site")
