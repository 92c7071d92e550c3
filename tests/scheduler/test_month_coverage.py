"""Compare what is claimed of a simulated month with what its sites did: no claim may be false.

Moments are compared as the clock of the machine showed them, which was wrong for a day.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from storage.articles.filters import ArticleFilter
from storage.coverage.absence import Absence, Verdict, absent
from storage.coverage.coverage import SourceCoverage, coverage
from storage.coverage.firsts import first_statements
from storage.coverage.intervals import Interval
from storage.search.query import parse
from tests.support.month import Month
from tests.support.october import BURST, END, OFF, SILENCE, START

pytestmark = [pytest.mark.long, pytest.mark.timeout(900), pytest.mark.xdist_group("month")]
SOURCES = ("berlin", "wire")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EVERY = 5
"""Each so many-th article is asked for; all take minutes."""


def truth(month: Month, source: str) -> dict[int, datetime]:
    """When each article of the month appeared, by its number, as the clock of the machine showed it."""
    site = month.press[source].site
    return {number: month.clock.host.clock(site.published[number]) for number in site.between(START, END)}


def covered(month: Month, source: str, since: datetime = START, until: datetime = END) -> SourceCoverage:
    [found] = coverage(month.store, since=since, until=until, sources=[source], now=END)
    return found


def ask(month: Month, source: str, number: int, period: Interval) -> Absence:
    wanted = ArticleFilter(query=parse(f'"story {number}"'), since=period.since, until=period.until)
    return absent(month.store, wanted, sources=[source], now=END)


@pytest.mark.parametrize("source", SOURCES)
def test_no_article_that_is_not_stored_appeared_in_visible_time(month: Month, source: str) -> None:
    visible = covered(month, source).visible
    missed = {number: at for number, at in truth(month, source).items() if number not in month.shown[source]}
    assert [one for one in missed.items() if any(since <= one[1] < until for since, until in visible)] == []


def test_most_of_the_month_is_visible_and_its_troubles_are_named(month: Month) -> None:
    berlin, wire = covered(month, "berlin"), covered(month, "wire")
    assert wire.share_visible > 0.95
    assert berlin.share_visible > 0.85
    causes = {str(one.cause) for one in berlin.not_visible}
    assert {"silent", "gap", "not polled"} <= causes
    assert any(one.since < BURST + HOUR and one.until > BURST for one in berlin.not_visible if one.cause == "gap")
    [silent] = [one for one in berlin.not_visible if one.cause == "silent"]
    assert silent.since <= SILENCE[0] + HOUR
    assert silent.until >= SILENCE[1]
    assert wire.longest_wait is not None
    assert wire.longest_wait >= OFF[1] - OFF[0], "after which the list of the wire reached back"


def windows(at: datetime, rng: random.Random) -> Iterator[Interval]:
    """A period in which something was at a moment, and others around it."""
    for reach in (MINUTE, HOUR, 12 * HOUR):
        begin = at - reach * rng.random()
        yield Interval(begin, begin + reach)
        yield Interval(at - 2 * reach, at - reach)
        yield Interval(at + reach / 10, at + 2 * reach)


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_is_called_absent_that_was_there(month: Month, source: str) -> None:
    rng, verdicts = random.Random(1), dict.fromkeys(Verdict, 0)
    for number, at in list(truth(month, source).items())[::EVERY]:
        for period in windows(at, rng):
            absence = ask(month, source, number, period)
            verdicts[absence.verdict] += 1
            was_there = period.since <= at < period.until
            assert not (was_there and absence.verdict is Verdict.ABSENT), (number, at, period)
            if was_there and number in month.shown[source]:
                assert absence.verdict is Verdict.PRESENT, (number, at, period)
    assert min(verdicts.values()) > 0, "each was said"


@pytest.mark.parametrize("source", SOURCES)
def test_every_article_appeared_between_its_bounds(month: Month, source: str) -> None:
    spans = []
    for number, at in list(truth(month, source).items())[::EVERY]:
        for found in ask(month, source, number, Interval(START, END)).found:
            assert found.article.url.endswith(f"-{number}")
            for bounds in (found.appeared, found.said):
                assert bounds.earliest is None or bounds.earliest <= at, (number, at, bounds)
                assert at <= bounds.latest, (number, at, bounds)
            spans += [found.appeared.latest - found.appeared.earliest] if found.appeared.earliest else []
    assert sorted(spans)[len(spans) // 2] < 3 * HOUR


def test_no_order_is_claimed_that_was_not_so(month: Month) -> None:
    """Ask for an article of either site, of which one came up to hours before the other."""
    berlin, wire = truth(month, "berlin"), truth(month, "wire")
    rng, claims, pairs = random.Random(2), 0, 0
    for number, at in wire.items():
        near = at + 6 * HOUR * (rng.random() - 0.5)
        _, other = min((abs(moment - near), one) for one, moment in berlin.items())
        appeared = {"wire": at, "berlin": berlin[other]}
        query = parse(f'"story {number}" OR "story {other}"')
        since, until = min(appeared.values()) - 2 * HOUR, max(appeared.values()) + 6 * HOUR
        wanted = ArticleFilter(query=query, since=max(since, START), until=until)
        for first in first_statements(month.store, wanted, now=END):
            for later in first.proven_before:
                claims += 1
                assert appeared[first.source] < appeared[later], (number, other)
        pairs += 1
    assert claims > pairs / 10
