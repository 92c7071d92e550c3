"""Read what the next poll of a source is planned from, and store what `scheduler.planning.plan` decides."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.daemon.workers import WorkerExit
from scheduler.planning.batching import spread_overdue
from scheduler.planning.plan import CLOCK_TOLERANCE, NextPoll, PollOutcome, plan_next_poll, repair_poll, shift_back
from scheduler.planning.publish_rates import PublishRates, estimate_rates
from scheduler.planning.rules import ScheduleRule, parse_rule
from scraper.source import Source
from storage.config.settings import Config
from storage.model.errors import ConfigError
from storage.model.records import RunStatus
from storage.scheduling.health_queries import arrival_times, first_crawl_ends
from storage.scheduling.schedules import LastCrawl, Schedule
from storage.store import Store

logger = logging.getLogger(__name__)

LEARNING_PERIOD = timedelta(weeks=8)
LEARNING_INTERVAL = timedelta(hours=6)
REPAIR_INTERVAL = timedelta(minutes=5)
CATCH_UP_WINDOW = timedelta(minutes=2)
"""Over which sources that are due at once, at the start, are spread."""

EXIT_ALREADY_RUNNING = 3
"""The exit code of a crawl that found its source being crawled, by hand or by another process."""
RETRY_BUSY_AFTER = timedelta(minutes=1)


class Planner:
    """Plans the looks at some sources of one store."""

    def __init__(self, store: Store, config: Config, sources: Mapping[str, Source]) -> None:
        self._store = store
        self._sources = sources
        self._rules = {name: _schedule_rule(source, config) for name, source in sources.items()}
        self._rhythms: dict[str, tuple[datetime, PublishRates]] = {}
        self._clock_at: datetime | None = None
        self._repaired_at: datetime | None = None

    def startup_schedules(self, *, now: datetime, spread: bool = True) -> dict[str, Schedule]:
        """The schedules as they stand, one for every source; what became due while nobody watched is spread out."""
        for source in self._sources.values():
            self._store.sources.declare(
                name=source.name,
                title=source.title,
                home=source.base_url,
                terms=source.terms,
                timezone=source.timezone,
            )
        known = self._store.schedules.all()
        plans = {name: self._repaired_plan(name, known.get(name), now) for name in self._sources}
        due = spread_overdue(plans, now=now, spread=CATCH_UP_WINDOW if spread else timedelta(0))
        for name, plan in due.items():
            kept = known.get(name) or Schedule(source=name, next_poll_at=now, interval=None, reason="")
            self._store.schedules.set(
                replace(kept, next_poll_at=plan.next_poll_at, interval=plan.interval, reason=plan.reason)
            )
        return self.schedules()

    def _repaired_plan(self, source: str, schedule: Schedule | None, now: datetime) -> NextPoll:
        """Clamp the plan of a source; one that is overdue stays so, to be caught up in its turn."""
        last, rule = None if schedule is None else _next_poll(schedule), self._rules[source]
        if last is not None and last.next_poll_at < now:
            return last
        plan = repair_poll(rule, last, now, in_trouble=False)
        if (
            schedule is None
            or plan == last
            or not (schedule.consecutive_failures or self._is_rate_limited(source, now))
        ):
            return plan
        return repair_poll(rule, last, now, in_trouble=True)

    def _is_rate_limited(self, source: str, now: datetime) -> bool:
        crawl = self._store.schedules.last_crawl(source)
        return crawl is not None and crawl.rate_limited_until is not None and crawl.rate_limited_until > now

    def repair(self, *, now: datetime) -> bool:
        """Keep the stored plans near whatever the clock does; to be called every few moments. True if it was set back.

        A clock that was set back leaves every poll as far away as it was. One that is set forward brings polls early,
        which does no harm, and cannot be told from a machine that slept. A plan that is further away than any plan all
        the same, since a crawl ended while the clock was set, is made anew within `REPAIR_INTERVAL`.
        """
        before, self._clock_at = self._clock_at or now, now
        if before - now > CLOCK_TOLERANCE:
            logger.warning("the clock was set back by %s: every look is planned by the new time", before - now)
            self._replan(lambda name, one: shift_back(self._rules[name], _next_poll(one), by=before - now, now=now))
            return True
        self._repaired_at = self._repaired_at or now
        if not timedelta(0) <= now - self._repaired_at < REPAIR_INTERVAL:
            self._repaired_at = now
            self._replan(lambda name, one: self._repaired_plan(name, one, now))
        return False

    def _replan(self, plan_of: Callable[[str, Schedule], NextPoll]) -> None:
        for name, schedule in self.schedules().items():
            plan = plan_of(name, schedule)
            if plan != _next_poll(schedule):
                self._save_plan(replace(schedule, next_poll_at=plan.next_poll_at, reason=plan.reason))

    def schedules(self) -> dict[str, Schedule]:
        """The schedules of these sources."""
        return {name: one for name, one in self._store.schedules.all().items() if name in self._sources}

    def plan_after(self, source: str, ending: WorkerExit, *, launched_at: datetime, now: datetime) -> Schedule:
        """Plan the look after a crawl, and keep the plan."""
        before, crawl = self._store.schedules.with_last_crawl(source)
        mine = crawl if crawl is not None and crawl.started_at >= launched_at else None
        if mine is not None and mine.status is RunStatus.INTERRUPTED and ending.status is None:
            return before  # stopped on purpose: it is due as it was, and nothing was learned
        if mine is None and ending.exit_code == EXIT_ALREADY_RUNNING:
            return self._save_plan(
                replace(before, next_poll_at=now + RETRY_BUSY_AFTER, reason="somebody else is crawling it")
            )
        failed = ending.status is not None or mine is None or mine.status is not RunStatus.SUCCEEDED
        failures = before.consecutive_failures + 1 if failed else 0
        first_failure_at = (before.first_failure_at or now) if failed else None
        look = _poll_outcome(before, mine, now=now, failures=failures, first_failure_at=first_failure_at)
        plan = plan_next_poll(
            self._rules[source],
            _next_poll(before),
            look,
            self._publish_rates(source, now),
            now=now,
            jitter=random.uniform(-1, 1),  # noqa: S311  (nobody gains from guessing it)
        )
        after = Schedule(
            source=source,
            next_poll_at=plan.next_poll_at,
            interval=plan.interval,
            reason=plan.reason,
            consecutive_failures=failures,
            first_failure_at=first_failure_at,
            run_isolated=ending.status is not None,
        )
        return self._save_plan(after)

    def _save_plan(self, schedule: Schedule) -> Schedule:
        self._store.schedules.set(schedule)
        return schedule

    def _publish_rates(self, source: str, now: datetime) -> PublishRates:
        learned_at, rhythm = self._rhythms.get(source, (None, None))
        if learned_at is None or rhythm is None or not timedelta(0) <= now - learned_at < LEARNING_INTERVAL:
            rhythm = self._estimate_rates(self._sources[source], now)
            self._rhythms[source] = (now, rhythm)
        return rhythm

    def _estimate_rates(self, source: Source, now: datetime) -> PublishRates:
        """From what came since the first crawl was over: what was there before came nobody knows when."""
        first = first_crawl_ends(self._store).get(source.name, now)
        since, zone = max(now - LEARNING_PERIOD, first), ZoneInfo(source.timezone)
        times = arrival_times(self._store, source.name, since=since)
        prior = PublishRates.default(per_day=source.per_day, timezone=zone)
        return estimate_rates(times, timezone=zone, since=since, until=now, prior=prior)


def _schedule_rule(source: Source, config: Config) -> ScheduleRule:
    """Raises ConfigError, naming the source's table."""
    chosen = config.source(source.name)
    try:
        return parse_rule(
            interval=chosen.interval,
            cron=chosen.cron,
            timezone=chosen.timezone or source.timezone,
            min_interval=chosen.min_interval,
            max_interval=chosen.max_interval,
        )
    except ValueError as error:
        raise ConfigError(f"[sources.{source.name}]: {error}") from error


def _next_poll(schedule: Schedule) -> NextPoll:
    return NextPoll(next_poll_at=schedule.next_poll_at, interval=schedule.interval, reason=schedule.reason)


def _poll_outcome(
    before: Schedule,
    crawl: LastCrawl | None,
    *,
    now: datetime,
    failures: int,
    first_failure_at: datetime | None,
) -> PollOutcome:
    return PollOutcome(
        planned_at=before.next_poll_at,
        finished_at=now,
        ok=failures == 0,
        changed=crawl is not None and crawl.changed,
        listed=0 if crawl is None else crawl.listed,
        fresh=0 if crawl is None else crawl.new_links,
        stage=crawl.stage if crawl is not None and failures else None,
        failures=failures,
        first_failure_at=first_failure_at,
        rate_limited_until=None if crawl is None else crawl.rate_limited_until,
        since=None if crawl is None else crawl.since,
    )
