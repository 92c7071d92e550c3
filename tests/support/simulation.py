"""A news site over a month, a host whose clock may jump, and a scheduler that watches the one by the other.

Everything happens in simulated real time; only `Host` knows what the scheduler's machine takes for the time. Seeded:
the same seed gives the same month.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from scheduler.planning.overdue import spread_overdue
from scheduler.planning.plan import NextPoll, PollOutcome, plan_next_poll
from scheduler.planning.publish_rates import PublishRates, estimate_rates
from scheduler.planning.rules import ScheduleRule
from storage.model.records import FailureStage

Span = tuple[datetime, datetime]

NIGHT_AND_MORNING = (0.25, 0.15, 0.1, 0.1, 0.1, 0.2, 0.4, 0.8, 1.3, 1.8, 2.1, 2.1)
NOON_AND_EVENING = (1.9, 1.6, 1.7, 1.9, 2.0, 1.8, 1.4, 1.1, 0.9, 0.7, 0.5, 0.35)
HOUR_SHAPE = NIGHT_AND_MORNING + NOON_AND_EVENING  # unlike the declared default on purpose: it is to be learned
DAY_SHAPE = (1.15, 1.2, 1.2, 1.2, 1.1, 0.5, 0.45)


class DownError(Exception):
    """The site does not answer."""


@dataclass(frozen=True, slots=True)
class Card:
    """One article on a list."""

    number: int
    published_at: datetime


@dataclass(frozen=True, slots=True)
class NewsSite:
    """Publishes at given times and shows the newest `cards` articles on its list, except while it is down."""

    published: tuple[datetime, ...]
    cards: int = 24
    outages: tuple[Span, ...] = ()

    @classmethod
    def simulated(
        cls,
        seed: int,
        *,
        start: datetime,
        days: int,
        timezone: ZoneInfo,
        per_day: float = 90.0,
        bursts: int | None = None,
        cards: int = 24,
        outages: Iterable[Span] = (),
    ) -> NewsSite:
        """A site with days and nights, quiet weekends, better and worse days, and bursts of 6 to 18 in an hour.

        A tenth of the articles comes in bursts, at any hour of day or night, unless their number is given. Begins
        ten days before `start`, so that its first list is full.
        """
        rng = random.Random(seed)
        times = _arrivals(rng, start - timedelta(days=10), days + 10, timezone, per_day)
        for _ in range(round(per_day * days / 10 / 12) if bursts is None else bursts):
            begin = start + timedelta(hours=24 * days * rng.random())
            times += [begin + timedelta(minutes=60 * rng.betavariate(1, 2)) for _ in range(rng.randint(6, 18))]
        whole = sorted(at.replace(microsecond=0) for at in times)
        return cls(tuple(whole), cards, tuple(outages))

    def is_down(self, moment: datetime) -> bool:
        return any(start <= moment < end for start, end in self.outages)

    def list_at(self, moment: datetime) -> tuple[Card, ...]:
        """The cards a reader sees at that moment, newest first. Raises DownError."""
        if self.is_down(moment):
            raise DownError
        end = bisect_right(self.published, moment)
        numbers = range(end - 1, max(end - self.cards, 0) - 1, -1)
        return tuple(Card(number, self.published[number]) for number in numbers)

    def between(self, start: datetime, end: datetime) -> range:
        """The numbers of the articles published after `start` and until `end`."""
        return range(bisect_right(self.published, start), bisect_right(self.published, end))


def _arrivals(rng: random.Random, start: datetime, days: int, timezone: ZoneInfo, per_day: float) -> list[datetime]:
    """A Poisson process whose rate goes by the hour, the weekday, and each day's own luck (thinned: Lewis, Shedler)."""
    luck = [rng.lognormvariate(0, 0.2) for _ in range(days + 2)]
    mean = sum(HOUR_SHAPE) * sum(DAY_SHAPE) / 7
    highest = max(HOUR_SHAPE) * max(DAY_SHAPE) * max(luck)
    times, at, end = [], start, start + timedelta(days=days)
    while (at := at + timedelta(hours=rng.expovariate(per_day * highest / mean))) < end:
        local = at.astimezone(timezone)
        rate = HOUR_SHAPE[local.hour] * DAY_SHAPE[local.weekday()] * luck[(at - start).days]
        if rng.random() * highest < rate:
            times.append(at)
    return times


@dataclass(frozen=True, slots=True)
class Host:
    """The machine of the scheduler: its clock jumps (at a real moment, by so much), and at times it is switched off."""

    jumps: tuple[tuple[datetime, timedelta], ...] = ()
    off: tuple[Span, ...] = ()

    def clock(self, real: datetime) -> datetime:
        return real + sum((by for at, by in self.jumps if at <= real), timedelta(0))

    def wakes(self, real: datetime) -> datetime | None:
        """Return the time at which the machine is switched on again; None if it is on."""
        return next((end for start, end in self.off if start <= real < end), None)


@dataclass(frozen=True, slots=True)
class Watched:
    """One poll: its real time, its outcome, and the plan that followed."""

    real_at: datetime
    poll: PollOutcome
    plan: NextPoll


@dataclass(slots=True)
class History:
    """Outcome of a month of watching. Delays are real time, from publication to the poll that saw or missed it."""

    watched: list[Watched] = field(default_factory=list)
    seen: dict[int, datetime] = field(default_factory=dict)
    at_start: frozenset[int] = frozenset()
    gaps: list[Span] = field(default_factory=list)

    def missed(self, site: NewsSite) -> dict[int, datetime]:
        """Return the articles in gaps with the time of the poll that noticed the gap, and could find them by paging."""
        return {one: end for start, end in self.gaps for one in site.between(start, end) if one not in self.seen}

    def delays(self, site: NewsSite) -> list[timedelta]:
        """Sorted; with what was missed, or missing the late ones would look like speed, without what was there."""
        found = self.seen | self.missed(site)
        return sorted(at - site.published[one] for one, at in found.items() if one not in self.at_start)


class Watcher:
    """Drives the plan against a site the way the daemon does: sleep, poll, plan; learn the rhythm once a day."""

    PATIENCE = timedelta(minutes=10)  # the daemon's heartbeat: it reads the clock at least so often
    CRAWL = timedelta(seconds=25)

    def __init__(
        self, site: NewsSite, rule: ScheduleRule, *, timezone: ZoneInfo, seed: int, host: Host | None = None
    ) -> None:
        self.site, self.rule, self.timezone, self.host = site, rule, timezone, host or Host()
        self.rng = random.Random(seed)
        self.rhythm = PublishRates.default(timezone=timezone)
        self.learned_at: datetime | None = None
        self.history = History()
        self.failures, self.first_failure_at = 0, None
        self.good: tuple[datetime, datetime] | None = None  # real, host
        self.shown: tuple[Card, ...] = ()

    def watch(self, start: datetime, end: datetime) -> History:
        """Watch from `start` to `end`, real time."""
        real, plan = start, self._plan(None, None, self.host.clock(start))
        while real < end:
            if wakes := self.host.wakes(real):
                real = wakes
                plan = spread_overdue({"site": plan}, now=self.host.clock(real), spread=timedelta(minutes=10))["site"]
            plan = self._plan(plan, None, self.host.clock(real))
            if self.host.clock(real) >= plan.next_poll_at:
                poll = self._poll(real, plan)
                real += self.CRAWL
                self._learn(self.host.clock(real))
                plan = self._plan(plan, poll, self.host.clock(real))
                self.history.watched.append(Watched(real - self.CRAWL, poll, plan))
            else:
                real += min(self.PATIENCE, plan.next_poll_at - self.host.clock(real))
        return self.history

    def _plan(self, last: NextPoll | None, poll: PollOutcome | None, now: datetime) -> NextPoll:
        return plan_next_poll(self.rule, last, poll, self.rhythm, now=now, jitter=self.rng.uniform(-1, 1))

    def _poll(self, real: datetime, plan: NextPoll) -> PollOutcome:
        host, since = self.host.clock(real + self.CRAWL), self.good[1] if self.good else None
        try:
            cards = self.site.list_at(real)
        except DownError:
            self.failures += 1
            self.first_failure_at = self.first_failure_at or host
            return self._said(plan, host, since, ok=False, stage=FailureStage.TIMEOUT)
        changed, self.shown = cards != self.shown, cards
        fresh = self._note(cards, real)
        self.failures, self.first_failure_at, self.good = 0, None, (real, host)
        return self._said(plan, host, since, ok=True, changed=changed, listed=len(cards) * changed, fresh=fresh)

    def _said(
        self, plan: NextPoll, host: datetime, since: datetime | None, *, ok: bool, changed: bool = False,
        listed: int = 0, fresh: int = 0, stage: FailureStage | None = None,
    ) -> PollOutcome:  # fmt: skip
        return PollOutcome(
            planned_at=plan.next_poll_at,
            finished_at=host,
            ok=ok,
            changed=changed,
            listed=listed,
            fresh=fresh,
            stage=stage,
            failures=self.failures,
            first_failure_at=self.first_failure_at,
            rate_limited_until=None,
            since=since,
        )

    def _note(self, cards: Sequence[Card], real: datetime) -> int:
        history = self.history
        new = [card.number for card in cards if card.number not in history.seen]
        history.seen.update(dict.fromkeys(new, real))
        if self.good is None:
            history.at_start = frozenset(new)
        elif len(new) == len(cards):
            history.gaps.append((self.good[0], real))
        return len(new)

    def _learn(self, now: datetime) -> None:
        if self.learned_at and abs(now - self.learned_at) < timedelta(days=1):
            return
        self.learned_at = now
        begin = min((at for at in self.history.seen.values()), default=now)
        since = max(now - timedelta(weeks=4), begin)
        times = (self.site.published[one] for one in self.history.seen)
        self.rhythm = estimate_rates(times, timezone=self.timezone, since=since, until=now)


def evenly(site: NewsSite, start: datetime, end: datetime, count: int) -> History:
    """Return the history of `count` polls at a fixed interval, the first at `start`."""
    history, shown_at = History(), None
    for real in accumulate([(end - start) / count] * (count - 1), initial=start):
        if site.is_down(real):
            continue
        new = [card.number for card in site.list_at(real) if card.number not in history.seen]
        history.seen.update(dict.fromkeys(new, real))
        if shown_at is None:
            history.at_start = frozenset(new)
        elif len(new) == site.cards:
            history.gaps.append((shown_at, real))
        shown_at = real
    return history


@dataclass(frozen=True, slots=True)
class Figures:
    """Detection delay in minutes over all articles, and what it took."""

    requests_a_day: float
    mean: float
    p50: float
    p90: float
    worst: float
    missed: int


def figures(site: NewsSite, history: History, start: datetime, end: datetime, requests: int) -> Figures:
    """The figures of one history between `start` and `end`."""
    minutes = [delay.total_seconds() / 60 for delay in history.delays(site)]
    return Figures(
        requests_a_day=requests / ((end - start) / timedelta(days=1)),
        mean=sum(minutes) / len(minutes),
        p50=minutes[len(minutes) // 2],
        p90=minutes[len(minutes) * 9 // 10],
        worst=minutes[-1],
        missed=len(history.missed(site)),
    )


MONTH = (datetime(2026, 10, 5, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC))
"""Thirty days from a Monday; Kyiv's clocks go back on 25 October."""
KYIV = ZoneInfo("Europe/Kyiv")
OUTAGE = (datetime(2026, 10, 14, 9, tzinfo=UTC), datetime(2026, 10, 14, 12, tzinfo=UTC))


def compare(rule: ScheduleRule, seed: int, *, per_day: float = 90.0) -> tuple[Figures, Figures]:
    """The rule against a fixed interval of as many polls over the same month: rule, fixed."""
    start, end = MONTH
    site = NewsSite.simulated(seed, start=start, days=30, timezone=KYIV, per_day=per_day, outages=[OUTAGE])
    ours = Watcher(site, rule, timezone=KYIV, seed=seed).watch(start, end)
    requests = len(ours.watched)
    fixed = evenly(site, start, end, requests)
    return figures(site, ours, start, end, requests), figures(site, fixed, start, end, requests)
