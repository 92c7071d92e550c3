"""Check everything that the daemon and crawls would refuse, all at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from scheduler.daemon.configuration_check import daemon_problems, schedulable
from scheduler.daemon.listen import check_listen
from scraper.crawl.options import CrawlOptions
from scraper.crawl.session import SourceContext
from scraper.declarations.source_settings import setting_problems
from scraper.source import Source
from scraper.sources import load_sources, read_crawl_config
from storage.config.settings import Config
from storage.database import schema
from storage.database.engine import create_store_engine
from storage.model.errors import ConfigError, PresswatchError, StoreError, collected
from storage.store import open_store


def configuration_problems(config_path: str | None, database: str | None) -> list[str]:
    """Return a line about each problem of the configuration: the file, the key and what to write. Changes nothing."""
    problems: list[str] = []
    config = read_crawl_config(config_path, database=database, problems=problems)
    known = load_sources(config)
    watched = known
    with collected(problems):
        watched = known.watched(config)
    usable, watched = schedulable(known, config), schedulable(watched, config)
    problems += [f"{name} is not crawled: {problem}" for name, problem in usable.problems.items()]
    problems += [*daemon_problems(config, watched), *_crawler_problems(config, usable.values())]
    problems += [*_database_problems(config), *_sql_database_problems(config), *_listen_problems(config)]
    return list(dict.fromkeys(problems))


def _crawler_problems(config: Config, sources: Iterable[Source]) -> list[str]:
    """Return a line about the key of the requests and about browsers, without which crawls do not begin."""
    problems: list[str] = []
    for source in sources:
        if any(key == "channels" for key, _ in setting_problems(source, config)):
            continue  # said already
        try:
            SourceContext(source=source, config=config, options=CrawlOptions(base_url=source.base_url))
        except ConfigError as error:
            problems.append(f"{config.file_of('scraper')}: {error}")
    return problems


def _database_problems(config: Config) -> list[str]:
    try:
        engine = create_store_engine(config.storage.database, busy_timeout=config.storage.busy_timeout)
        try:
            schema.check_unchanged(engine)
        finally:
            engine.dispose()
    except PresswatchError as error:
        return [f"{config.where('storage.database')}: {error}"]
    return []


def _sql_database_problems(config: Config) -> list[str]:
    """Return a line about an address of the database for reading alone that cannot be used; it is not connected to."""
    if not config.storage.sql_database:
        return []
    try:
        create_store_engine(config.storage.sql_database, busy_timeout=config.storage.busy_timeout).dispose()
    except PresswatchError as error:
        return [f"{config.where('storage.sql_database')}: {error}"]
    return []


def _listen_problems(config: Config) -> list[str]:
    """Return a line about an address that is not free; a daemon of this database may have it already."""
    if not config.scheduler.metrics_listen or _has_daemon(config):
        return []
    try:
        check_listen(config.scheduler.metrics_listen)
    except ConfigError as error:
        return [f"{config.file_of('scheduler.metrics_listen')}: {error}"]
    return []


def _has_daemon(config: Config) -> bool:
    try:
        with open_store(config.storage.database, busy_timeout=config.storage.busy_timeout, create=False) as store:
            lease = store.leases.holder()
    except (ConfigError, StoreError):
        return False
    return lease is not None and lease.is_alive(datetime.now(UTC))
