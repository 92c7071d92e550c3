"""Which links a crawl fetches now: new ones first, then retries, then re-looks, all within its budget."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from storage.model.records import FetchPurpose, KnownLink, Link, Outcome

MAX_PAGES = 20
"""Pages of one list a look turns at most: at 24 cards a page four days of the busiest source known."""


class RecrawlMode(StrEnum):
    """Which known articles are looked at again."""

    DUE = "due"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionPolicy:
    """What is wanted, and how much of it in one crawl.

    `sections` maps each wanted section to every folded name the source gives it; empty: all. `languages` empty: all.
    `budget` is article requests a crawl, of which re-looks that are due take `recrawl_share` at most; `limit` caps them
    all. `retry_all` takes up every pending link, not only those whose time has come.
    """

    sections: Mapping[str, frozenset[str]] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    since: datetime | None = None
    limit: int | None = None
    max_requests: int = 500
    recrawl_share: float = 0.5
    recrawl: RecrawlMode = RecrawlMode.DUE
    retry_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """An address to fetch, and why."""

    url: str
    purpose: FetchPurpose
    sections: tuple[str, ...] = ()  # as its links name them


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPlan:
    """What becomes of the links: each address in one of these, or known and not due. Reasons by address."""

    requests: tuple[FetchRequest, ...]
    filtered: Mapping[str, str]
    reopened: Mapping[str, str]
    deferred: Mapping[str, str]
    recrawls_due: int  # chosen or not

    @property
    def pending(self) -> dict[str, str]:
        """The reasons of links that are taken up again or wait for a later crawl."""
        return {**self.reopened, **self.deferred}


def rejection_reason(sections: Sequence[str], language: str | None, policy: SelectionPolicy) -> str | None:
    """Why an article of these sections and this language is not wanted; None if it is, or if they are unknown."""
    if language is not None and policy.languages and language not in policy.languages:
        return f"language: {language}"
    if sections and policy.sections and matching_section(sections, policy) is None:
        return f"section: {', '.join(sections)}"
    return None


def matching_section(sections: Sequence[str], policy: SelectionPolicy) -> str | None:
    """The first wanted section that one of the folded names stands for."""
    return next((name for name, names in policy.sections.items() if not names.isdisjoint(sections)), None)


def select(
    listed: Mapping[str, Link], known: Mapping[str, KnownLink], *, now: datetime, policy: SelectionPolicy
) -> FetchPlan:
    """Decide about every listed link and about what is known and pending or due.

    `listed` holds one link a URL; `known` what the database says of the listed URLs, of the pending links and of
    articles due for a recrawl, listed or not. New links go newest first, retries longest waiting first, recrawls
    longest overdue first.
    """
    merged = {**listed, **_never_tried(known, listed)}
    filtered = {
        url: reason for url, link in merged.items() if (reason := _rejection_reason(link, known.get(url), policy))
    }
    filtered |= _newly_rejected((one for one in known.values() if one.url not in merged), policy)
    fresh = [link for url, link in merged.items() if url not in filtered and _is_new(known.get(url))]
    young, old = _split_by_age(fresh, policy.since)
    retries = [
        one
        for one in _retries(known, merged, now, policy)
        if one.url not in filtered and not _is_old(one, policy.since)  # it keeps the reason of its failure
    ]
    wanted = [
        *(
            FetchRequest(url=link.url, purpose=FetchPurpose.NEW, sections=link.sections)
            for link in newest_first(young, now)
        ),
        *(FetchRequest(url=one.url, purpose=FetchPurpose.RETRY, sections=one.sections) for one in retries),
    ]
    kept, over = _within_budget(wanted, policy)
    chosen = {target.url for target in wanted}
    relooks = [one for one in _recrawls(known, now, policy) if one.url not in chosen and not _is_old(one, policy.since)]
    again = [
        FetchRequest(url=one.url, purpose=FetchPurpose.RECRAWL, sections=one.sections)
        for one in relooks[: _recrawl_budget(len(kept), policy)]
    ]
    reopened = _reopened(fresh, known)
    return FetchPlan(
        requests=(*kept, *again), filtered=filtered, reopened=reopened, deferred=old | over, recrawls_due=len(relooks)
    )


def _never_tried(known: Mapping[str, KnownLink], listed: Mapping[str, Link]) -> dict[str, Link]:
    """Links of earlier crawls that were recorded but not fetched, though they may have left their list."""
    return {
        url: Link(url=url, channel="", published_at=one.published_at, sections=one.sections, language=one.language)
        for url, one in known.items()
        if one.outcome is Outcome.PENDING and one.failed_attempts == 0 and url not in listed
    }


def _newly_rejected(unlisted: Iterable[KnownLink], policy: SelectionPolicy) -> dict[str, str]:
    """Pending links of a section or language that the settings have dropped since."""
    pending = (one for one in unlisted if one.outcome is Outcome.PENDING)
    return {one.url: reason for one in pending if (reason := rejection_reason(one.sections, one.language, policy))}


def _reopened(fresh: Iterable[Link], known: Mapping[str, KnownLink]) -> dict[str, str]:
    """Links that were set aside under other settings and are wanted now."""
    again = (link.url for link in fresh if _outcome(known.get(link.url)) is Outcome.FILTERED)
    return dict.fromkeys(again, "wanted by the settings now")


def _outcome(known: KnownLink | None) -> Outcome | None:
    return None if known is None else known.outcome


def _rejection_reason(link: Link, known: KnownLink | None, policy: SelectionPolicy) -> str | None:
    """Why a link is set aside unread. A page once read has the last word over the hints beside its link."""
    outcome = _outcome(known)
    if outcome in {Outcome.STORED, Outcome.GONE}:
        return None
    if known is not None and known.was_parsed and outcome is Outcome.FILTERED:
        return rejection_reason(known.sections or link.sections, known.language or link.language, policy)
    if known is not None:  # noted before, perhaps with another section: a story may be in several
        sections = tuple(dict.fromkeys((*link.sections, *known.sections)))
        return rejection_reason(sections, link.language or known.language, policy)
    return rejection_reason(link.sections, link.language, policy)


def _is_new(known: KnownLink | None) -> bool:
    """Never tried: unknown, noted but not fetched yet, set aside under other settings."""
    if known is None or known.outcome is Outcome.FILTERED:
        return True
    return known.outcome is Outcome.PENDING and known.failed_attempts == 0


def _split_by_age(links: Iterable[Link], since: datetime | None) -> tuple[list[Link], dict[str, str]]:
    young: list[Link] = []
    old: dict[str, str] = {}
    for link in links:
        if since is not None and _is_old(link, since):
            old[link.url] = f"older than {since:%Y-%m-%d %H:%M} UTC"
        else:
            young.append(link)
    return young, old


def _is_old(one: Link | KnownLink, since: datetime | None) -> bool:
    return since is not None and one.published_at is not None and one.published_at < since


def newest_first(links: Sequence[Link], now: datetime) -> list[Link]:
    """By date, newest first; an undated link goes with the one listed before it, as lists run newest first.

    A date in the future counts as now: it must not push every other link back.
    """
    latest = now
    dated: list[tuple[datetime, int, Link]] = []
    for position, link in enumerate(links):
        latest = latest if link.published_at is None else min(link.published_at, now)
        dated.append((latest, -position, link))
    return [link for _, _, link in sorted(dated, key=lambda row: row[:2], reverse=True)]


def _retries(
    known: Mapping[str, KnownLink], listed: Collection[str], now: datetime, policy: SelectionPolicy
) -> list[KnownLink]:
    """What failed before and is to be tried again, longest waiting first: pending links, and gone ones listed anew."""
    failed = [
        one
        for one in known.values()
        if (one.outcome is Outcome.PENDING and one.failed_attempts > 0)
        or (one.outcome is Outcome.GONE and one.url in listed)
    ]
    ready = (one for one in failed if policy.retry_all or one.next_attempt_at is None or one.next_attempt_at <= now)
    return sorted(ready, key=lambda one: (one.next_attempt_at or now, one.url))


def _within_budget(wanted: list[FetchRequest], policy: SelectionPolicy) -> tuple[list[FetchRequest], dict[str, str]]:
    most = policy.max_requests if policy.limit is None else min(policy.limit, policy.max_requests)
    because = "beyond the limit of this crawl" if most == policy.limit else "beyond the budget of this crawl"
    return wanted[:most], {target.url: because for target in wanted[most:] if target.purpose is FetchPurpose.NEW}


def _recrawl_budget(taken: int, policy: SelectionPolicy) -> int:
    most = policy.max_requests - taken if policy.limit is None else min(policy.limit, policy.max_requests) - taken
    if policy.recrawl is RecrawlMode.ALL:
        return max(0, most if policy.limit is not None else 10**9)
    return max(0, min(most, int(policy.max_requests * policy.recrawl_share)))


def _recrawls(known: Mapping[str, KnownLink], now: datetime, policy: SelectionPolicy) -> list[KnownLink]:
    if policy.recrawl is RecrawlMode.NONE:
        return []
    every = policy.recrawl is RecrawlMode.ALL
    due = [
        one
        for one in known.values()
        if one.article_id is not None and one.outcome in {Outcome.STORED, Outcome.GONE}
        if every or (one.recrawl_at is not None and one.recrawl_at <= now)
    ]
    return sorted(due, key=lambda one: (one.recrawl_at or now, one.url))


def should_fetch_next_page(
    page: Sequence[str], seen: Collection[str], known_before: Collection[str], *, turned: int
) -> bool:
    """Whether the next page of a list is worth a request.

    `page` is what the last page listed, `seen` what the pages before it did. A page that only repeats ends the list,
    and so does one on which something was known before: what lies behind was listed then. No first known link ends
    it by itself, since restored and scheduled stories turn up below newer ones: a page must be known for the most part.
    """
    if turned >= MAX_PAGES or not page or all(url in seen for url in page):
        return False
    met = sum(url in known_before for url in page)
    return 2 * met < len(page)
