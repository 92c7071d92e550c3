"""The one configuration file, `presswatch.toml`, and its tables: every setting has a name, a default and a help.

Order of force: command line, environment (PRESSWATCH_CONFIG, PRESSWATCH_DATABASE), file, default. A key that no table
knows is refused by its path, so that a misspelt setting never passes for a default.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from storage.config import source_files
from storage.config.parsers import (
    boolean,
    channels,
    choice,
    duration,
    fraction,
    int_between,
    nearest_key,
    optional_duration,
    size,
    string_list,
    text,
    timezone_name,
)
from storage.config.source_files import SourceTable
from storage.config.toml_text import load_toml, short_key, short_value
from storage.model.errors import ConfigError
from storage.model.event_kinds import NOTIFIED_KINDS, EventKind

S = TypeVar("S")

DEFAULT_FILE = "presswatch.toml"
STDIN = "-"
"""Name of a configuration file that is read from stdin."""


def event_kinds(value: Any) -> tuple[str, ...]:
    return tuple(choice(*EventKind)(word) for word in string_list(value) or ())


def setting(
    default: Any,
    parse: Callable[[Any], Any],
    help: str,  # noqa: A002
    *,
    secret: bool = False,
) -> Any:
    """A row of a settings table; `default` is written as a person would write it in the file.

    The value of a `secret` one may hold a password or a token: it is shown nowhere as it is.
    """
    metadata = {"default": default, "parse": parse, "help": help, "secret": secret}
    return field(default_factory=lambda: parse(default), metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """Settings of the table `[storage]`."""

    database: str = setting("sqlite:///presswatch.db", text, "SQLAlchemy URL of the database", secret=True)
    sql_database: str = setting(
        "", text, "SQLAlchemy URL of the same database for `presswatch sql`, of a role that may only read", secret=True
    )
    busy_timeout: timedelta = setting("30 s", duration, "maximum wait for a lock that another process holds")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScraperSettings:
    """Settings of the table `[scraper]`: politeness and limits of a crawl."""

    contact: str = setting("", text, "mail or web address in the User-Agent, so that a site can reach you")
    delay: timedelta = setting("1 s", duration, "delay between two requests to a host")
    concurrency: int = setting(2, int_between(1, 64), "maximum number of parallel requests to a host")
    autothrottle: bool = setting(True, boolean, "adapt the delay to the latency of the host")
    timeout: timedelta = setting("30 s", duration, "timeout of one request, with its body")
    max_response_size: int = setting("10 MB", size, "maximum size of a body, after decompression")
    retries: int = setting(2, int_between(0, 10), "maximum number of retries of a request within one crawl")
    retry_delay: timedelta = setting("2 s", duration, "delay before the first retry; it doubles each time")
    max_retry_after: timedelta = setting(
        "60 s", duration, "maximum Retry-After to wait for within a crawl; a longer one ends it"
    )
    max_requests: int = setting(500, int_between(1, 100_000), "maximum number of article requests a crawl")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerSettings:
    """Settings of the table `[scheduler]`: the daemon and its crawl processes."""

    sources: tuple[str, ...] = setting([], string_list, "sources that the daemon watches; [] watches all")
    max_workers: int = setting(2, int_between(1, 32), "maximum number of parallel crawl processes")
    crawl_timeout: timedelta = setting("30 min", duration, "timeout of a crawl process")
    shutdown_grace_period: timedelta = setting("20 s", duration, "time from SIGTERM to SIGKILL of a crawl process")
    memory_limit: int = setting("1 GB", size, "maximum resident memory of a crawl process")
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
    timeout: timedelta = setting("20 s", duration, "timeout of sending one alert")
    give_up_after: timedelta = setting(
        "3 d", duration, "time after which an alert that its target refuses (HTTP 4xx) is given up"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """Settings of the table `[log]`: log lines of the daemon and its crawls on stderr."""

    level: str = setting("info", choice("debug", "info", "warning", "error"), "debug, info, warning or error")
    format: str = setting("text", choice("text", "json"), "text or json, one line an entry")


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
    languages: tuple[str, ...] | None = setting(None, string_list, "languages to keep; [] keeps all")
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


RENAMED_SETTINGS: Mapping[str, str] = {
    "scraper.patience": "scraper.max_retry_after",
    "scraper.relook_share": "scraper.recrawl_share",
    "scraper.budget": "scraper.max_requests",
    "scraper.max_body": "scraper.max_response_size",
    "scraper.robots": "scraper.obey_robots_txt",
    "scraper.retry_wait": "scraper.retry_delay",
    "sources.*.every": "sources.*.interval",
    "sources.*.every_min": "sources.*.min_interval",
    "sources.*.every_max": "sources.*.max_interval",
    "scheduler.slots": "scheduler.max_workers",
    "scheduler.deadline": "scheduler.crawl_timeout",
    "scheduler.grace": "scheduler.shutdown_grace_period",
    "scheduler.memory": "scheduler.memory_limit",
    "scheduler.listen": "scheduler.metrics_listen",
    "alerts.to": "alerts.targets",
}
"""New path of every setting by its old one; `*` stands for the name of a source."""


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
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    declarations: Mapping[str, SourceTable] = field(default_factory=dict)
    """Sources that the file and the folder `sources.d` declare, by name, as they are written."""
    path: Path | None = None
    toml: str = field(default="", repr=False)
    """Text of the configuration file and of the folder `sources.d`, as it can be read again from stdin."""
    origins: Mapping[str, SettingOrigin] = field(default_factory=dict)
    """Settings that differ from their default, by path (`scraper.delay`, `sources.caliber.interval`)."""

    def source(self, name: str) -> SourceSettings:
        return self.sources.get(name) or SourceSettings()


def load_config(path: str | Path | None = None, *, database: str | None = None) -> Config:
    """Read the configuration file and the environment.

    `path` must exist when given, as must that of PRESSWATCH_CONFIG; `presswatch.toml` in the working folder need not.
    The path `-` is stdin.
    `database` is the command line's. Raises ConfigError, naming the file and the key.
    """
    chosen = path or os.environ.get("PRESSWATCH_CONFIG")
    file = Path(chosen or DEFAULT_FILE)
    toml = _read(file, must_exist=chosen is not None)
    files: Mapping[str, Any] = {} if str(file) == STDIN else source_files.read_folder(file)
    if toml is not None and str(file) == STDIN:
        toml, files = source_files.split(toml)
    config = Config() if toml is None and not files else _parse_config(toml or "", file, files)
    if toml is None:
        config = replace(config, path=None)
    if database is not None:  # an empty one on the command line is a mistake, and must not pass for the default
        return _with_database(config, database, "the command line (--database)")
    if database := os.environ.get("PRESSWATCH_DATABASE"):
        return _with_database(config, database, "the environment (PRESSWATCH_DATABASE)")
    return config


def _with_database(config: Config, database: str, where: str) -> Config:
    written = {**config.origins, "storage.database": SettingOrigin(value=database, source=where)}
    return replace(config, storage=replace(config.storage, database=database), origins=written)


def _read(file: Path, *, must_exist: bool) -> str | None:
    try:
        if str(file) == STDIN:
            return sys.stdin.buffer.read().decode("utf-8")
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        if must_exist:
            raise ConfigError(f"configuration file {file} does not exist") from None
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"configuration file {file} cannot be read: {error}") from error


SETTINGS_TABLES: Mapping[str, type[Any]] = {
    "storage": StorageSettings,
    "scraper": ScraperSettings,
    "scheduler": SchedulerSettings,
    "alerts": AlertSettings,
    "log": LogSettings,
}
"""The tables of the file, but for `[sources.<name>]`."""


def _parse_config(toml: str, file: Path, files: Mapping[str, str | OSError | UnicodeDecodeError]) -> Config:
    try:
        raw = load_toml(toml)
    except ValueError as error:
        raise ConfigError(f"configuration file {file} cannot be read: {error}") from error
    _refuse_unknown(raw, known={*SETTINGS_TABLES, "sources"}, path="", file=file)
    tables = _table(raw, "sources", file)
    written = {name: _table(tables, name, file, "sources.") for name in tables}
    origins: dict[str, SettingOrigin] = {}
    sources: dict[str, Mapping[str, Any]] = {}
    declarations: dict[str, SourceTable] = {}
    for table in _declared(written, file, files):
        first = declarations.get(table.name)
        if first is not None:
            problem = f"{first.file} and {table.file} both declare {table.name}; remove one of them"
            declarations[table.name] = replace(first, problem=problem)
            continue
        declarations[table.name], sources[table.name] = _without_settings(table)
        for name in sources[table.name]:
            origins[f"sources.{table.name}.{name}"] = SettingOrigin(value=table.values[name], source=table.file)
    for name, settings in written.items():
        if HOME not in settings:
            kept = sources.get(name, {})
            sources[name] = {**kept, **_parse_rows(SourceSettings, settings, f"sources.{name}", file)}
    return Config(
        **{name: _parse_table(kind, _table(raw, name, file), name, file) for name, kind in SETTINGS_TABLES.items()},
        sources={name: SourceSettings(**values) for name, values in sources.items()},
        declarations=declarations,
        path=file,
        toml=source_files.joined(toml, files),
        origins={**origins, **dict(_written(raw, str(file)))},
    )


HOME = "home"
"""Key that makes a table `[sources.<name>]` a declaration."""


def _declared(
    written: Mapping[str, Mapping[str, Any]],
    file: Path,
    files: Mapping[str, str | OSError | UnicodeDecodeError],
) -> Iterator[SourceTable]:
    """Every declaration as it is written: the tables of the file that have a home, and each file of `sources.d`."""
    for name, table in written.items():
        if HOME in table:
            yield SourceTable(name=name, file=str(file), prefix=f"sources.{name}.", values=table)
    for path, toml in files.items():
        stem = Path(path).stem
        try:
            if not isinstance(toml, str):
                raise toml
            values = load_toml(toml)
        except (OSError, ValueError) as error:
            yield SourceTable(name=stem, file=path, values={}, problem=f"{path} cannot be read: {error}")
            continue
        name = values.pop("name", stem)
        valid = isinstance(name, str) and bool(name)
        problem = None if valid else f"{path}: name: must be text in quotation marks"
        yield SourceTable(name=name if valid else stem, file=path, values=values, problem=problem)


def _without_settings(table: SourceTable) -> tuple[SourceTable, dict[str, Any]]:
    """Part a declaration from the settings in its table; an invalid one is a problem of this source alone.

    `sections` and `languages` are settings if they are lists, and declared if they are tables; `channels` and
    `timezone` are declared.
    """
    rows = {row.name: row for row in setting_rows(SourceSettings) if row.name not in {"channels", "timezone"}}
    written = {
        name: value
        for name, value in table.values.items()
        if name in rows and not (name in {"sections", "languages"} and isinstance(value, dict))
    }
    rest = {name: value for name, value in table.values.items() if name not in written}
    try:
        values = {
            name: _parse(rows[name], value, f"{table.prefix}{name}", Path(table.file))
            for name, value in written.items()
        }
    except ConfigError as error:
        return replace(table, values=rest, problem=table.problem or str(error)), {}
    return replace(table, values=rest), values


def _written(raw: Mapping[str, Any], file: str) -> Iterator[tuple[str, SettingOrigin]]:
    """Every setting of the file, without the tables that declare a source; the tables are known to be in order."""
    tables = {name: raw.get(name, {}) for name in SETTINGS_TABLES}
    tables |= {f"sources.{name}": table for name, table in raw.get("sources", {}).items() if HOME not in table}
    for path, table in tables.items():
        for name, value in table.items():
            yield f"{path}.{name}", SettingOrigin(value=value, source=file)


def _table(raw: Mapping[str, Any], name: str, file: Path, prefix: str = "") -> Mapping[str, Any]:
    value = raw.get(name, {})
    if not isinstance(value, dict):
        raise ConfigError(f"{file}: {prefix}{name} must be a table, written as [{prefix}{name}]")
    return value


def _parse_table(kind: type[S], raw: Mapping[str, Any], path: str, file: Path) -> S:
    return kind(**_parse_rows(kind, raw, path, file))


def _parse_rows(kind: type[Any], raw: Mapping[str, Any], path: str, file: Path) -> dict[str, Any]:
    rows = {row.name: row for row in setting_rows(kind)}
    _refuse_unknown(raw, known=set(rows), path=f"{path}.", file=file)
    return {name: _parse(rows[name], value, f"{path}.{name}", file) for name, value in raw.items()}


def setting_rows(kind: type[Any]) -> tuple[Field[Any], ...]:
    """The rows of a settings table; `metadata` has the default as written, and the help."""
    return tuple(row for row in fields(kind) if row.default_factory is not MISSING and "help" in row.metadata)


def _parse(row: Field[Any], value: Any, path: str, file: Path) -> Any:
    try:
        return row.metadata["parse"](value)
    except ValueError as error:
        shown = "" if row.metadata["secret"] else f" = {short_value(value)}"
        raise ConfigError(f"{file}: {path}{shown}: {error}") from None if row.metadata["secret"] else error


def _refuse_unknown(raw: Mapping[str, Any], *, known: set[str], path: str, file: Path) -> None:
    for name in raw:
        if name not in known:
            if renamed := _renamed(f"{path}{name}"):
                raise ConfigError(f"{file}: {path}{name} was renamed to {renamed}")
            nearest = nearest_key(name, known)
            declared = "; keys of a declaration need home beside them" if path.startswith("sources.") else ""
            names = ", ".join(sorted(known))
            raise ConfigError(
                f"{file}: unknown setting {path}{short_key(name)}{nearest}; known here: {names}{declared}"
            )


def _renamed(path: str) -> str | None:
    """Return the path that replaced this one; None for a path that never was one."""
    parts = path.split(".")
    if parts[0] != "sources" or len(parts) < 3:
        return RENAMED_SETTINGS.get(path)
    source, name = ".".join(parts[1:-1]), parts[-1]
    renamed = RENAMED_SETTINGS.get(f"sources.*.{name}")
    return renamed and renamed.replace("*", source)
