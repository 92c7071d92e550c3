"""The one configuration file, `presswatch.toml`, and its tables: every setting has a name, a default and a help.

Order of force: command line, environment (PRESSWATCH_CONFIG, PRESSWATCH_DATABASE), file, default. A key that no table
knows is refused by its path, so that a misspelt setting never passes for a default.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from storage.errors import ConfigError
from storage.records import EventKind
from storage.values import (
    channels,
    duration,
    flag,
    one_of,
    optional_duration,
    share,
    size,
    text,
    whole,
    words,
    zone,
)

S = TypeVar("S")

DEFAULT_FILE = "presswatch.toml"


def event_kinds(value: Any) -> tuple[str, ...]:
    return tuple(one_of(*EventKind)(word) for word in words(value) or ())


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
    """`[storage]`"""

    database: str = setting(
        "sqlite:///presswatch.db", text, "where articles are kept: an SQLAlchemy address", secret=True
    )
    busy_timeout: timedelta = setting(
        "30 s", duration, "how long a write waits while another process holds the database"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScraperSettings:
    """`[scraper]`: how fast, how patient, how much."""

    contact: str = setting("", text, "a mail or web address in the User-Agent, so that a site can reach you")
    delay: timedelta = setting("1 s", duration, "pause between two requests to a host")
    concurrency: int = setting(2, whole(1, 64), "requests to a host at the same time")
    autothrottle: bool = setting(True, flag, "slow down by itself when a host answers slowly")
    timeout: timedelta = setting("30 s", duration, "how long one answer may take in all")
    max_body: int = setting("10 MB", size, "largest body, after decompression")
    retries: int = setting(2, whole(0, 10), "tries after the first, within one crawl")
    retry_wait: timedelta = setting("2 s", duration, "pause before the first of them; it doubles each time")
    patience: timedelta = setting(
        "60 s", duration, "longest Retry-After to wait out within a crawl; a longer one ends it"
    )
    budget: int = setting(500, whole(1, 100_000), "article requests a crawl")
    relook_share: float = setting(0.5, share, "share of the budget that re-looks may use")
    robots: bool = setting(True, flag, "obey robots.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerSettings:
    """`[scheduler]`: the daemon, and the crawls it starts."""

    slots: int = setting(2, whole(1, 32), "crawl processes at the same time")
    deadline: timedelta = setting("30 min", duration, "how long a crawl process may take; then it is ended")
    grace: timedelta = setting("20 s", duration, "how long it may take to end in good order before it is killed")
    memory: int = setting("1 GB", size, "resident memory of a crawl process; one that takes more is ended")
    listen: str = setting("", text, "host and port of /healthz and /metrics, such as 127.0.0.1:9464; none if empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """`[alerts]`: who is told when something is wrong."""

    to: tuple[str, ...] = setting([], words, "Apprise addresses that are told of events; none if empty", secret=True)
    kinds: tuple[str, ...] = setting(
        ["silent", "drift", "blocked", "failing", "gap", "untrusted", "killed"],
        event_kinds,
        "the events that are told; `presswatch events` shows all",
    )
    timeout: timedelta = setting("20 s", duration, "how long sending one alert may take")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """`[log]`: what the daemon and its crawls say on stderr."""

    level: str = setting("info", one_of("debug", "info", "warning", "error"), "debug, info, warning or error")
    format: str = setting("text", one_of("text", "json"), "text or json, one line an entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """`[sources.<name>]`: what of a source is watched; what is not set is as the source declares it."""

    base_url: str | None = setting(
        None, text, "another copy of the site (mirror, test site) to crawl instead", secret=True
    )
    channels: tuple[Mapping[str, str], ...] | None = setting(
        None,
        channels,
        'addresses that list articles: [{ feed = "/rss.xml" }, { list = "/en/category/politics" }]',
    )
    sections: tuple[str, ...] | None = setting(None, words, "sections to keep; [] keeps all")
    languages: tuple[str, ...] | None = setting(None, words, "languages to keep; [] keeps all")
    every: timedelta | None = setting(
        None, optional_duration, "how often the daemon looks at it; without it and `cron`, as often as it deserves"
    )
    cron: str | None = setting(None, text, 'when the daemon looks at it, such as "*/10 6-23 * * *"')
    timezone: str | None = setting(None, zone, "the zone of `cron`; without it that of the source")
    every_min: timedelta | None = setting(
        None, optional_duration, "the shortest time between two looks that the daemon chooses; without it 5 min"
    )
    every_max: timedelta | None = setting(None, optional_duration, "the longest; without it 6 h")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A setting as somebody wrote it, and where: a file, the environment, the command line."""

    value: Any
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What is in force."""

    storage: StorageSettings = field(default_factory=StorageSettings)
    scraper: ScraperSettings = field(default_factory=ScraperSettings)
    scheduler: SchedulerSettings = field(default_factory=SchedulerSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    log: LogSettings = field(default_factory=LogSettings)
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    path: Path | None = None
    written: Mapping[str, Written] = field(default_factory=dict)
    """What is not as by default, by its path (`scraper.delay`, `sources.caliber.every`)."""

    def source(self, name: str) -> SourceSettings:
        return self.sources.get(name) or SourceSettings()


def load_config(path: str | Path | None = None, *, database: str | None = None) -> Config:
    """Read the configuration file and the environment.

    `path` must exist when given, as must that of PRESSWATCH_CONFIG; `presswatch.toml` in the working folder need not.
    `database` is the command line's. Raises ConfigError, naming the file and the key.
    """
    chosen = path or os.environ.get("PRESSWATCH_CONFIG")
    file = Path(chosen or DEFAULT_FILE)
    raw = _read(file, must_exist=chosen is not None)
    config = _build(raw, file) if raw is not None else Config()
    if database is not None:  # an empty one on the command line is a mistake, and must not pass for the default
        return _with_database(config, database, "the command line (--database)")
    if database := os.environ.get("PRESSWATCH_DATABASE"):
        return _with_database(config, database, "the environment (PRESSWATCH_DATABASE)")
    return config


def _with_database(config: Config, database: str, where: str) -> Config:
    written = {**config.written, "storage.database": Written(value=database, where=where)}
    return replace(config, storage=replace(config.storage, database=database), written=written)


def _read(file: Path, *, must_exist: bool) -> dict[str, Any] | None:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if must_exist:
            raise ConfigError(f"configuration file {file} does not exist") from None
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"configuration file {file} cannot be read: {error}") from error


TABLES: Mapping[str, type[Any]] = {
    "storage": StorageSettings,
    "scraper": ScraperSettings,
    "scheduler": SchedulerSettings,
    "alerts": AlertSettings,
    "log": LogSettings,
}
"""The tables of the file, but for `[sources.<name>]`."""


def _build(raw: Mapping[str, Any], file: Path) -> Config:
    _refuse_unknown(raw, known={*TABLES, "sources"}, path="", file=file)
    sources = _table(raw, "sources", file)
    return Config(
        **{name: _fill(kind, _table(raw, name, file), name, file) for name, kind in TABLES.items()},
        sources={
            name: _fill(SourceSettings, _table(sources, name, file, "sources."), f"sources.{name}", file)
            for name in sources
        },
        path=file,
        written=dict(_written(raw, str(file))),
    )


def _written(raw: Mapping[str, Any], file: str) -> Iterator[tuple[str, Written]]:
    """Every setting of the file; the tables are known to be in order."""
    tables = {name: raw.get(name, {}) for name in TABLES}
    tables |= {f"sources.{name}": table for name, table in raw.get("sources", {}).items()}
    for path, table in tables.items():
        for name, value in table.items():
            yield f"{path}.{name}", Written(value=value, where=file)


def _table(raw: Mapping[str, Any], name: str, file: Path, prefix: str = "") -> Mapping[str, Any]:
    value = raw.get(name, {})
    if not isinstance(value, dict):
        raise ConfigError(f"{file}: {prefix}{name} must be a table, written as [{prefix}{name}]")
    return value


def _fill(kind: type[S], raw: Mapping[str, Any], path: str, file: Path) -> S:
    rows = {row.name: row for row in settings_of(kind)}
    _refuse_unknown(raw, known=set(rows), path=f"{path}.", file=file)
    return kind(**{name: _parse(rows[name], value, f"{path}.{name}", file) for name, value in raw.items()})


def settings_of(kind: type[Any]) -> tuple[Field[Any], ...]:
    """The rows of a settings table; `metadata` has the default as written, and the help."""
    return tuple(row for row in fields(kind) if row.default_factory is not MISSING and "help" in row.metadata)


def _parse(row: Field[Any], value: Any, path: str, file: Path) -> Any:
    try:
        return row.metadata["parse"](value)
    except ValueError as error:
        shown = "" if row.metadata["secret"] else f" = {value!r}"
        raise ConfigError(f"{file}: {path}{shown}: {error}") from None if row.metadata["secret"] else error


def _refuse_unknown(raw: Mapping[str, Any], *, known: set[str], path: str, file: Path) -> None:
    for name in raw:
        if name not in known:
            raise ConfigError(f"{file}: unknown setting {path}{name}; known here: {', '.join(sorted(known))}")
