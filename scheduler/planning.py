"""From how a crawl ended to the next look: reads what plan.py decides from, keeps what it decides."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.children import Ending
from scheduler.plan import SLACK, Look, Plan, Rule, after_set_back, catch_up, next_plan, rule_of
from scheduler.rhythm import Rhythm, learn
from scheduler.standing import settled
from scraper.source import Source
from storage.config import Config
from storage.errors import ConfigError
from storage.evidence import arrivals, first_crawls
from storage.records import RunStatus
from storage.schedules import LastCrawl, Schedule
from storage.store import Store

logger = logging.getLogger(__name__)

LEARN_FROM = timedelta(weeks=8)
LEARN_EVERY = timedelta(hours=6)
SPREAD = timedelta(minutes=2)
"""Over which sources that are due at once, at the start, are spread."""

ALREADY_OPEN = 3
"""The exit code of a crawl that found its source being crawled, by hand or by another process."""
COME_BACK = timedelta(minutes=1)


class Planner:
    """Plans the looks at some sources of one store."""

    def __init__(self, store: Store, config: Config, sources: Mapping[str, Source]) -> None:
        self._store = store
        self._sources = sources
        self._rules = {name: _rule(source, config) for name, source in sources.items()}
        self._rhythms: dict[str, tuple[datetime, Rhythm]] = {}
        self._clock_at: datetime | None = None

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
        plans = {name: self._standing(name, known.get(name), now) for name in self._sources}
        due = catch_up(plans, now=now, spread=SPREAD if spread else timedelta(0))
        for name, plan in due.items():
            kept = known.get(name) or Schedule(source=name, due_at=now, interval=None, reason="")
            self._store.schedules.set(replace(kept, due_at=plan.due_at, interval=plan.interval, reason=plan.reason))
        return self.schedules()

    def _standing(self, source: str, schedule: Schedule | None, now: datetime) -> Plan:
        """What stands of the plan of a source; one that is overdue stays so, to be caught up in its turn."""
        if schedule is not None and schedule.due_at < now:
            return _as_plan(schedule)
        last = None if schedule is None else _as_plan(schedule)
        rule = self._rules[source]
        if schedule is not None and schedule.failures == 0 and not self._is_held(source, now):
            last = last and settled(rule, last, now)
        return next_plan(rule, last, None, self._rhythm(source, now), now=now, jitter=0)

    def _is_held(self, source: str, now: datetime) -> bool:
        crawl = self._store.schedules.last_crawl(source)
        return crawl is not None and crawl.held_until is not None and crawl.held_until > now

    def set_right(self, *, now: datetime) -> None:
        """Plan anew what lies further away than any plan: a clock that jumped has made it."""
        for name, schedule in self.schedules().items():
            plan = _as_plan(schedule)
            standing = plan if plan.due_at < now else self._standing(name, schedule, now)
            if standing != plan:
                self._keep(replace(schedule, due_at=standing.due_at, reason=standing.reason))

    def schedules(self) -> dict[str, Schedule]:
        """The schedules of these sources."""
        return {name: one for name, one in self._store.schedules.all().items() if name in self._sources}

    def follow_clock(self, *, now: datetime) -> bool:
        """To be told the time every few moments: if it was set back, every look stays as far away as it was.

        True if it was. A clock that is set forward brings looks early, which does no harm, and cannot be told from a
        machine that slept.
        """
        before, self._clock_at = self._clock_at or now, now
        if before - now <= SLACK:
            return False
        logger.warning("the clock was set back by %s: every look is planned by the new time", before - now)
        for name, schedule in self.schedules().items():
            plan = after_set_back(self._rules[name], _as_plan(schedule), by=before - now, now=now)
            self._keep(replace(schedule, due_at=plan.due_at))
        return True

    def after(self, source: str, ending: Ending, *, launched_at: datetime, now: datetime) -> Schedule:
        """Plan the look after a crawl, and keep the plan."""
        before, crawl = self._store.schedules.with_last_crawl(source)
        mine = crawl if crawl is not None and crawl.started_at >= launched_at else None
        if mine is not None and mine.status is RunStatus.INTERRUPTED and ending.status is None:
            return before  # stopped on purpose: it is due as it was, and nothing was learned
        if mine is None and ending.exit_code == ALREADY_OPEN:
            return self._keep(replace(before, due_at=now + COME_BACK, reason="somebody else is crawling it"))
        failed = ending.status is not None or mine is None or mine.status is not RunStatus.SUCCEEDED
        failures = before.failures + 1 if failed else 0
        first_failure_at = (before.first_failure_at or now) if failed else None
        look = _look(before, mine, now=now, failures=failures, first_failure_at=first_failure_at)
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
        return self._keep(after)

    def _keep(self, schedule: Schedule) -> Schedule:
        self._store.schedules.set(schedule)
        return schedule

    def _rhythm(self, source: str, now: datetime) -> Rhythm:
        learned_at, rhythm = self._rhythms.get(source, (None, None))
        if learned_at is None or rhythm is None or not timedelta(0) <= now - learned_at < LEARN_EVERY:
            rhythm = self._learn(self._sources[source], now)
            self._rhythms[source] = (now, rhythm)
        return rhythm

    def _learn(self, source: Source, now: datetime) -> Rhythm:
        """From what came since the first crawl was over: what was there before came nobody knows when."""
        first = first_crawls(self._store).get(source.name, now)
        since, zone = max(now - LEARN_FROM, first), ZoneInfo(source.timezone)
        times = arrivals(self._store, source.name, since=since)
        prior = Rhythm.default(per_day=source.per_day, timezone=zone)
        return learn(times, timezone=zone, since=since, until=now, prior=prior)


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
        stage=crawl.stage if crawl is not None and failures else None,
        failures=failures,
        first_failure_at=first_failure_at,
        held_until=None if crawl is None else crawl.held_until,
        since=None if crawl is None else crawl.since,
    )
