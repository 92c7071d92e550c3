"""Watch a made-up source by simulated polls, and keep the truth beside what is stored of it: for claims of coverage.

The source has several channels, each of which shows the newest of its articles, some below links that are pinned. A
crawl asks each channel at a moment of its own, after it began and before it is recorded; some channels fail, some
crawls poll none, some articles are listed and not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage.coverage.causes import Cause
from storage.coverage.history import IncompleteRun, ListingGap, Poll, SourceHistory, UnreadLink
from storage.crawling.channels import ChannelState
from storage.crawling.crawls import has_gap
from storage.model.failure_causes import FailureCause
from storage.model.records import Link, RunStatus

ANSWERING = timedelta(seconds=10)
"""Time between the requests of two channels."""
CRAWLING = timedelta(minutes=1)
"""Time from the start of a crawl until its polls are recorded."""


@dataclass(frozen=True, slots=True)
class Story:
    """An article that appeared at a time on some of the channels."""

    number: int
    appeared_at: datetime
    channels: frozenset[int]

    @property
    def url(self) -> str:
        return f"https://site.example/story-{self.number}"


@dataclass(frozen=True, slots=True)
class Crawl:
    """A crawl: its start, the channels that fail, and whether what it lists first is left unread."""

    started_at: datetime
    failing: frozenset[int] = frozenset()
    leaves_unread: bool = False


@dataclass(slots=True)
class WatchedSource:
    """The state of a source that is watched, as the tables keep it."""

    stories: Sequence[Story]
    channel_count: int
    cards: int
    pinned: int = 0
    known: dict[int, set[str]] = field(default_factory=dict)
    last_success: dict[int, datetime] = field(default_factory=dict)
    first_listed: dict[int, datetime] = field(default_factory=dict)
    polls: list[Poll] = field(default_factory=list)
    incomplete: list[IncompleteRun] = field(default_factory=list)
    gaps: list[ListingGap] = field(default_factory=list)
    unread: dict[int, UnreadLink] = field(default_factory=dict)

    def crawl(self, crawl: Crawl) -> None:
        """Poll every channel, one after another, and record the crawl."""
        recorded_at = crawl.started_at + CRAWLING
        for channel in range(self.channel_count):
            if channel not in crawl.failing:
                self._record(channel, crawl.started_at + (channel + 1) * ANSWERING, recorded_at, crawl)
        if crawl.failing:
            error = "https://site.example: network: it failed"
            run = IncompleteRun(
                started_at=crawl.started_at, status=RunStatus.FAILED, failure_cause=FailureCause.SOURCE, error=error
            )
            self.incomplete.append(run)
        else:
            self.polls.append(Poll(started_at=crawl.started_at, finished_at=recorded_at + ANSWERING))

    def _record(self, channel: int, asked_at: datetime, now: datetime, crawl: Crawl) -> None:
        links = self.list_at(channel, asked_at)
        known = self.known.setdefault(channel, set())
        good = self.last_success.get(channel)
        state = ChannelState(id=channel, url=f"https://site.example/{channel}", last_success_at=good)
        if has_gap(state, links, known & {link.url for link in links}):
            assert good is not None
            self.gaps.append(ListingGap(channel=state.url, last_success_at=good, found_at=now))
        known.update(link.url for link in links)
        if links:
            self.last_success[channel] = now
        for link in links:
            number = int(link.url.rpartition("-")[2])
            if self.first_listed.setdefault(number, now) == now and crawl.leaves_unread:
                self.unread[number] = UnreadLink(cause=Cause.BACKLOG, url=link.url, first_listed_at=now)

    def list_at(self, channel: int, moment: datetime) -> list[Link]:
        """The links that a reader of a channel sees: the oldest ones pinned above, then the newest first."""
        shown = [one for one in self.stories if channel in one.channels and one.appeared_at <= moment]
        newest = list(reversed(shown[self.pinned :]))[: self.cards]
        return [Link(url=one.url, channel="") for one in (*shown[: self.pinned], *newest)]

    @property
    def unknown(self) -> list[Story]:
        """The stories of which no text is stored."""
        return [one for one in self.stories if one.number not in self.first_listed or one.number in self.unread]

    def history(self) -> SourceHistory:
        return SourceHistory(
            source="site",
            title="The Site",
            polls=self.polls,
            incomplete=self.incomplete,
            gaps=self.gaps,
            unread=list(self.unread.values()),
        )
