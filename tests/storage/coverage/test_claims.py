"""Compare the claims of coverage with the truth: whatever happens to a site and its watching, none is false."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.coverage.appearance import appearance
from storage.coverage.coverage import covered
from storage.coverage.intervals import Interval, complement, merged, total
from storage.coverage.not_visible import not_visible
from tests.support.rows import DAY, HOUR, NOON
from tests.support.watching import CRAWLING, Crawl, Story, WatchedSource

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
CHANNELS = 2
WEEK = Interval(NOON, NOON + 7 * DAY)

moments = st.integers(0, 7 * 24 * 3600).map(lambda seconds: NOON + timedelta(seconds=seconds))
subsets = st.sets(st.integers(0, CHANNELS - 1))


@st.composite
def watched_sources(draw: st.DrawFn) -> WatchedSource:
    """A week of a site, in which it publishes in bursts and quiet hours, and of crawls, which often fail."""
    starts = sorted(draw(st.lists(moments, min_size=1, max_size=40)))
    beside_a_crawl = st.builds(lambda at, after: at + after * SECOND, st.sampled_from(starts), st.integers(-10, 70))
    burst = st.tuples(st.one_of(moments, beside_a_crawl), st.integers(1, 12), st.sampled_from([1, 30, 600]))
    bursts = draw(st.lists(burst, max_size=25))
    earlier = [NOON - number * HOUR for number in range(1, 12)]
    in_bursts = (at + step * number * SECOND for at, count, step in bursts for number in range(count))
    times = sorted([*earlier, *in_bursts])
    everywhere = frozenset(range(CHANNELS))
    stories = [
        Story(number, at, frozenset(draw(subsets)) or everywhere if at >= NOON else everywhere)
        for number, at in enumerate(times)
    ]
    source = WatchedSource(stories, CHANNELS, cards=draw(st.integers(3, 8)), pinned=draw(st.integers(0, 1)))
    last = NOON - DAY
    for at in starts:
        if at - last >= 2 * CRAWLING:
            last = at
            failing = frozenset(draw(st.one_of(st.just(set()), subsets)))
            source.crawl(Crawl(at, failing=failing, leaves_unread=draw(st.integers(0, 4)) == 0))
    return source


@given(watched_sources(), moments, moments)
@pytest.mark.long
def test_no_unknown_story_appeared_in_visible_time(source: WatchedSource, one: datetime, other: datetime) -> None:
    period = Interval(min(one, other), max(one, other) + MINUTE)
    visible = complement([hidden.interval for hidden in not_visible(source.history(), period)], period)
    false = [
        (story, claimed)
        for story in source.unknown
        for claimed in visible
        if claimed.since <= story.appeared_at < claimed.until
    ]
    assert false == []


@given(watched_sources())
def test_every_story_appeared_within_its_bounds(source: WatchedSource) -> None:
    history = source.history()
    for story in source.stories:
        if (listed_at := source.first_listed.get(story.number)) is not None:
            bounds = appearance(listed_at, history.last_poll_before(listed_at))
            # One that left the list unseen before it was shown again would be widened by its own date.
            assert bounds.earliest is None or bounds.earliest <= story.appeared_at
            assert story.appeared_at <= bounds.latest


def calm_week(*, every: timedelta) -> WatchedSource:
    stories = [Story(number, NOON + (number - 20) * HOUR, frozenset({0, 1})) for number in range(180)]
    source = WatchedSource(stories, CHANNELS, cards=8)
    for number in range(int(7 * DAY / every)):
        source.crawl(Crawl(NOON + number * every + MINUTE))
    return source


def test_a_calm_week_is_visible_from_the_first_poll_to_the_last() -> None:
    source = calm_week(every=2 * HOUR)
    hidden = not_visible(source.history(), WEEK)
    assert [(one.cause, one.duration) for one in hidden] == [
        ("not watched yet", MINUTE),
        ("not polled", 2 * HOUR - MINUTE),
    ]
    found = covered(source.history(), WEEK)
    assert (found.poll_count, found.longest_wait) == (84, 2 * HOUR)


def test_an_outage_after_which_the_list_reaches_back_hides_nothing() -> None:
    source = calm_week(every=2 * HOUR)
    history = source.history()
    polls = [poll for poll in history.polls if not NOON + DAY < poll.started_at < NOON + DAY + 6 * HOUR]
    source.polls[:] = polls
    assert len(not_visible(source.history(), WEEK)) == 2
    assert covered(source.history(), WEEK).longest_wait == 8 * HOUR


@given(st.lists(st.tuples(moments, moments).map(lambda pair: Interval(*pair)), max_size=12))
@example([Interval(NOON, NOON)])
def test_intervals_and_their_complement_are_the_period(intervals: list[Interval]) -> None:
    inside = [one.within(WEEK) for one in intervals]
    outside = complement(intervals, WEEK)
    assert total(inside) + total(outside) == WEEK.duration
    assert merged([*inside, *outside]) == [WEEK]
    assert not any(one.overlaps(other) for one in outside for other in inside if one.duration and other.duration)


def test_what_came_while_a_crawl_ran_and_left_the_list_unseen_lies_in_the_gap() -> None:
    first, second = Crawl(NOON + HOUR), Crawl(NOON + 2 * HOUR)
    between = first.started_at + CRAWLING - SECOND  # after both lists were read, before that was recorded
    before = [Story(number, NOON - number * HOUR, frozenset({0, 1})) for number in range(9, 0, -1)]
    after = [Story(10 + number, between + number * MINUTE, frozenset({0, 1})) for number in range(12)]
    source = WatchedSource([*before, *after], CHANNELS, cards=5)
    source.crawl(first)
    source.crawl(second)
    hidden = [one.interval for one in not_visible(source.history(), Interval(NOON, NOON + 2 * HOUR))]
    assert after[0] in source.unknown
    assert any(since <= between < until for since, until in hidden)
