"""Record the steps of a crawl, one transaction each: begin, polls, selection, end.

The poll state of a channel is written with the selection, after its links: a crawl that is killed in between must not
get "304 Not Modified" for links that were not selected yet.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from storage.crawling import channels, events, links, quarantine, runs, sources
from storage.crawling.channels import ChannelState, PollResult
from storage.crawling.fencing import LEASE, fenced_write
from storage.crawling.listed_views import record_listed_views
from storage.crawling.quarantine import ParsingMarks, run_of
from storage.crawling.runs import CrawlCounts, RunSummary
from storage.crawling.sources import RateLimit, SourceDeclaration
from storage.database.engine import refused_rows_left_out
from storage.database.session import Database
from storage.model.errors import RefusedRowError
from storage.model.failure_causes import FailureCause
from storage.model.records import FetchFailure, KnownLink, Link, RunStatus, Trigger

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlStart:
    """The id of an open run, the poll state of each channel by URL, and the end of a Retry-After, if any."""

    run_id: int
    channels: Mapping[str, ChannelState]
    rate_limited_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPoll:
    """One poll of a channel: its result and listed links, or its failure.

    `shows_gaps` is False for a channel that may list new links alone, although none was missed: an index of sitemaps.
    """

    state: ChannelState
    links: Sequence[Link] = ()
    result: PollResult | None = None
    failure: FetchFailure | None = None
    shows_gaps: bool = True

    @property
    def is_changed(self) -> bool:
        """Return whether the poll succeeded and the channel lists other links than before."""
        return self.result is not None and self.result.changed

    @property
    def urls(self) -> list[str]:
        """Return the listed URLs without duplicates, in their order."""
        return list(dict.fromkeys(link.url for link in self.links))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingGap:
    """A channel whose list ended before a known link, so that articles may have been missed."""

    channel: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """The links known before the polls of a crawl were recorded, by URL, and the gaps found."""

    known: Mapping[str, KnownLink]
    gaps: Sequence[ListingGap]


class Crawls:
    """Write the rows of a crawl that do not belong to one of its fetches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self,
        source: SourceDeclaration,
        channel_urls: Sequence[str],
        trigger: Trigger,
        *,
        base_url: str,
        now: datetime,
        process: str | None = None,
        lease: timedelta = LEASE,
    ) -> CrawlStart:
        """Insert or update the source, open a run, and return it with the poll state of the channels.

        `process` is the id of a crawl of a worker, default: that of this process.

        Open runs of the source whose process has ended, or whose last heartbeat is older than the lease, are closed as
        interrupted first. Raises AlreadyRunningError if there is another one.
        """
        with runs.one_open_run(self._database, source.name), self._database.write() as connection:
            sources.declare(connection, source)
            return CrawlStart(
                run_id=runs.open_run(connection, source.name, trigger, now=now, process=process, lease=lease),
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
        run_id: int | None,
        all_articles: bool = False,
    ) -> PollRecord:
        """Write the links that the channels listed, and return those known before. Raises LostLeaseError.

        `listed` holds the links of all polls by URL. Known links are those of the listed URLs, every pending link
        and every article due for a recrawl; `all_articles` adds every article of the source. A link that the database
        refuses is left out.
        """
        record = partial(self._record_polls, source, polls, listed, now=now, run_id=run_id, all_articles=all_articles)
        try:
            return record()
        except RefusedRowError as error:
            logger.warning("%s: the database refused a link (%s); each is written by itself", source, error.reason)
        return record(one_by_one=True)

    def _record_polls(
        self,
        source: str,
        polls: Sequence[ChannelPoll],
        listed: Mapping[str, Link],
        *,
        now: datetime,
        run_id: int | None,
        all_articles: bool,
        one_by_one: bool = False,
    ) -> PollRecord:
        with fenced_write(self._database, run_id) as connection:
            known = links.read_known(connection, source, listed, now=now, all_articles=all_articles)
            found = _with_known_sections(listed, known)
            for group in ([link] for link in found) if one_by_one else [found]:
                with refused_rows_left_out(connection) if one_by_one else nullcontext():
                    links.upsert_listed(connection, source, group, now)
            record_listed_views(connection, listed, known, now=now)
            gaps = []
            for poll in polls:
                if poll.is_changed:
                    before = links.upsert_listings(connection, poll.state.id, poll.urls, now)
                    gaps += [_gap(poll, before)] if poll.shows_gaps and has_gap(poll.state, poll.links, before) else []
            unchanged = [poll.state.id for poll in polls if poll.result is not None and not poll.is_changed]
            links.touch_listed(connection, unchanged, now)
            # In the transaction of the links: once they are known, the gap cannot be detected again.
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
        marks: ParsingMarks | None = None,
    ) -> None:
        """Write the reasons of links that are not fetched in this crawl, by URL, and the poll state of the channels.

        `filtered` links are not fetched; `pending` ones wait for a later crawl, or were filtered under other settings;
        `marks` are the first that are, of the run that writes. Raises LostLeaseError.
        """
        with fenced_write(self._database, run_of(marks)) as connection:
            links.mark_filtered(connection, filtered)
            links.set_pending_reasons(connection, pending)
            quarantine.mark(connection, marks)
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
        cause: FailureCause | None = None,
        rate_limit: RateLimit | None = None,
        unparsed: Sequence[str] = (),
    ) -> RunSummary:
        """Close the run, count its fetches, and store the Retry-After of its host; return the totals.

        `unparsed` are the links that it marked and did not parse. Raises LostLeaseError if it is closed already.
        """
        with fenced_write(self._database, run_id) as connection:
            quarantine.unmark(connection, ParsingMarks(run_id=run_id, urls=unparsed))
            summary = runs.close_run(connection, run_id, status, now=now, counts=counts, error=error, cause=cause)
            if rate_limit is not None:
                sources.set_rate_limit(connection, summary.source, rate_limit)
        return summary


def has_gap(state: ChannelState, listed: Sequence[Link], known_before: Collection[str]) -> bool:
    """Return whether links may have been missed: an earlier poll succeeded, and the list ended before a known link.

    `known_before` are those of the links that the same channel listed before: one that another channel listed says
    nothing about this list. The last link of the list must be one of them, or most links: a few above new ones may be
    pinned there, while others have left the list unseen.
    """
    urls = list(dict.fromkeys(link.url for link in _newest_first(listed)))
    if state.last_success_at is None or not urls:
        return False
    known_count = sum(url in known_before for url in urls)
    return urls[-1] not in known_before and 2 * known_count <= len(urls)


def _newest_first(listed: Sequence[Link]) -> Sequence[Link]:
    """Reverse a list whose dates mostly rise, as in some sitemaps."""
    dates = [link.published_at for link in listed if link.published_at is not None]
    rises = sum(one < other for one, other in pairwise(dates))
    falls = sum(one > other for one, other in pairwise(dates))
    return listed[::-1] if rises > falls else listed


def _gap(poll: ChannelPoll, known_before: Collection[str]) -> ListingGap:
    state, known_count = poll.state, len(known_before)
    known = f"only {known_count} of its {len(poll.links)} links were known, all of them above new ones"
    sentence = (
        f"{known if known_count else f'none of its {len(poll.links)} links was known'}: articles that came since "
        f"{state.last_success_at:%Y-%m-%d %H:%M} UTC may have been missed"
    )
    details = {"sentence": sentence, "listed": len(poll.links), "last_success_at": str(state.last_success_at)}
    return ListingGap(channel=state.url, details=details)


def _with_known_sections(listed: Mapping[str, Link], known: Mapping[str, KnownLink]) -> list[Link]:
    """Add the sections stored for each listed URL: an article may be in several."""
    before = {url: known[url].sections for url in listed if url in known}
    return [
        replace(link, sections=tuple(dict.fromkeys((*before.get(url, ()), *link.sections))))
        for url, link in listed.items()
    ]
