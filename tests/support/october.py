"""Configure a simulated month, October 2026, with every kind of trouble, and compute its figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from scraper.source import Feed, ListingPage
from scraper.sources.caliber import SOURCE as CALIBER
from storage.config.settings import Config, ScraperSettings
from storage.model.records import FailureStage, RunStatus
from tests.support.month import Month, Visited
from tests.support.press import Press
from tests.support.simulation import Figures, Host, NewsSite, evenly, figures

# Recrawls are not tested by the month, and there are nine of them an article: one a crawl keeps it in seconds.
SETTINGS = Config(scraper=ScraperSettings(max_requests=50, recrawl_share=0.02))
START, END = datetime(2026, 10, 5, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC)
"""Thirty days from a Monday; Berlin's clocks go back in the night to 25 October."""


def october(day: int, hour: float) -> datetime:
    return datetime(2026, 10, day, tzinfo=UTC) + timedelta(hours=hour)


REFUSED = (october(14, 9), october(14, 12))
FORWARD, BACK = october(16, 8), october(16, 13)
OFF = (october(20, 7), october(20, 15))
BURST = october(22, 0.5)
BROKEN = (october(21, 8), october(21, 11))
SILENCE = (october(27, 7), october(28, 13))
TURNED_AWAY = (october(30, 9), october(30, 12))

HOST = Host(jumps=((FORWARD, timedelta(hours=2)), (BACK, -timedelta(hours=2))), off=(OFF,))
BERLIN = replace(
    CALIBER,
    name="berlin",
    title="The Berlin Post",
    base_url="https://berlin.example",
    timezone="Europe/Berlin",
    channels=(ListingPage(path="/en/category/politics", language="en"),),
    sections=(),
    per_day=20.0,
)
WIRE = replace(
    BERLIN,
    name="wire",
    title="The Wire",
    base_url="https://wire.example",
    timezone="Asia/Baku",
    channels=(Feed(path="/rss.xml"),),
)


def october_sites(seed: int) -> list[Press]:
    """A list page of a busy site that has most of the troubles, and a feed of a smaller one that answers 500."""
    berlin = NewsSite.simulated(seed, start=START, days=30, timezone=ZoneInfo(BERLIN.timezone), per_day=32)
    wire = NewsSite.simulated(seed + 100, start=START, days=30, timezone=ZoneInfo(WIRE.timezone), per_day=7, bursts=3)
    return [
        Press(
            source=BERLIN,
            site=_with_burst(_with_silence(berlin), BURST),
            trouble={REFUSED: FailureStage.NETWORK, TURNED_AWAY: FailureStage.BLOCKED},
        ),
        Press(source=WIRE, site=wire, trouble={BROKEN: FailureStage.HTTP_5XX}),
    ]


def _with_silence(site: NewsSite) -> NewsSite:
    start, end = SILENCE
    return replace(site, published=tuple(at for at in site.published if not start <= at < end))


def _with_burst(site: NewsSite, at: datetime) -> NewsSite:
    """Sixty articles in 45 minutes: no list of 24 holds what a poll an hour and a half later finds, as at night."""
    burst = [at + timedelta(seconds=45 * number) for number in range(60)]
    return replace(site, published=tuple(sorted([*site.published, *burst])))


def good_pairs(visits: Sequence[Visited]) -> Iterator[tuple[Visited, Visited]]:
    """Each successful poll of a source with the poll after it."""
    return ((one, other) for one, other in pairwise(visits) if one.status is RunStatus.SUCCEEDED)


def beside_fixed(month: Month, source: str) -> tuple[Figures, Figures]:
    """A source's month beside a fixed interval of as many polls through the same troubles and the same downtime."""
    press, visits = month.press[source], month.of(source)
    outages = (*press.trouble, *month.clock.host.off)
    site, count = replace(press.site, outages=outages), len(visits)
    # A poll that is lost to the downtime was never made: the fixed interval gets as many that were.
    share = 1 - sum((end - start for start, end in month.clock.host.off), timedelta(0)) / (END - START)
    fixed = evenly(site, START, END, round(count / share))
    return (
        figures(site, month.history(source), START, END, count),
        figures(site, fixed, START, END, count),
    )


def table(month: Month) -> str:
    """Requests a day and detection delay in minutes, a line a source."""
    lines = ["source  polls/day    p50  fixed    p90  fixed   mean  fixed  missed  fixed"]
    for source in month.press:
        ours, fixed = beside_fixed(month, source)
        lines.append(
            f"{source:<7} {ours.requests_a_day:>9.1f} {ours.p50:>6.1f} {fixed.p50:>6.1f} {ours.p90:>6.1f} "
            f"{fixed.p90:>6.1f} {ours.mean:>6.1f} {fixed.mean:>6.1f} {ours.missed:>7} {fixed.missed:>6}"
        )
    return "\n".join(lines)
