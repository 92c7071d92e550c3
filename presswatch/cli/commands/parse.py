"""`presswatch parse`: parse one page of any site, or of a file, without storing it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from presswatch.cli.commands.crawl import configure_logs
from presswatch.cli.completion import complete_source
from presswatch.cli.group import debug_option
from presswatch.cli.options import details_format_option
from presswatch.cli.site_options import timezone_option
from presswatch.output import formats
from presswatch.output.page_text import as_json, as_text
from scraper.crawl.options import CrawlOptions
from scraper.crawl.page_parsing import PageJob
from scraper.crawl.session import SourceContext
from scraper.errors import ChannelError, PageError
from scraper.parsing.source_urls import SourceUrls
from scraper.reading.article_page import Headline
from scraper.reading.published import PublishedDate
from scraper.source import Source
from scraper.sources import load_crawl_config, load_sources
from storage.config.logging_setup import print_error
from storage.config.settings import Config
from storage.model.errors import ConfigError
from storage.model.published import day_or_time
from storage.model.records import ParsedPage
from storage.model.urls import origin

if TYPE_CHECKING:
    from scraper.crawl.source_check import Fetch

MAX_SHOWN = 100
"""Characters of a candidate that was not chosen which are shown."""


@click.command()
@click.argument("page", metavar="URL|FILE")
@click.option(
    "--source", "name", metavar="SOURCE", shell_complete=complete_source, help="Parse it as a page of this source."
)
@click.option("--base-url", metavar="URL", help="Base URL of the copy of the site that URL belongs to.")
@click.option("--url", metavar="URL", help="URL of the page in FILE (default: its canonical URL).")
@timezone_option("Time zone, without a source.")
@click.option("--save-case", metavar="DIR", type=click.Path(path_type=Path), help="Write page.html and expected.json.")
@details_format_option
@click.option(
    "--config", "config_path", metavar="FILE", help="Configuration file (default: presswatch.toml, if it exists)."
)
@debug_option
def parse(
    page: str,
    name: str | None,
    base_url: str | None,
    url: str | None,
    timezone: str,
    save_case: Path | None,
    form: str,
    config_path: str | None,
) -> int:
    """Parse one page of any site, or in a file: print every field with its provenance, and the problems.

    A page of a source is parsed by its declaration, any other one by what pages say in general. Stores nothing.
    """
    is_file = "://" not in page
    if is_file:
        _check_file(page)
    if save_case is not None and save_case.exists() and not save_case.is_dir():
        raise ConfigError(f"--save-case: {save_case} is no folder")
    config = load_crawl_config(config_path)
    configure_logs(verbose=False)
    known = load_sources(config)
    candidates = [known.named(name)] if name else list(known.values())
    try:
        if is_file:
            job, source = _read_file(Path(page), url, candidates, config, CrawlOptions(base_url=base_url), timezone)
            parsed = _parse(job)
        else:
            target = _find_page(
                page, candidates, config, CrawlOptions(base_url=base_url), timezone, is_named=bool(name)
            )
            source = target.context.source
            job, parsed = _fetch(target)
    except (ChannelError, PageError) as error:
        return print_error(f"{error.url}: {error.stage}: {error.reason}", 1)
    if save_case is not None:
        from presswatch.cli.page_case import write_case  # noqa: PLC0415

        write_case(save_case, job, _parse(job))  # without a count that is not in the page
    lost = _lost_candidates(job)
    if form == "json":
        formats.write_stdout([as_json(parsed, source, lost), "\n"])
    else:
        formats.print_lines([as_text(parsed, source, lost)])
    return 0


def _check_file(typed: str) -> None:
    """Raise ConfigError if what a person typed is no file: an address is only taken with its scheme."""
    file = Path(typed)
    if file.is_dir():
        raise ConfigError(f"{typed} is a folder; name the file of one page in it")
    if not file.exists():
        raise ConfigError(f"there is no file {typed}; write an address with its scheme, such as https://{_hint(typed)}")


def _hint(typed: str) -> str:
    """Return what stands behind the scheme of an example: the typed text, if it looks like an address."""
    host = typed.partition("/")[0]
    return typed if "/" in typed and "." in host and re.fullmatch(r"[\w.:-]+", host) else "news.example.net/a-vote"


def _lost_candidates(job: PageJob) -> dict[str, list[dict[str, str]]]:
    """Return the candidates of each field that were not chosen, as text with their provenance."""
    from scraper.crawl.page_parsing import find_evidence  # noqa: PLC0415  (start-up time: the page parsers)

    evidence = find_evidence(job)
    return {
        name: [{"value": _short(one.value), "provenance": one.provenance} for one in candidates]
        for name, candidates in evidence.items()
        if candidates
    }


def _short(value: object) -> str:
    """Return a value as one line of text that is not too long."""
    text = " ".join(", ".join(_texts(value)).split())
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _texts(value: object) -> Iterable[str]:
    """Return what a candidate says: a date as far as it is known, else as printed; of a headline its title."""
    if isinstance(value, PublishedDate):
        at = day_or_time(value.published_at, value.precision, value.raw)
        return [str(value.raw if at is None else at)]
    if isinstance(value, Headline):
        return [value.title]
    return map(str, value) if isinstance(value, tuple) else [str(value)]


@dataclass(frozen=True, slots=True)
class _Target:
    """Page to be fetched, and the source by which it is parsed."""

    context: SourceContext
    url: str


def _find_page(
    url: str, candidates: Sequence[Source], config: Config, options: CrawlOptions, timezone: str, *, is_named: bool
) -> _Target:
    """Return the page at a URL: an article of a source, else a page of a site that is not declared."""
    for source in candidates:
        article = SourceUrls(source, options.base(config.source(source.name).base_url)).find_article(url)
        if article is not None:
            context = SourceContext(source=source, config=config, options=options)
            return _Target(context, article.request_url or article.url)
    if is_named or options.base_url is not None:
        known = ", ".join(f"{source.name} ({options.base_url or source.base_url})" for source in candidates)
        raise ConfigError(f"{url} is not an article URL of {known}; --base-url names another copy of a site")
    source = undeclared_source(url, timezone)
    article = SourceUrls(source).find_article(url)
    if article is None:
        raise ConfigError(f"{url} is no address of an article; write one such as https://news.example.net/a-vote")
    context = SourceContext(source=source, config=config, options=CrawlOptions())
    return _Target(context, article.request_url or article.url)


def undeclared_source(url: str, timezone: str) -> Source:
    """Return a source of which only the site of a page is known. Raises ConfigError."""
    site = origin(url)
    if site is None or "://" not in url:
        raise ConfigError(f"{url} is neither a file nor an http(s) address")
    home = "/".join(url.strip().split("/")[:3])  # its own scheme: a site may have no https
    return Source(name=site.host, title=site.host, base_url=home, default_language="", timezone=timezone, channels=())


def _fetch(target: _Target) -> tuple[PageJob, ParsedPage]:
    # Start-up time: Scrapy takes 0.3 s to import, which --help and invalid usage do not need.
    from scraper.crawl.source_check import count_views, parse_fetched  # noqa: PLC0415
    from scraper.engine.event_loop import run_async  # noqa: PLC0415
    from scraper.engine.run import probe  # noqa: PLC0415

    async def work(fetch: Fetch) -> tuple[PageJob, ParsedPage]:
        job = (await fetch(target.url)).page
        return job, await count_views(target.context, job, await parse_fetched(target.context, job), fetch)

    return run_async(probe(target.context, work))


def _read_file(
    file: Path, url: str | None, candidates: Sequence[Source], config: Config, options: CrawlOptions, timezone: str
) -> tuple[PageJob, Source]:
    """Return the job of a page in a file, by its URL: that of --url, or its canonical one."""
    from scraper.site_discovery.home_page import canonical_url  # noqa: PLC0415

    body = file.read_bytes()
    address = url or canonical_url(body)
    if address is None:
        raise ConfigError(f"{file} names no canonical URL; name its URL with --url")
    if origin(address) is None:
        raise ConfigError(f"{'--url' if url else file}: {address[:200]} is no http(s) address of a page")
    for source in candidates:
        urls = SourceUrls(source, options.base(config.source(source.name).base_url))
        if urls.find_article(address) is not None:
            break
    else:
        source = undeclared_source(address, timezone)
        urls = SourceUrls(source)
    saved_at = datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
    job = PageJob(requested_url=address, url=address, body=body, urls=urls, fetched_at=saved_at, content_type=None)
    return job, source


def _parse(job: PageJob) -> ParsedPage:
    from scraper.crawl.page_parsing import parse_page  # noqa: PLC0415

    return parse_page(job)
