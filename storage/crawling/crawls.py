"""Record the steps of one crawl: its begin, its polls, its selection, its end; each is one transaction.

The poll state of a channel is written with the selection, after its links: a crawl that is killed in between must not
be answered "not modified" about links of which nothing was decided yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from storage.crawling import channels, events, links, runs, sources
from storage.crawling.channels import ChannelState, PollResult
from storage.crawling.runs import CrawlCounts, RunSummary
from storage.crawling.sources import RateLimit, SourceDeclaration
from storage.database.session import Database
from storage.model.records import FetchFailure, KnownLink, Link, RunStatus, Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlStart:
    """An open run, the poll state of each channel by URL, and until when the host asked to be left alone."""

    run_id: int
    channels: Mapping[str, ChannelState]
    rate_limited_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPoll:
    """One poll of a channel: its result with the links it listed, or its failure."""

    state: ChannelState
    links: Sequence[Link] = ()
    result: PollResult | None = None
    failure: FetchFailure | None = None

    @property
    def is_changed(self) -> bool:
        return self.result is not None and self.result.changed

    @property
    def urls(self) -> list[str]:
        """The URLs it listed, each once."""
        return list(dict.fromkeys(link.url for link in self.links))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingGap:
    """A channel on which nothing was known: articles may have been missed."""

    channel: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """What was known before the polls of a crawl were recorded, and the gaps they showed."""

    known: Mapping[str, KnownLink]
    gaps: Sequence[ListingGap]


class Crawls:
    """Write what a crawl does between its fetches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self, source: SourceDeclaration, channel_urls: Sequence[str], trigger: Trigger, *, base_url: str, now: datetime
    ) -> CrawlStart:
        """Declare the source, open its run, and read the poll state of its channels.

        Runs of the source whose process is gone are closed as interrupted first. Raises AlreadyRunningError if one is alive.
        """
        with runs.one_open_run(self._database, source.name), self._database.write() as connection:
            sources.declare(connection, source)
            return CrawlStart(
                run_id=runs.open_run(connection, source.name, trigger, now=now),
                channels=channels.get_or_create(connection, source.name, channel_urls),
                rate_limited_until=sources.rate_limited_until(connection, source.name, base_url),
            )

    def record_polls(
        self,
        source: str,
        polls: Sequence[ChannelPoll],
        listed: Mapping[str, Link],
        *,
        now: datetime,
        all_articles: bool = False,
    ) -> PollRecord:
        """Write the links that the channels listed, and return what was known before.

        `listed` holds the links of all polls, one a URL. Known are the listed URLs, every pending link and every
        article due for a recrawl; `all_articles` adds every article of the source.
        """
        with self._database.write() as connection:
            known = links.read_known(connection, source, listed, now=now, all_articles=all_articles)
            links.upsert_listed(connection, source, _with_known_sections(listed, known), now)
            for poll in polls:
                if poll.is_changed:
                    links.upsert_listings(connection, poll.state.id, poll.urls, now)
            unchanged = [poll.state.id for poll in polls if poll.result is not None and not poll.is_changed]
            links.touch_listed(connection, unchanged, now)
            # In the transaction of the links: once they are known, nobody would find the gap again.
            gaps = [_gap(poll) for poll in polls if has_gap(poll.state, poll.urls, known)]
            for gap in gaps:
                events.record(connection, source=source, kind="gap", subject=gap.channel, details=gap.details, now=now)
        return PollRecord(known=known, gaps=gaps)

    def record_selection(
        self,
        polls: Iterable[ChannelPoll],
        *,
        filtered: Mapping[str, str],
        pending: Mapping[str, str],
        now: datetime,
    ) -> None:
        """Write what was decided of links that are not fetched now, each a reason by URL, and the poll state.

        `filtered` are set aside unread; `pending` wait for a later crawl, or were filtered under other settings.
        """
        with self._database.write() as connection:
            links.mark_filtered(connection, filtered)
            links.set_pending_reasons(connection, pending)
            for poll in polls:
                channels.record_poll(connection, poll.state.id, poll.result, poll.failure, now=now)

    def end(
        self,
        run_id: int,
        status: RunStatus,
        *,
        now: datetime,
        counts: CrawlCounts,
        error: str | None = None,
        rate_limit: RateLimit | None = None,
    ) -> RunSummary:
        """Close the run, and keep until when its host asked to be left alone."""
        with self._database.write() as connection:
            summary = runs.close_run(connection, run_id, status, now=now, counts=counts, error=error)
            if rate_limit is not None:
                sources.set_rate_limit(connection, summary.source, rate_limit)
        return summary


def has_gap(state: ChannelState, listed: Collection[str], known_before: Collection[str]) -> bool:
    """Whether links were missed: the channel was polled well before, and nothing it lists now was known then."""
    return state.last_success_at is not None and bool(listed) and not any(url in known_before for url in listed)


def _gap(poll: ChannelPoll) -> ListingGap:
    state = poll.state
    sentence = (
        f"none of its {len(poll.links)} links was known: articles that came since "
        f"{state.last_success_at:%Y-%m-%d %H:%M} UTC may have been missed"
    )
    details = {"sentence": sentence, "listed": len(poll.links), "last_success_at": str(state.last_success_at)}
    return ListingGap(channel=state.url, details=details)


def _with_known_sections(listed: Mapping[str, Link], known: Mapping[str, KnownLink]) -> list[Link]:
    """Add the sections that channels named each URL under before: a story may be in several."""
    before = {url: known[url].sections for url in listed if url in known}
    return [
        replace(link, sections=tuple(dict.fromkeys((*before.get(url, ()), *link.sections))))
        for url, link in listed.items()
    ]
