"""From how a crawl ended to the next look: reads what plan.py decides from, keeps what it decides."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.children import Ending
from scheduler.plan import Look, Plan, Rule, catch_up, next_plan, rule_of
from scheduler.rhythm import Rhythm, learn
from scraper.source import Source
from storage.config import Config
from storage.errors import ConfigError
from storage.evidence import arrivals
from storage.records import RunStatus, Stage
from storage.schedules import LastCrawl, Schedule
from storage.store import Store

LEARN_FROM = timedelta(weeks=8)
LEARN_EVERY = timedelta(hours=6)
SPREAD = timedelta(minutes=2)
"""Over which sources that are due at once, at the start, are spread."""
NEVER_CRAWLED = "never crawled by this daemon"


class Planner:
    """Plans the looks at some sources of one store."""

    def __init__(self, store: Store, config: Config, sources: Mapping[str, Source]) -> None:
        self._store = store
        self._sources = sources
        self._rules = {name: _rule(source, config) for name, source in sources.items()}
        self._rhythms: dict[str, tuple[datetime, Rhythm]] = {}

    def schedules_at_start(self, *, now: datetime, spread: bool = True) -> dict[str, Schedule]:
        """The schedules as they stand, one for every source; what became due while nobody watched is spread out."""
        for source in self._sources.values():
            self._store.sources.declare(
                name=source.name,
                title=source.title,
                home=source.home,
                terms=source.terms,
                timezone=source.timezone,
            )
        known = self._store.schedules.all()
        for name in self._sources.keys() - known.keys():
            self._store.schedules.set(Schedule(source=name, due_at=now, interval=None, reason=NEVER_CRAWLED))
        schedules = self.schedules()
        overdue = {name: _as_plan(one) for name, one in schedules.items() if one.due_at <= now}
        for name, plan in catch_up(overdue, now=now, spread=SPREAD if spread else timedelta(0)).items():
            self._store.schedules.set(
                replace(schedules[name], due_at=plan.due_at, interval=plan.interval, reason=plan.reason)
            )
        return self.schedules()

    def schedules(self) -> dict[str, Schedule]:
        """The schedules of these sources."""
        return {name: one for name, one in self._store.schedules.all().items() if name in self._sources}

    def after(self, source: str, ending: Ending, *, launched_at: datetime, now: datetime) -> Schedule:
        """Plan the look after a crawl, and keep the plan."""
        before = self.schedules()[source]
        crawl = self._store.schedules.last_crawl(source)
        mine = crawl if crawl is not None and crawl.started_at >= launched_at else None
        if mine is not None and mine.status is RunStatus.INTERRUPTED and ending.status is None:
            return before  # stopped on purpose: it is due as it was, and nothing was learned
        failed = ending.status is not None or mine is None or mine.status is not RunStatus.SUCCEEDED
        failures = before.failures + 1 if failed else 0
        first_failure_at = (before.first_failure_at or now) if failed else None
        look = _look(before, ending, mine, now=now, failures=failures, first_failure_at=first_failure_at)
        plan = next_plan(
            self._rules[source],
            _as_plan(before),
            look,
            self._rhythm(source, now),
            now=now,
            jitter=random.uniform(-1, 1),  # noqa: S311  (nobody gains from guessing it)
        )
        after = Schedule(
            source=source,
            due_at=plan.due_at,
            interval=plan.interval,
            reason=plan.reason,
            failures=failures,
            first_failure_at=first_failure_at,
            alone=ending.status is not None,
        )
        self._store.schedules.set(after)
        return after

    def _rhythm(self, source: str, now: datetime) -> Rhythm:
        learned_at, rhythm = self._rhythms.get(source, (None, None))
        if learned_at is None or rhythm is None or not timedelta(0) <= now - learned_at < LEARN_EVERY:
            since = now - LEARN_FROM
            times = arrivals(self._store, source, since=since)
            rhythm = learn(times, timezone=ZoneInfo(self._sources[source].timezone), since=since, until=now)
            self._rhythms[source] = (now, rhythm)
        return rhythm


def _rule(source: Source, config: Config) -> Rule:
    """Raises ConfigError, naming the source's table."""
    chosen = config.source(source.name)
    try:
        return rule_of(
            every=chosen.every,
            cron=chosen.cron,
            timezone=chosen.timezone or source.timezone,
            every_min=chosen.every_min,
            every_max=chosen.every_max,
        )
    except ValueError as error:
        raise ConfigError(f"[sources.{source.name}]: {error}") from error


def _as_plan(schedule: Schedule) -> Plan:
    return Plan(due_at=schedule.due_at, interval=schedule.interval, reason=schedule.reason)


def _look(
    before: Schedule,
    ending: Ending,
    crawl: LastCrawl | None,
    *,
    now: datetime,
    failures: int,
    first_failure_at: datetime | None,
) -> Look:
    return Look(
        planned_at=before.due_at,
        finished_at=now,
        ok=failures == 0,
        changed=crawl is not None and crawl.changed,
        listed=0 if crawl is None else crawl.listed,
        fresh=0 if crawl is None else crawl.fresh,
        stage=_stage(ending, crawl) if failures else None,
        failures=failures,
        first_failure_at=first_failure_at,
        held_until=None if crawl is None else crawl.held_until,
    )


def _stage(ending: Ending, crawl: LastCrawl | None) -> Stage:
    """What failed: the channel's own stage, else that of a process that did not end well."""
    if crawl is not None and crawl.stage is not None:
        return crawl.stage
    return Stage.TIMEOUT if ending.status is RunStatus.TIMED_OUT else Stage.STORE
