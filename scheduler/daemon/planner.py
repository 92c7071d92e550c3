"""Plan the next polls of sources from stored crawls, and store the plans."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.daemon.configuration_check import schedule_rule
from scheduler.daemon.crawl_exit import CrawlExit
from scheduler.planning.overdue import spread_overdue
from scheduler.planning.plan import CLOCK_TOLERANCE, NextPoll, PollOutcome, plan_next_poll, repair_poll, shift_back
from scheduler.planning.publish_rates import PublishRates, estimate_rates
from scraper.source import Source
from storage.config.settings import Config
from storage.model.backoff import exponential_delay
from storage.model.failure_causes import LOCAL_CAUSE_TEXTS, FailureCause
from storage.model.records import RunStatus
from storage.scheduling.health_queries import arrival_times, first_crawl_end
from storage.scheduling.schedules import LastCrawl, Schedule
from storage.store import Store
from storage.text.durations import format_duration

logger = logging.getLogger(__name__)

LEARNING_PERIOD = timedelta(weeks=8)
LEARNING_INTERVAL = timedelta(hours=6)
REPAIR_INTERVAL = timedelta(minutes=5)
CATCH_UP_WINDOW = timedelta(minutes=2)
"""Period over which sources that are overdue at the start are spread."""

RETRY_BUSY_AFTER = timedelta(minutes=1)
LOCAL_RETRY_AFTER = timedelta(seconds=10)
MAX_LOCAL_RETRY_AFTER = timedelta(minutes=1)
"""Wait after the first crawl in a row that failed on this side, and after many."""


class Planner:
    """Plan the polls of some sources of one store."""

    def __init__(self, store: Store, config: Config, sources: Mapping[str, Source]) -> None:
        self._store = store
        self._sources = sources
        self.configure(config)
        self._clock_at: datetime | None = None

    def configure(self, config: Config) -> None:
        """Use the schedule settings of a configuration. Raises ConfigError."""
        self._rules = {name: schedule_rule(source, config) for name, source in self._sources.items()}
        self._rates: dict[str, tuple[datetime, PublishRates]] = {}
        self._repaired_at = datetime.min.replace(tzinfo=UTC)  # plans that the rules do not allow are repaired at once

    def startup_schedules(self, *, now: datetime, spread: bool = True, catch_up: bool = True) -> dict[str, Schedule]:
        """Create or repair the schedule of every source, and spread those that became due during a downtime.

        Without `catch_up` these stay as they are: their crawls may wait in a queue already.
        """
        for source in tuple(self._sources.values()):
            self._store.sources.declare(
                name=source.name,
                title=source.title,
                home=source.base_url,
                terms=source.terms,
                timezone=source.timezone,
            )
        known = self._store.schedules.all()
        plans = {name: self._repaired_plan(name, known.get(name), now) for name in tuple(self._rules)}
        window = CATCH_UP_WINDOW if spread else timedelta(0)
        due = spread_overdue(plans, now=now, spread=window) if catch_up else plans
        for name, plan in due.items():
            if name in known and plan == _next_poll(known[name]):
                continue  # a worker elsewhere may have planned it anew meanwhile
            schedule = known.get(name) or Schedule(source=name, next_poll_at=now, interval=None, reason="")
            self._store.schedules.set(
                replace(schedule, next_poll_at=plan.next_poll_at, interval=plan.interval, reason=plan.reason)
            )
        return self.schedules()

    def _repaired_plan(self, source: str, schedule: Schedule | None, now: datetime) -> NextPoll:
        """Clamp the plan of a source; an overdue one stays as it is, to be spread with the others."""
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
        """Repair the stored plans after a change of the clock; return True if it was set back. Call it every second.

        A clock that was set back leaves every poll as far away as it was. One that is set forward brings polls early,
        which does no harm, and cannot be distinguished from a suspended machine. A plan that is later than any plan can
        be, since a crawl ended while the clock was changed, is repaired within `REPAIR_INTERVAL`.
        """
        before, self._clock_at = self._clock_at or now, now
        if before - now > CLOCK_TOLERANCE:
            logger.warning("the clock was set back by %s: every poll is planned by the new time", before - now)
            self._replan(
                lambda name, schedule: shift_back(self._rules[name], _next_poll(schedule), by=before - now, now=now)
            )
            return True
        if not timedelta(0) <= now - self._repaired_at < REPAIR_INTERVAL:
            self._repaired_at = now
            self._replan(lambda name, schedule: self._repaired_plan(name, schedule, now))
        return False

    def _replan(self, plan_of: Callable[[str, Schedule], NextPoll]) -> None:
        for name, schedule in self.schedules().items():
            plan = plan_of(name, schedule)
            if plan != _next_poll(schedule):
                self._save_plan(replace(schedule, next_poll_at=plan.next_poll_at, reason=plan.reason))

    def schedules(self) -> dict[str, Schedule]:
        """Return the schedules of these sources."""
        return {name: schedule for name, schedule in self._store.schedules.all().items() if name in self._rules}

    def plan_after(self, ending: CrawlExit, *, now: datetime) -> Schedule:
        """Plan the poll after a crawl, and store the plan."""
        source = ending.source
        before, crawl = self._store.schedules.with_crawl_of(source, ending.crawl_id)
        own_crawl = crawl if ending.crawl_id else None
        cause = _cause(ending, own_crawl)
        if cause is FailureCause.STOP:
            return before  # stopped on purpose: it stays due as it was
        if cause in {FailureCause.BUSY, FailureCause.LEASE}:
            return self._save_plan(
                replace(before, next_poll_at=now + RETRY_BUSY_AFTER, reason=LOCAL_CAUSE_TEXTS[cause])
            )
        if cause is not None and cause.is_local:
            return self._save_plan(_retry_soon(before, cause, now))
        failed = cause is not None
        failures = before.consecutive_failures + 1 if failed else 0
        first_failure_at = (before.first_failure_at or now) if failed else None
        outcome = _poll_outcome(before, own_crawl, now=now, failures=failures, first_failure_at=first_failure_at)
        plan = plan_next_poll(
            self._rules[source],
            _next_poll(before),
            outcome,
            self._publish_rates(source, now),
            now=now,
            jitter=random.uniform(-1, 1),  # noqa: S311  (jitter is no secret)
        )
        after = Schedule(
            source=source,
            next_poll_at=plan.next_poll_at,
            interval=plan.interval,
            reason=plan.reason,
            consecutive_failures=failures,
            first_failure_at=first_failure_at,
            run_isolated=cause in {FailureCause.LIMIT, FailureCause.CRASH},
        )
        return self._save_plan(after)

    def _save_plan(self, schedule: Schedule) -> Schedule:
        self._store.schedules.set(schedule)
        return schedule

    def _publish_rates(self, source: str, now: datetime) -> PublishRates:
        learned_at, rates = self._rates.get(source, (None, None))
        if learned_at is None or rates is None or not timedelta(0) <= now - learned_at < LEARNING_INTERVAL:
            rates = self._estimate_rates(self._sources[source], now)
            self._rates[source] = (now, rates)
        return rates

    def _estimate_rates(self, source: Source, now: datetime) -> PublishRates:
        """Estimate from arrivals after the first crawl: the arrival times of earlier articles are unknown."""
        first = first_crawl_end(self._store, source.name) or now
        since, zone = max(now - LEARNING_PERIOD, first), ZoneInfo(source.timezone)
        times = arrival_times(self._store, source.name, since=since)
        prior = PublishRates.default(per_day=source.per_day, timezone=zone)
        return estimate_rates(times, timezone=zone, since=since, until=now, prior=prior)


def _cause(ending: CrawlExit, crawl: LastCrawl | None) -> FailureCause | None:
    """Return why a crawl did not succeed, by its run if it has one; None if it succeeded."""
    if crawl is None:
        return ending.failure_cause
    if crawl.status is RunStatus.SUCCEEDED:
        return None
    return crawl.cause or ending.cause or FailureCause.SOURCE


def _retry_soon(before: Schedule, cause: FailureCause, now: datetime) -> Schedule:
    """Plan the crawl after one that failed on this side: soon, whatever the rule, and as no failure of the source."""
    failures = before.local_failures + 1
    wait = exponential_delay(LOCAL_RETRY_AFTER, failures, factor=2, cap=MAX_LOCAL_RETRY_AFTER)
    return replace(
        before,
        next_poll_at=now + wait,
        reason=f"{LOCAL_CAUSE_TEXTS[cause]}, no failure of the source: next attempt in {format_duration(wait)}",
        local_failures=failures,
        local_failure_cause=cause,
        first_local_failure_at=before.first_local_failure_at or now,
    )


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
