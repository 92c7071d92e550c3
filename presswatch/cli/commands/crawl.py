"""`presswatch crawl`: crawl sources once."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Any

import click

from presswatch.cli.completion import complete_source
from presswatch.cli.group import config_options
from presswatch.output.tables import list_unchanged, view_counts_updated
from scraper.crawl.options import CrawlOptions, parse_limit, parse_recrawl, parse_since
from scraper.crawl.session import check_options, now
from scraper.crawl.store_thread import StoreThread
from scraper.source import Source
from scraper.sources import load_crawl_config, load_sources
from storage.config import logging_setup
from storage.config.logging_setup import DEBUG, print_error
from storage.crawling.runs import RunSummary
from storage.model.errors import ConfigError, CrawlStoppedError, PresswatchError
from storage.model.records import RunStatus
from storage.store import Store, open_store
from storage.text.counts import counted, listed_counts
from storage.text.sanitize import sanitize


@click.command()
@click.argument("names", nargs=-1, metavar="[SOURCE]...", shell_complete=complete_source)
@click.option("--limit", metavar="N", help="Maximum number of articles to fetch.")
@click.option("--since", metavar="TIME", help='Only articles published at or after: today, "7d" or "2026-11-01"; UTC.')
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
    "--worker",
    is_flag=True,
    hidden=True,
    help="Crawl for the daemon: the sources that it names on stdin, until stdin ends.",
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
    worker: bool,
    verbose: bool,
    config_path: str | None,
    database: str | None,
) -> int:
    """Crawl sources once: fetch new articles, recrawl known ones that are due. Without a name: every source.

    Prints one line per source. A source whose declaration is invalid does not stop the others. Exit codes: 0 success,
    1 a crawl failed, 2 invalid usage, configuration or declaration, 3 a source is already being crawled.
    """
    gc.disable()  # until the event loop runs: garbage collection is an eighth of the time of importing modules
    if worker:
        return run_worker(database=database)
    options = CrawlOptions(
        limit=parse_limit(limit, "--limit"),
        since=parse_since(since, "--since", now=now()),
        recrawl=parse_recrawl(recrawl, "--recrawl"),
        base_url=base_url,
        urls=tuple(urls),
    )
    return crawl_sources(names, options, config_path=config_path, database=database, verbose=verbose)


def run_worker(*, database: str | None) -> int:
    """Crawl for the daemon until stdin ends; return the exit code. Raises ConfigError."""
    # Start-up time: Scrapy takes 0.3 s to import, which --help and invalid usage do not need.
    from presswatch.cli.worker import serve  # noqa: PLC0415
    from scraper.engine.event_loop import run_async  # noqa: PLC0415

    return run_async(serve(database=database))


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
        check_options(source, config, options)
    configure_logs(verbose=verbose)
    # Start-up time: Scrapy takes 0.3 s to import, which --help and invalid usage do not need.
    from scraper.engine.event_loop import run_async  # noqa: PLC0415
    from scraper.engine.run import crawl as crawl_source  # noqa: PLC0415

    async def crawl_all(store: Store) -> list[RunSummary | BaseException]:
        writer = StoreThread()
        return await finish_all((crawl_source(source, store, writer, config, options) for source in selected), writer)

    with open_store(config.storage.database, busy_timeout=config.storage.busy_timeout) as store:
        outcomes = run_async(crawl_all(store))
    codes = [_print_outcome(source, outcome) for source, outcome in zip(selected, outcomes, strict=True)]
    codes += [print_error(f"{name}: {problem}", ConfigError.exit_code) for name, problem in problems.items()]
    return max(codes, default=0)


def configure_logs(*, verbose: bool) -> None:
    """Log to stderr for a person who waits: warnings, or everything with `verbose`."""
    logging_setup.configure(level="info" if verbose else "warning", form="terse", traces=DEBUG.get())


async def finish_all(
    crawls: Iterable[Coroutine[Any, Any, RunSummary]], writer: StoreThread
) -> list[RunSummary | BaseException]:
    """Run crawls at once, close their store thread, and return the summary or the exception of each.

    Cancelling it cancels and awaits them all; while the thread closes, each has ended and nothing is left to cancel.
    """
    tasks = [asyncio.create_task(crawl) for crawl in crawls]
    while not all(task.done() for task in tasks):
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError:  # once to stop in good order, twice to stop now: each crawl counts for itself
            for task in tasks:
                task.cancel()
    with suppress(asyncio.CancelledError):
        await writer.aclose()
    return [_outcome(task) for task in tasks]


def _outcome(task: asyncio.Task[RunSummary]) -> RunSummary | BaseException:
    return CrawlStoppedError("stopped before its end") if task.cancelled() else task.exception() or task.result()


def _print_outcome(source: Source, outcome: RunSummary | BaseException) -> int:
    if isinstance(outcome, RunSummary):
        click.echo(sanitize(summary_line(outcome)))
        return print_error(f"{source.name}: {outcome.error}", 1) if outcome.status is not RunStatus.SUCCEEDED else 0
    try:
        raise outcome
    except PresswatchError as error:  # within `except`, so that --debug has its trace
        return print_error(str(error), error.exit_code)


def summary_line(run: RunSummary) -> str:
    """Summarize a crawl in one line: the counts of outcomes that are not zero, then requests, bytes, seconds."""
    counts = listed_counts(
        (
            (run.listed, "listed"),
            (run.new, "new"),
            (run.revised, "edited"),
            (run.views_updated, view_counts_updated(run.views_updated)),
            (run.unchanged, "unchanged"),
            (run.filtered, "filtered"),
            (run.failed, "failed"),
            (run.gone, "gone"),
            (run.pending, "pending"),
        )
    )
    unchanged = list_unchanged(run.status, has_changed=run.list_changed)
    found = ", ".join(filter(None, (unchanged, counts))) or "nothing listed"
    seconds = (run.finished_at - run.started_at).total_seconds()
    cost = f"{counted(run.requests, 'request')}, {run.received / 1e6:.1f} MB, {seconds:.1f} s"
    return f"{run.source}: {run.status}: {found}; {cost}"
