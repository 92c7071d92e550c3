"""A simulated month of the daemon over the real code: only the site's answers and the clock are stand-ins.

Looks are planned by `Planner`, judged by `scraper.looks`, read by the spider and the page reader, kept in a real SQLite
file by the pipeline, accounted for and checked by `Jobs`; in one process, one crawl after another.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from scrapy.http import HtmlResponse

from scheduler.children import Ending
from scheduler.delivery import write_event_alerts
from scheduler.dispatch import Done
from scheduler.jobs import Jobs
from scheduler.planning import Planner
from scraper.errors import ChannelError
from scraper.looks import Answer, plan
from scraper.options import CrawlOptions
from scraper.pipelines import StorePipeline
from scraper.run import close_session
from scraper.selection import Target
from scraper.session import Session
from scraper.source import Feed, ListPage, Source
from scraper.sources.caliber import SOURCE as CALIBER
from scraper.spiders import spider_of
from scraper.writer import Writer
from storage.config import Config
from storage.events import Event
from storage.records import RunStatus, Stage, Trigger
from storage.schedules import Schedule
from storage.store import Store
from tests.scheduler.simulation import Card, Figures, History, Host, NewsSite, Span, evenly, figures
from tests.site import Article, feed, markup
from tests.site.newsroom import Newsroom
from tests.site.styles import ListStyle, PageStyle
from tests.site.words import BAKU, written_date

SLIM = PageStyle(weight=0)
PATIENCE = timedelta(minutes=30)
"""The clock is looked at at least so often, and when it jumps; the daemon does it every second."""
TICK = timedelta(seconds=1)
CHECK_EVERY = timedelta(hours=1)
"""The daemon checks every five minutes; nothing it judges changes within an hour but by a look."""
ASKING = timedelta(seconds=5)
FETCHING = timedelta(seconds=10)
TARGET = "json://alerts.invalid"
"""Alerts are written for it and never sent."""


@dataclass(slots=True)
class Clock:
    """Simulated real time, and what the host takes for it."""

    real: datetime
    host: Host

    def __call__(self) -> datetime:
        return self.host.clock(self.real)


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A source, the site behind it, and how it refuses to answer while it is down."""

    source: Source
    site: NewsSite
    trouble: Mapping[Span, Stage] = field(default_factory=dict)

    def stage(self, moment: datetime) -> Stage | None:
        return next((stage for (start, end), stage in self.trouble.items() if start <= moment < end), None)

    def article(self, card: Card, moment: datetime) -> Article:
        """The article of a card as the site shows it at a moment: its views grow, its date is in the site's zone."""
        local = card.published_at.astimezone(ZoneInfo(self.source.timezone))
        age = max(moment - card.published_at, timedelta(0))
        return Article(
            slug=f"story-{card.number}",
            title=f"Story {card.number} of {self.source.title}",
            body=(f"What happened in story {card.number}.", "Why it matters, and to whom."),
            published_at=card.published_at,
            date_text=written_date(local.replace(tzinfo=BAKU), "en"),
            views=int(age.total_seconds() // 60),
        )

    def channel(self, cards: Sequence[Card], moment: datetime) -> bytes:
        """The body of the source's only channel: a list page, or a feed."""
        articles = [self.article(card, moment) for card in cards]
        if isinstance(self.source.channels[0], ListPage):
            shown = (markup.card(article, self.source.home, ListStyle()) for article in articles)
            return markup.list_page(title="Politics", language="en", cards=shown, weight=0).encode()
        newsroom = Newsroom(self.source.home)
        newsroom.publish(reversed(articles))
        return feed.render(newsroom)

    def page(self, url: str, moment: datetime) -> bytes:
        number = int(url.rpartition("-")[2])
        article = self.article(Card(number, self.site.published[number]), moment)
        return markup.article_page(article, self.source.home, (), SLIM).encode()


@dataclass(slots=True, kw_only=True)
class Visited:
    """One crawl: real times, what the host took them for, what it showed and what was planned after it."""

    source: str
    real_at: datetime
    real_until: datetime
    planned: Schedule  # what it followed
    host_until: datetime
    after: Schedule
    status: RunStatus
    listed: tuple[int, ...]  # article numbers; empty when the site did not answer
    fresh: int  # of them never listed before
    not_modified: bool
    events: tuple[Event, ...]  # that it recorded


class InPlace(Writer):
    """A writer whose calls are done at once: one crawl at a time needs no second thread."""

    def __init__(self) -> None:
        pass

    async def __call__(self, call: Any, *args: Any, **options: Any) -> Any:
        return call(*args, **options)


class Month:
    """The daemon's part over a month, in one process and as fast as it goes."""

    def __init__(self, store: Store, config: Config, press: Sequence[Press], host: Host, *, start: datetime) -> None:
        self.store, self.config = store, config
        self.press = {one.source.name: one for one in press}
        self.sources = {name: one.source for name, one in self.press.items()}
        self.clock = Clock(start, host)
        self.visits: list[Visited] = []
        self.shown: dict[str, dict[int, datetime]] = {name: {} for name in self.press}
        self.began: list[datetime] = []  # real times at which the daemon started
        self.last_event = 0
        self.checked_at: datetime | None = None

    async def run(self, end: datetime, *, seed: int = 1) -> None:
        """Watch until `end`, real time."""
        random.seed(seed)  # the planner's jitter
        planner = self._start()
        while self.clock.real < end:
            if (wakes := self.clock.host.wakes(self.clock.real)) is not None:
                self.clock.real = wakes
                planner = self._start()
            planner.follow_clock(now=self.clock())
            schedules = planner.schedules()
            for name in (name for name, one in schedules.items() if one.due_at <= self.clock()):
                await self._visit(name, schedules[name], planner)
            await self._check(planner)
            self.clock.real += self._pause(planner)

    def _start(self) -> Planner:
        self.began.append(self.clock.real)
        planner = Planner(self.store, self.config, self.sources)
        planner.schedules_at_start(now=self.clock())
        return planner

    def _jobs(self, planner: Planner) -> Jobs:
        return Jobs(self.store, self.config, self.sources, planner, clock=self.clock)

    def _pause(self, planner: Planner) -> timedelta:
        real, host = self.clock.real, self.clock.host
        due = min(one.due_at for one in planner.schedules().values())
        moments = [moment for at, _ in host.jumps for moment in (at - TICK, at)]
        jumps = [moment - real for moment in moments if moment > real]
        return max(timedelta(0), min(PATIENCE, due - self.clock(), *jumps))

    async def _check(self, planner: Planner) -> None:
        if self.checked_at is not None and self.clock.real - self.checked_at < CHECK_EVERY:
            return
        self.checked_at = self.clock.real
        await self._jobs(planner).check_health()
        write_event_alerts(self.store, [TARGET], now=self.clock())

    async def _visit(self, name: str, planned: Schedule, planner: Planner) -> None:
        press, real_at, launched_at = self.press[name], self.clock.real, self.clock()
        session = Session(
            source=press.source,
            store=self.store,
            writer=InPlace(),
            config=self.config,
            options=CrawlOptions(trigger=Trigger.SCHEDULED),
            clock=self.clock,
        )
        asked = Asked(press, self.clock)
        await crawl(session, asked)
        assert session.summary is not None
        exit_code = 0 if session.summary.status is RunStatus.SUCCEEDED else 1
        ending = Ending(sources=(name,), pid=os.getpid(), exit_code=exit_code)
        [after] = await self._jobs(planner).account_for(Done(launched_at=launched_at, ending=ending))
        self._note(asked, session, real_at, planned, after)

    def _note(self, asked: Asked, session: Session, real_at: datetime, planned: Schedule, after: Schedule) -> None:
        assert session.summary is not None
        name, shown = session.source.name, self.shown[session.source.name]
        new = [number for number in asked.listed if number not in shown]
        shown.update(dict.fromkeys(new, real_at))
        found = [one for one in self.store.events.find(source=name, limit=20) if one.id > self.last_event]
        self.last_event = max([self.last_event, *(one.id for one in found)])
        self.visits.append(
            Visited(
                source=name,
                real_at=real_at,
                real_until=self.clock.real,
                planned=planned,
                host_until=self.clock(),
                after=after,
                status=session.summary.status,
                listed=asked.listed,
                fresh=len(new),
                not_modified=asked.not_modified,
                events=tuple(found),
            )
        )

    def of(self, name: str) -> list[Visited]:
        """The crawls of a source."""
        return [one for one in self.visits if one.source == name]

    def history(self, name: str) -> History:
        """What was seen of a source and when, as `simulation.figures` takes it."""
        good = [one for one in self.of(name) if one.listed]
        return History(seen=dict(self.shown[name]), at_start=frozenset(good[0].listed))


@dataclass(slots=True)
class Asked:
    """What a crawl asks its channel for: the site's answer at that moment."""

    press: Press
    clock: Clock
    listed: tuple[int, ...] = ()
    not_modified: bool = False

    async def __call__(self, url: str, headers: Mapping[str, str]) -> Answer:
        self.clock.real += ASKING
        stage = self.press.stage(self.clock.real)
        if stage is not None:
            raise ChannelError(url, stage, "the site is in trouble")
        cards = self.press.site.list_at(self.clock.real)
        self.listed = tuple(card.number for card in cards)
        body = self.press.channel(cards, self.clock.real)
        etag = f'"{sha256(body).hexdigest()[:16]}"'
        self.not_modified = headers.get("If-None-Match") == etag
        return Answer(
            status=304 if self.not_modified else 200,
            url=url,
            body=b"" if self.not_modified else body,
            etag=etag,
            last_modified=None,
            content_type=None,
        )


async def crawl(session: Session, asked: Asked) -> None:
    """What Scrapy does for a crawl, without a network: open, plan, fetch, keep, close."""
    await session.open()
    targets = await plan(session, asked)
    spider: Any = spider_of(session.source)()
    spider.visit = session
    stats = SimpleNamespace(inc_value=lambda name: None)
    crawler: Any = SimpleNamespace(spider=spider, stats=stats)
    pipeline = StorePipeline(crawler)
    for target in targets:
        session.requests += 1
        await pipeline.process_item(spider.parse_article(_response(asked, target), target))
    asked.clock.real += FETCHING
    await close_session(session)


def _response(asked: Asked, target: Target) -> HtmlResponse:
    return HtmlResponse(target.url, body=asked.press.page(target.url, asked.clock.real), encoding="utf-8")


# The month that is told.


START, END = datetime(2026, 10, 5, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC)
"""Thirty days from a Monday; Berlin's clocks go back in the night to 25 October."""


def october(day: int, hour: float) -> datetime:
    return datetime(2026, 10, day, tzinfo=UTC) + timedelta(hours=hour)


REFUSED = (october(14, 9), october(14, 12))
FORWARD, BACK = october(16, 8), october(16, 13)
OFF = (october(20, 7), october(20, 15))
BURST = october(22, 9)
BROKEN = (october(21, 8), october(21, 11))
SILENCE = (october(27, 7), october(28, 13))
TURNED_AWAY = (october(30, 9), october(30, 12))

HOST = Host(jumps=((FORWARD, timedelta(hours=2)), (BACK, -timedelta(hours=2))), off=(OFF,))
BERLIN = replace(
    CALIBER,
    name="berlin",
    title="The Berlin Post",
    home="https://berlin.example",
    timezone="Europe/Berlin",
    channels=(ListPage(path="/en/category/politics", language="en"),),
    sections=(),
    per_day=20.0,
)
WIRE = replace(
    BERLIN, name="wire", title="The Wire", home="https://wire.example", timezone="Asia/Baku", channels=(Feed(path="/rss.xml"),)
)  # fmt: skip


def told_month(seed: int) -> list[Press]:
    """A list page of a busy site that has most of the troubles, and a feed of a smaller one that answers 500."""
    berlin = NewsSite.simulated(seed, start=START, days=30, timezone=ZoneInfo(BERLIN.timezone), per_day=32)
    wire = NewsSite.simulated(seed + 100, start=START, days=30, timezone=ZoneInfo(WIRE.timezone), per_day=10, bursts=4)
    return [
        Press(
            source=BERLIN,
            site=_with_burst(_with_silence(berlin), BURST),
            trouble={REFUSED: Stage.NETWORK, TURNED_AWAY: Stage.BLOCKED},
        ),
        Press(source=WIRE, site=wire, trouble={BROKEN: Stage.HTTP_5XX}),
    ]


def _with_silence(site: NewsSite) -> NewsSite:
    start, end = SILENCE
    return replace(site, published=tuple(at for at in site.published if not start <= at < end))


def _with_burst(site: NewsSite, at: datetime) -> NewsSite:
    """Fifty articles in twenty minutes: no list of 24 holds what a plan of half an hour meets."""
    burst = [at + timedelta(seconds=25 * number) for number in range(50)]
    return replace(site, published=tuple(sorted([*site.published, *burst])))


def good_pairs(visits: Sequence[Visited]) -> Iterator[tuple[Visited, Visited]]:
    """Each good look of a source with the look after it."""
    return ((one, other) for one, other in pairwise(visits) if one.status is RunStatus.SUCCEEDED)


def beside_fixed(month: Month, source: str) -> tuple[Figures, Figures]:
    """A source's month beside a fixed interval of as many looks through the same troubles and the same downtime."""
    press, visits = month.press[source], month.of(source)
    outages = (*press.trouble, *month.clock.host.off)
    site, count = replace(press.site, outages=outages), len(visits)
    # A look that is lost to the downtime was never made: the fixed interval gets as many that were.
    share = 1 - sum((end - start for start, end in month.clock.host.off), timedelta(0)) / (END - START)
    fixed = evenly(site, START, END, round(count / share))
    return (
        figures(site, month.history(source), START, END, count),
        figures(site, fixed, START, END, count),
    )


def table(month: Month) -> str:
    """Requests a day and detection delay in minutes, a line a source."""
    lines = ["source  looks/day    p50  fixed    p90  fixed   mean  fixed  missed  fixed"]
    for source in month.press:
        ours, fixed = beside_fixed(month, source)
        lines.append(
            f"{source:<7} {ours.requests_a_day:>9.1f} {ours.p50:>6.1f} {fixed.p50:>6.1f} {ours.p90:>6.1f} "
            f"{fixed.p90:>6.1f} {ours.mean:>6.1f} {fixed.mean:>6.1f} {ours.missed:>7} {fixed.missed:>6}"
        )
    return "\n".join(lines)
