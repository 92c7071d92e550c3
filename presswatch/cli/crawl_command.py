"""From a command line to crawls and back: several sources in one loop, a line each, an exit code for all."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import click
from scrapy.utils.misc import load_object
from scrapy.utils.reactorless import install_reactor_import_hook

from presswatch.output import formats
from presswatch.output.page_text import as_json, as_text
from scraper.links import Addresses
from scraper.options import CrawlOptions
from scraper.run import crawl, fetch_page
from scraper.session import Visit, channels_of
from scraper.settings import event_loop
from scraper.source import Source
from scraper.sources import get_source, load_crawl_config, load_sources
from scraper.writer import Writer
from storage import logs
from storage.config import Config, LogSettings, SchedulerSettings
from storage.errors import ConfigError, PresswatchError
from storage.logs import DEBUG, print_error
from storage.printable import safe
from storage.records import Failure, RunStatus, Trigger
from storage.runs import RunSummary
from storage.store import Store, open_store

T = TypeVar("T")

GARBAGE = (10_000, 10, 10)
"""When garbage is looked for: a page's tree alone is more than Python's 700 objects, and none of it is garbage yet."""


def crawl_sources(
    names: Sequence[str], options: CrawlOptions, *, config_path: str | None, database: str | None, verbose: bool
) -> int:
    """Crawl these sources (all, if none is named) at once; say how each went; return the exit code."""
    config = load_crawl_config(config_path, database=database)
    chosen = [get_source(name) for name in dict.fromkeys(names)] or list(load_sources().values())
    if (options.urls or options.base_url is not None) and len(chosen) != 1:
        raise ConfigError("--url and --base-url go with one source: name it")
    for source in chosen:
        check(source, config, options)
    configure(config.log, options, verbose=verbose)
    if options.trigger is Trigger.SCHEDULED:
        end_by_itself(config.scheduler)
    with open_store(config.storage.database, busy_timeout=config.storage.busy_timeout) as store:
        outcomes = run_loop(_crawl_all(chosen, store, config, options))
    return max(_report(source, outcome) for source, outcome in zip(chosen, outcomes, strict=True))


def check(source: Source, config: Config, options: CrawlOptions) -> None:
    """Refuse before anything is opened what cannot work: a base address that is none, what is of another site."""
    chosen = config.source(source.name)
    addresses = Addresses(source, options.base(chosen.base_url))
    for channel in channels_of(source, chosen):
        addresses.channel(channel.path)
    for url in options.urls:
        if addresses.article(url) is None:
            raise ConfigError(f"--url {url}: no article address of {source.name} at {addresses.base}")


def end_by_itself(limits: SchedulerSettings) -> None:
    """Let the system end this process some time after its daemon would have: one whose daemon was killed has nobody
    else to do it, and would keep its source from being crawled for ever."""
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.setitimer(signal.ITIMER_REAL, (limits.crawl_timeout + 3 * limits.shutdown_grace_period).total_seconds())


def configure(log: LogSettings, options: CrawlOptions, *, verbose: bool) -> None:
    """Log to stderr: by the settings where a schedule started us; else what needs attention, or with `verbose` all."""
    if options.trigger is Trigger.SCHEDULED:
        logs.configure(level=log.level, form=log.format, traces=DEBUG.get())
    else:
        logs.configure(level="info" if verbose else "warning", form="terse", traces=DEBUG.get())


def run_loop(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a loop of its own; SIGINT and SIGTERM cancel it, so that it can end in good order."""
    install_reactor_import_hook()
    # What was imported lives to the end of the process: a collector that walks it again and again costs 5 % of a crawl.
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    gc.enable()
    loop = load_object(event_loop() or "asyncio.SelectorEventLoop")
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(_until_terminated(main))


async def _until_terminated(main: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    with suppress(NotImplementedError):  # Windows has no such signals in its loop
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel if task else lambda: None)
    return await main


async def _crawl_all(
    sources: Sequence[Source], store: Store, config: Config, options: CrawlOptions
) -> list[RunSummary | BaseException]:
    writer = Writer()
    tasks = [asyncio.create_task(crawl(source, store, writer, config, options)) for source in sources]
    try:
        await asyncio.wait(tasks)
    except asyncio.CancelledError:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    finally:
        writer.close()
    return [task.exception() or task.result() for task in tasks]


def _report(source: Source, outcome: RunSummary | BaseException) -> int:
    if isinstance(outcome, RunSummary):
        click.echo(safe(summary_line(outcome)))
        return print_error(f"{source.name}: {outcome.error}", 1) if outcome.status is not RunStatus.SUCCEEDED else 0
    try:
        raise outcome
    except PresswatchError as error:  # within `except`, so that --debug has its trace
        return print_error(str(error), error.exit_code)


def summary_line(run: RunSummary) -> str:
    """How a crawl went, in one line."""
    counts = (
        f"{run.listed} listed, {run.new} new, {run.revised} edited, {run.recounted} re-counted, {run.same} unchanged, "
        f"{run.filtered} filtered, {run.failed} failed, {run.gone} gone; {run.pending} pending"
    )
    seconds = (run.finished_at - run.started_at).total_seconds()
    cost = f"{run.requests} requests, {run.received / 1e6:.1f} MB, {seconds:.1f} s"
    return f"{run.source}: {run.status}: {counts}; {cost}"


def read_page(url: str, *, name: str | None, base_url: str | None, form: str, config_path: str | None) -> int:
    """Fetch and read one page and print it; return the exit code."""
    if form not in {"text", "json"}:
        raise ConfigError(f"--format: {form!r} is not one of text, json")
    config, options = load_crawl_config(config_path), CrawlOptions(base_url=base_url)
    source, address = _find_source(url, name, options, config)
    configure(config.log, CrawlOptions(), verbose=False)
    visit = Visit(source=source, config=config, options=options)
    outcome = run_loop(fetch_page(visit, address))
    if isinstance(outcome, Failure):
        return print_error(f"{outcome.url}: {outcome.stage}: {outcome.reason}", 1)
    if form == "json":
        formats.emit([as_json(outcome, source), "\n"])
    else:
        formats.say([as_text(outcome, source)])
    return 0


def _find_source(url: str, name: str | None, options: CrawlOptions, config: Config) -> tuple[Source, str]:
    candidates = [get_source(name)] if name else list(load_sources().values())
    for source in candidates:
        addresses = Addresses(source, options.base(config.source(source.name).base_url))
        address = addresses.article(url)
        if address is not None:
            return source, address
    known = ", ".join(f"{source.name} ({options.base_url or source.home})" for source in candidates)
    raise ConfigError(f"{url} is no article address of {known}; --base-url names another copy of a site")
