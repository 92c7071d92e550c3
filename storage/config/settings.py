"""Declare the tables of the configuration, `presswatch.toml`: every setting has a name, a default and a help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from storage.config.parsers import (
    boolean,
    channels,
    choice,
    duration,
    fraction,
    int_between,
    language_list,
    optional_duration,
    positive_duration,
    retention,
    size,
    string_list,
    text,
    timezone_name,
)
from storage.config.setting_row import setting
from storage.config.source_files import SourceTable
from storage.config.web_settings import WebSettings
from storage.model.errors import ConfigError
from storage.model.event_kinds import NOTIFIED_KINDS, EventKind

DEFAULT_FILE = "presswatch.toml"
STDIN = "-"
"""Name of a configuration file that is read from stdin."""


def event_kinds(value: Any) -> tuple[str, ...]:
    return tuple(choice(*EventKind)(word) for word in string_list(value) or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """Settings of the table `[storage]`."""

    database: str = setting(
        "sqlite:///presswatch.db", text, "URL of the database, or the path of a SQLite file", secret=True
    )
    sql_database: str = setting(
        "", text, "SQLAlchemy URL of the same database for `presswatch sql`, of a role that may only read", secret=True
    )
    busy_timeout: timedelta = setting("30 s", duration, "maximum wait for a lock that another process holds")
    keep_fetches: timedelta | None = setting(
        None,
        retention,
        "age after which fetches that changed nothing are deleted, but the first and last of a link; none keeps all",
    )
    keep_readings: timedelta | None = setting(
        None,
        retention,
        "age after which view readings are thinned to one a day, and those that answers need; none keeps all",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScraperSettings:
    """Settings of the table `[scraper]`: politeness and limits of a crawl."""

    contact: str = setting("", text, "mail or web address in the User-Agent, so that a site can reach you")
    delay: timedelta = setting("1 s", duration, "delay between two requests to a host")
    concurrency: int = setting(2, int_between(1, 64), "maximum number of parallel requests to a host")
    autothrottle: bool = setting(True, boolean, "adapt the delay to the latency of the host")
    timeout: timedelta = setting("30 s", positive_duration, "timeout of one request, with its body")
    max_response_size: int = setting("10 MB", size, "maximum size of a body, after decompression")
    retries: int = setting(2, int_between(0, 10), "maximum number of retries of a request within one crawl")
    retry_delay: timedelta = setting("2 s", duration, "delay before the first retry; it doubles each time")
    max_retry_after: timedelta = setting(
        "60 s", duration, "maximum Retry-After to wait for within a crawl; a longer one ends it"
    )
    max_requests: int = setting(
        500,
        int_between(1, 100_000),
        "maximum number of requests for articles and their counts a crawl",
    )
    max_stored_size: int = setting("200 MB", size, "maximum size of the texts that one crawl stores; then it ends")
    recrawl_share: float = setting(0.5, fraction, "maximum share of max_requests for recrawls")
    obey_robots_txt: bool = setting(True, boolean, "obey robots.txt")
    respect_tdm: str = setting(
        "",
        choice("", "record", "skip"),
        "reservations of rights: keep also those of tdmrep.json (record), and store no reserved page (skip); if empty, "
        "those of pages, headers and robots.txt are kept",
    )
    identity: str = setting(
        "",
        text,
        "file of the key that signs each request (Web Bot Auth), see `presswatch identity`; off if empty",
    )
    browser: str = setting(
        "",
        text,
        "path of the Chromium that renders the pages of sources with `render = true`; searched on PATH if empty",
    )
    max_crawl_delay: timedelta = setting(
        "60 s", duration, "maximum delay that Crawl-delay and Request-rate of robots.txt may ask for"
    )
    lease: timedelta = setting(
        "2 min",
        positive_duration,
        "time without a heartbeat of a crawl after which another one takes its source over; it sends four in it",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerSettings:
    """Settings of the table `[scheduler]`: the daemon and its worker processes."""

    sources: tuple[str, ...] = setting([], string_list, "sources that the daemon watches; [] watches all")
    engine: str = setting(
        "local",
        choice("local", "procrastinate"),
        "what runs the crawls: worker processes of the daemon (local), or `presswatch worker` on any number of "
        "machines (procrastinate; needs PostgreSQL and the extra cluster)",
    )
    max_workers: int = setting(2, int_between(1, 32), "maximum number of worker processes")
    crawls_per_worker: int = setting(8, int_between(1, 100), "maximum number of crawls that a worker runs at once")
    crawl_timeout: timedelta = setting("30 min", positive_duration, "timeout of a crawl")
    shutdown_grace_period: timedelta = setting(
        "20 s", duration, "time to end in good order: of a crawl at its timeout, of a worker before SIGKILL"
    )
    memory_limit: int = setting("1 GB", size, "maximum resident memory of a worker process")
    metrics_listen: str = setting(
        "", text, "host and port of /healthz and /metrics, such as 127.0.0.1:9464; off if empty"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """Settings of the table `[alerts]`: notifications of health events."""

    targets: tuple[str, ...] = setting([], string_list, "Apprise URLs to notify of events; off if empty", secret=True)
    kinds: tuple[str, ...] = setting(
        [kind.value for kind in NOTIFIED_KINDS],
        event_kinds,
        "kinds of events to notify of; `presswatch events` lists all events",
    )
    timeout: timedelta = setting("20 s", positive_duration, "timeout of sending one alert")
    give_up_after: timedelta = setting(
        "3 d", duration, "time after which an alert that its target refuses (HTTP 4xx) is given up"
    )


LOG_LEVEL = choice("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """Settings of the table `[log]`: log lines of the daemon and its crawls on stderr."""

    level: str = setting("info", LOG_LEVEL, "debug, info, warning or error")
    format: str = setting("text", choice("text", "json"), "text or json, one line an entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSettings:
    """Settings of the table `[output]`: how answers are shown to people."""

    timezone: str = setting(
        "UTC", timezone_name, "time zone of the times and days of lists, counts, reports and pages, such as Asia/Baku"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """Settings of a table `[sources.<name>]`; None: the declaration of the source counts."""

    base_url: str | None = setting(
        None, text, "base URL of another copy of the site (mirror, test site) to crawl instead", secret=True
    )
    channels: tuple[Mapping[str, Any], ...] | None = setting(
        None,
        channels,
        'channels to poll: [{ feed = "/rss.xml" }, { sitemap = "/news-sitemap.xml" }, { list = "/en/politics" }]',
    )
    sections: tuple[str, ...] | None = setting(None, string_list, "sections to keep; [] keeps all")
    languages: tuple[str, ...] | None = setting(None, language_list, "languages to keep; [] keeps all")
    interval: timedelta | None = setting(
        None, optional_duration, "fixed poll interval; without it and `cron` the daemon adapts the interval"
    )
    cron: str | None = setting(None, text, 'poll times as a cron expression, such as "*/10 6-23 * * *"')
    timezone: str | None = setting(None, timezone_name, "time zone of `cron`; without it that of the source")
    min_interval: timedelta | None = setting(
        None, optional_duration, "minimum of the adaptive poll interval; without it 5 min"
    )
    max_interval: timedelta | None = setting(
        None, optional_duration, "maximum of the adaptive poll interval; without it 6 h"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingOrigin:
    """A setting as somebody wrote it, and where: a file, the environment, the command line."""

    value: Any
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings in force."""

    storage: StorageSettings = field(default_factory=StorageSettings)
    scraper: ScraperSettings = field(default_factory=ScraperSettings)
    scheduler: SchedulerSettings = field(default_factory=SchedulerSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    log: LogSettings = field(default_factory=LogSettings)
    output: OutputSettings = field(default_factory=OutputSettings)
    web: WebSettings = field(default_factory=WebSettings)
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    declarations: Mapping[str, SourceTable] = field(default_factory=dict)
    """Sources that the file and the folder `sources.d` declare, by name, as they are written."""
    path: Path | None = None
    toml: str = field(default="", repr=False)
    """Text of the configuration file and of the folder `sources.d`, as another process reads it again."""
    origins: Mapping[str, SettingOrigin] = field(default_factory=dict)
    """Settings that differ from their default, by path (`scraper.delay`, `sources.caliber.interval`)."""

    def source(self, name: str) -> SourceSettings:
        return self.sources.get(name) or SourceSettings()

    def with_log_level(self, level: str, where: str) -> Config:
        """Return a copy with another level of the log. Raises ConfigError if it is none."""
        try:
            log = replace(self.log, level=LOG_LEVEL(level))
        except ValueError as error:
            raise ConfigError(f"{where}: {error}") from error
        written = {**self.origins, "log.level": SettingOrigin(value=level, source=where)}
        return replace(self, log=log, origins=written)

    def file_of(self, path: str) -> str:
        """Return what sets a setting: a file, the environment or the command line."""
        return self.origins[path].source if path in self.origins else str(self.path or "the defaults")

    def where(self, path: str) -> str:
        """Return what sets a setting, and its key there, as errors name them."""
        return f"{self.file_of(path)}: {path}"

    def is_declared_with(self, source: str, key: str) -> bool:
        """Return whether a setting of a source stands in its declaration, and is of no concern to other sources."""
        declared = self.declarations.get(source)
        return declared is not None and self.file_of(f"sources.{source}.{key}") == declared.file


SETTINGS_TABLES: Mapping[str, type[Any]] = {
    "storage": StorageSettings,
    "scraper": ScraperSettings,
    "scheduler": SchedulerSettings,
    "alerts": AlertSettings,
    "log": LogSettings,
    "output": OutputSettings,
    "web": WebSettings,
}
"""The tables of the file, but for `[sources.<name>]`."""


def setting_rows(kind: type[Any]) -> tuple[Field[Any], ...]:
    """The rows of a settings table; `metadata` has the default as written, and the help."""
    return tuple(row for row in fields(kind) if row.default_factory is not MISSING and "help" in row.metadata)
