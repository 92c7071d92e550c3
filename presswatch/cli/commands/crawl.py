"""`presswatch crawl`: crawl sources once."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import aclosing
from typing import Any

import click

from presswatch.cli.group import config_options
from scraper.crawl.options import CrawlOptions, parse_limit, parse_recrawl, parse_since
from scraper.crawl.session import channels_of, now
from scraper.crawl.store_thread import StoreThread
from scraper.parsing.source_urls import SourceUrls
from scraper.source import Source, first_path
from scraper.sources import load_crawl_config, load_sources
from storage.config import logging_setup
from storage.config.logging_setup import DEBUG, print_error
from storage.config.settings import Config, LogSettings, SchedulerSettings
from storage.crawling.crawl_reports import CrawlReport
from storage.crawling.runs import RunSummary
from storage.model.errors import ConfigError, CrawlStoppedError, PresswatchError, failure_cause
from storage.model.records import RunStatus, Trigger
from storage.store import Store, open_store
from storage.text.sanitize import sanitize


@click.command()
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@click.option("--limit", metavar="N", help="Maximum number of articles to fetch.")
@click.option("--since", metavar="TIME", help='Only articles published at or after: "7d" or "2026-11-01".')
@click.option(
    "--recrawl",
    "recrawl",
    metavar="MODE",
    default="due",
    show_default=True,
    help="Known articles to recrawl: due, all or none.",
)
@click.option("--base-url", metavar="URL", help="Base URL of another copy of the site, such as http://127.0.0.1:8099.")
@click.option("--url", "urls", multiple=True, metavar="URL", help="Only this article; can be repeated.")
@click.option(
    "--scheduled",
    is_flag=True,
    hidden=True,
    help="Crawl as the daemon does: retry pending links only when they are due.",
)
@click.option("-v", "--verbose", is_flag=True, help="Log every fetch.")
@config_options
def crawl(  # noqa: PLR0913  (a command's options)
    names: Sequence[str],
    limit: str | None,
    since: str | None,
    recrawl: str,
    base_url: str | None,
    urls: Sequence[str],
    *,
    scheduled: bool,
    verbose: bool,
    config_path: str | None,
    database: str | None,
) -> int:
    """Crawl sources once: fetch new articles, recrawl known ones that are due. Without a name: every source.

    Prints one line per source. A source whose declaration is invalid does not stop the others. Exit codes: 0 success,
    1 a crawl failed, 2 invalid usage, configuration or declaration, 3 a source is already being crawled.
    """
    gc.disable()  # until the event loop runs: garbage collection is an eighth of the time of importing modules
    options = CrawlOptions(
        limit=parse_limit(limit, "--limit"),
        since=parse_since(since, "--since", now=now()),
        recrawl=parse_recrawl(recrawl, "--recrawl"),
        base_url=base_url,
        urls=tuple(urls),
        trigger=Trigger.SCHEDULED if scheduled else Trigger.MANUAL,
    )
    try:
        return crawl_sources(names, options, config_path=config_path, database=database, verbose=verbose)
    except Exception as error:
        if scheduled:
            for name in names:
                click.echo(CrawlReport(source=name, cause=failure_cause(error), error=str(error)).as_line())
        raise


def crawl_sources(
    names: Sequence[str], options: CrawlOptions, *, config_path: str | None, database: str | None, verbose: bool
) -> int:
    """Crawl the named sources (default: all) concurrently, print a summary of each, return the exit code."""
    config = load_crawl_config(config_path, database=database)
    sources = load_sources(config)
    selected = [sources.named(name) for name in dict.fromkeys(names)] or list(sources.values())
    problems = {} if names else sources.problems
    if (options.urls or options.base_url is not None) and len(selected) != 1:
        raise ConfigError("--url and --base-url need exactly one SOURCE")
    for source in selected:
        check(source, config, options)
    configure_logs(config.log, options, verbose=verbose)
    if options.trigger is Trigger.SCHEDULED:
        set_process_alarm(config.scheduler)
    # Start-up time: Scrapy takes 0.3 s to import, which --help and invalid usage do not need.
    from scraper.engine.event_loop import run_async  # noqa: PLC0415
    from scraper.engine.run import crawl as crawl_source  # noqa: PLC0415

    async def crawl_all(store: Store) -> list[RunSummary | BaseException]:
        async with aclosing(StoreThread()) as writer:
            return await finish_all(crawl_source(source, store, writer, config, options) for source in selected)

    with open_store(config.storage.database, busy_timeout=config.storage.busy_timeout) as store:
        outcomes = run_async(crawl_all(store))
    if options.trigger is Trigger.SCHEDULED:
        for source, outcome in zip(selected, outcomes, strict=True):
            click.echo(_as_report(source, outcome).as_line())
    codes = [
        _print_outcome(source, outcome, summarize=options.trigger is not Trigger.SCHEDULED)
        for source, outcome in zip(selected, outcomes, strict=True)
    ]
    codes += [print_error(f"{name}: {problem}", ConfigError.exit_code) for name, problem in problems.items()]
    return max(codes, default=0)


def check(source: Source, config: Config, options: CrawlOptions) -> None:
    """Validate the base URL, the channel URLs and the options of a crawl. Raises ConfigError."""
    settings = config.source(source.name)
    source_urls = SourceUrls(source, options.base(settings.base_url))
    for channel in channels_of(source, settings):
        source_urls.channel_url(first_path(channel))
    for url in options.urls:
        if source_urls.article_url(url) is None:
            raise ConfigError(f"--url {url} is not an article URL of {source.name} at {source_urls.base}")


def set_process_alarm(limits: SchedulerSettings) -> None:
    """Set a timer that kills this process some time after the daemon would have.

    A process whose daemon was killed is killed by nobody else, and its open run would block the source for ever.
    """
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.setitimer(signal.ITIMER_REAL, (limits.crawl_timeout + 3 * limits.shutdown_grace_period).total_seconds())


def configure_logs(log: LogSettings, options: CrawlOptions, *, verbose: bool) -> None:
    """Log to stderr: as configured for a scheduled crawl; else warnings, or everything with `verbose`."""
    if options.trigger is Trigger.SCHEDULED:
        logging_setup.configure(level=log.level, form=log.format, traces=DEBUG.get())
    else:
        logging_setup.configure(level="info" if verbose else "warning", form="terse", traces=DEBUG.get())


async def finish_all(crawls: Iterable[Coroutine[Any, Any, RunSummary]]) -> list[RunSummary | BaseException]:
    """Run crawls at once and return the summary or the exception of each; cancelling it cancels and awaits them all."""
    tasks = [asyncio.create_task(crawl) for crawl in crawls]
    while True:
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError:  # once to stop in good order, twice to stop now: each crawl counts for itself
            for task in tasks:
                task.cancel()
        else:
            return [_outcome(task) for task in tasks]


def _outcome(task: asyncio.Task[RunSummary]) -> RunSummary | BaseException:
    return CrawlStoppedError("stopped before its end") if task.cancelled() else task.exception() or task.result()


def _as_report(source: Source, outcome: RunSummary | BaseException) -> CrawlReport:
    if isinstance(outcome, RunSummary):
        return CrawlReport(source=source.name, cause=outcome.cause, error=outcome.error)
    return CrawlReport(source=source.name, cause=failure_cause(outcome), error=str(outcome))


def _print_outcome(source: Source, outcome: RunSummary | BaseException, *, summarize: bool) -> int:
    if isinstance(outcome, RunSummary):
        if summarize:
            click.echo(sanitize(summary_line(outcome)))
        return print_error(f"{source.name}: {outcome.error}", 1) if outcome.status is not RunStatus.SUCCEEDED else 0
    try:
        raise outcome
    except PresswatchError as error:  # within `except`, so that --debug has its trace
        return print_error(str(error), error.exit_code)


def summary_line(run: RunSummary) -> str:
    """Summarize a crawl in one line: counts of outcomes, requests, bytes, seconds."""
    counts = (
        f"{run.listed} listed, {run.new} new, {run.revised} edited, {run.views_updated} views updated, "
        f"{run.unchanged} unchanged, {run.filtered} filtered, {run.failed} failed, {run.gone} gone; "
        f"{run.pending} pending"
    )
    seconds = (run.finished_at - run.started_at).total_seconds()
    cost = f"{run.requests} requests, {run.received / 1e6:.1f} MB, {seconds:.1f} s"
    return f"{run.source}: {run.status}: {counts}; {cost}"
