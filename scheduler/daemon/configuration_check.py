"""Check the configuration for a daemon: schedules, alert targets and the address of its metrics."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from scheduler.daemon.listen import parse_listen
from scheduler.planning.rules import ScheduleRule, parse_rule
from scraper.source import Source
from scraper.sources import Sources
from storage.config.settings import Config
from storage.model.errors import ConfigError
from storage.model.extras import Extra, missing_extra
from storage.model.redaction import redact_target

CLUSTER_LIBRARIES = ("procrastinate", "psycopg_pool", "tldextract")
SCHEDULE_KEYS = ("interval", "cron", "timezone", "min_interval", "max_interval")


def schedule_rule(source: Source, config: Config) -> ScheduleRule:
    """Parse the schedule settings of a source. Raises ConfigError, naming file and table."""
    settings = config.source(source.name)
    try:
        return parse_rule(
            interval=settings.interval,
            cron=settings.cron,
            timezone=settings.timezone or source.timezone,
            min_interval=settings.min_interval,
            max_interval=settings.max_interval,
        )
    except ValueError as error:
        raise ConfigError(f"{_table_of(source.name, config)}: {error}") from error


def _table_of(source: str, config: Config) -> str:
    """Return the file, and the table in it, of the schedule settings of a source."""
    keys = _written_keys(source, config)
    declaration = config.declarations.get(source)
    if declaration is not None and not declaration.prefix and config.is_declared_with(source, keys[0]):
        return declaration.file
    return f"{config.file_of(f'sources.{source}.{keys[0]}')}: [sources.{source}]"


def _written_keys(source: str, config: Config) -> list[str]:
    """Return the keys of the schedule that are not left to their defaults, of which an invalid one has some."""
    return [key for key in SCHEDULE_KEYS if f"sources.{source}.{key}" in config.origins] or [SCHEDULE_KEYS[0]]


def schedulable(sources: Sources, config: Config) -> Sources:
    """Return the sources whose own declarations have valid schedules; an invalid one takes down no other source."""
    return sources.excluding(dict(_schedule_problems(sources, config, declared=True)))


def daemon_problems(config: Config, sources: Sources) -> list[str]:
    """Return a line about each setting that a daemon of these sources refuses, with file and key."""
    problems = [problem for _name, problem in _schedule_problems(sources, config, declared=False)]
    try:
        parse_listen(config.scheduler.metrics_listen)
    except ConfigError as error:
        problems.append(f"{config.file_of('scheduler.metrics_listen')}: {error}")
    if config.scheduler.engine != "local" and (problem := cluster_problem(config)) is not None:
        problems.append(problem)
    return [*problems, *_target_problems(config)]


def cluster_problem(config: Config) -> str | None:
    """Return why crawls cannot be queued for workers on several machines, and what to do; None if they can."""
    if not config.storage.database.startswith("postgresql"):
        return (
            f"{config.where('storage.database')}: workers on several machines need PostgreSQL; write "
            "postgresql+psycopg://user:password@host/presswatch, or leave scheduler.engine at local"
        )
    missing = next((name for name in CLUSTER_LIBRARIES if find_spec(name) is None), None)
    return missing and missing_extra(f"workers on several machines need {missing}", Extra.CLUSTER)


def _schedule_problems(sources: Sources, config: Config, *, declared: bool) -> Iterator[tuple[str, str]]:
    """Yield names and problems of sources with an invalid schedule, all of which is `declared` with them, or not."""
    for source in sources.values():
        try:
            schedule_rule(source, config)
        except ConfigError as error:
            written = _written_keys(source.name, config)
            if declared == all(config.is_declared_with(source.name, key) for key in written):
                yield source.name, str(error)


def _target_problems(config: Config) -> Iterator[str]:
    if not config.alerts.targets:
        return
    from scheduler.notifications.sender import (  # noqa: PLC0415  (memory of the daemon: Apprise, for targets alone)
        INVALID_TARGET_TEXT,
        is_valid_target,
    )

    where = config.where("alerts.targets")
    for number, target in enumerate(config.alerts.targets, 1):
        if not is_valid_target(target):
            yield f"{where}[{number}]: {redact_target(target)} {INVALID_TARGET_TEXT}; write one such as json://host/path"
