"""Select the links that a crawl fetches within its budget: new ones first, then retries, then recrawls."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from storage.model.records import BEYOND, DatePrecision, FetchPurpose, KnownLink, Link, ListedDate, Outcome

MAX_PAGES = 20
"""Maximum pages of one listing in a poll that declares none: at 24 cards a page, four days of the busiest source."""


class RecrawlMode(StrEnum):
    """Known articles that are fetched again: those due, all, or none."""

    DUE = "due"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionPolicy:
    """Filters and budget of one crawl.

    `sections` maps each section to every normalized name that the source uses for it; empty: all. `languages` empty:
    all. `max_requests` is the maximum number of article requests, of which due recrawls take at most
    `recrawl_share`; `limit` caps all requests; `used_requests` of them were selected earlier in the crawl. `retry_all`
    retries every pending link, not only those that are due. `skips_reserved` filters pages whose site reserves its
    rights.
    """

    sections: Mapping[str, frozenset[str]] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    since: datetime | None = None
    limit: int | None = None
    max_requests: int = 500
    used_requests: int = 0
    recrawl_share: float = 0.5
    recrawl: RecrawlMode = RecrawlMode.DUE
    retry_all: bool = False
    skips_reserved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """Article to fetch by its canonical URL, with the purpose of the fetch."""

    url: str
    purpose: FetchPurpose
    sections: tuple[str, ...] = ()  # as given with its links
    request_url: str | None = None  # None: the canonical URL
    is_suspect: bool = False  # a process died of it: it is parsed in a process of its own
    listed: ListedDate = ListedDate()


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPlan:
    """Decision about each URL: requested, filtered, deferred, or (in none of these) known and not due.

    The mappings hold the reason of each URL. A reopened URL is requested or deferred as well.
    """

    requests: tuple[FetchRequest, ...]
    filtered: Mapping[str, str]
    reopened: Mapping[str, str]
    deferred: Mapping[str, str]
    recrawls_due: int  # selected or not

    @property
    def pending(self) -> dict[str, str]:
        """Return the reasons of reopened and deferred links, by URL."""
        return {**self.reopened, **self.deferred}


def rejection_reason(sections: Sequence[str], language: str | None, policy: SelectionPolicy) -> str | None:
    """Return why the policy filters an article of these sections and language; None if it does not, or if unknown."""
    if language is not None and policy.languages and language not in policy.languages:
        return f"language: {language}"
    if sections and policy.sections and matching_section(sections, policy) is None:
        return f"section: {', '.join(sections)}"
    return None


def matching_section(sections: Sequence[str], policy: SelectionPolicy) -> str | None:
    """Return the first section of the policy that has one of these normalized names."""
    return next((name for name, names in policy.sections.items() if not names.isdisjoint(sections)), None)


def select(
    listed: Mapping[str, Link], known: Mapping[str, KnownLink], *, now: datetime, policy: SelectionPolicy
) -> FetchPlan:
    """Decide about every listed link, and about known links that are pending or due for a recrawl.

    `listed` holds one link per URL; `known` the stored state of the listed URLs, of the pending links and of the
    articles due for a recrawl, listed or not. New links are ordered newest first, retries longest waiting first,
    recrawls longest overdue first. Quarantined links are left out.
    """
    quarantined = {url for url, link in known.items() if link.is_quarantined}
    if quarantined:
        listed = {url: link for url, link in listed.items() if url not in quarantined}
        known = {url: link for url, link in known.items() if url not in quarantined}
    merged = {**listed, **_never_tried(known, listed)}
    filtered = {
        url: reason for url, link in merged.items() if (reason := _rejection_reason(link, known.get(url), policy))
    }
    filtered |= _newly_rejected((link for link in known.values() if link.url not in merged), policy)
    new = [link for url, link in merged.items() if url not in filtered and _is_new(known.get(url))]
    recent, old = _split_by_age(new, policy.since)
    retries = [
        link
        for link in _retries(known, merged, now, policy)
        if link.url not in filtered and not _is_old(link, policy.since)  # an old one keeps its failure reason
    ]

    def fetch(link: Link | KnownLink, purpose: FetchPurpose) -> FetchRequest:
        stored = known.get(link.url)
        return FetchRequest(
            url=link.url,
            purpose=purpose,
            sections=link.sections,
            request_url=request_spelling(listed.get(link.url), stored),
            is_suspect=stored is not None and stored.parser_deaths > 0,
            listed=listed_date(listed.get(link.url), stored),
        )

    candidates = [
        *(fetch(link, FetchPurpose.NEW) for link in newest_first(recent, now)),
        *(fetch(link, FetchPurpose.RETRY) for link in retries),
    ]
    requests, over_budget = _within_budget(candidates, policy)
    candidate_urls = {request.url for request in candidates}
    due = [
        link
        for link in _recrawls(known, now, policy)
        if link.url not in candidate_urls and not _is_old(link, policy.since)
    ]
    recrawls = [
        fetch(link, FetchPurpose.RECRAWL)
        for link in due[: _recrawl_budget(policy.used_requests + len(requests), policy)]
    ]
    reopened = _reopened(new, known)
    return FetchPlan(
        requests=(*requests, *recrawls),
        filtered=filtered,
        reopened=reopened,
        deferred=old | over_budget,
        recrawls_due=len(due),
    )


def request_spelling(listed: Link | None, known: KnownLink | None) -> str | None:
    """Return the spelling in which an article is requested: the one last answered with a page, else the listed one.

    `storage.crawling.links` stores it by the same rule. None: the canonical URL.
    """
    if listed is None or (known is not None and known.was_answered):
        return None if known is None else known.request_url
    return listed.request_url


def listed_date(listed: Link | None, known: KnownLink | None) -> ListedDate:
    """Return the date beside a link: the first that a channel stated.

    `storage.crawling.links` stores it by the same rule, so that a recrawl has the same date.
    """
    stored = ListedDate() if known is None else known.listed
    if listed is None:
        return stored
    return ListedDate(stored.published_at or listed.published_at, stored.raw or listed.published_raw)


def _never_tried(known: Mapping[str, KnownLink], listed: Mapping[str, Link]) -> dict[str, Link]:
    """Return pending links of earlier crawls that were never fetched and are not listed now."""
    return {
        url: Link(url=url, channel="", published_at=link.published_at, sections=link.sections, language=link.language)
        for url, link in known.items()
        if link.outcome is Outcome.PENDING and link.failed_attempts == 0 and url not in listed
    }


def _newly_rejected(unlisted: Iterable[KnownLink], policy: SelectionPolicy) -> dict[str, str]:
    """Return the reasons of pending links whose section or language is no longer in the settings, by URL."""
    pending = (link for link in unlisted if link.outcome is Outcome.PENDING)
    return {link.url: reason for link in pending if (reason := rejection_reason(link.sections, link.language, policy))}


def _reopened(new: Iterable[Link], known: Mapping[str, KnownLink]) -> dict[str, str]:
    """Return the reasons of links that were filtered under earlier settings and are not now, by URL."""
    urls = (link.url for link in new if _outcome(known.get(link.url)) is Outcome.FILTERED)
    return dict.fromkeys(urls, "no longer filtered by the settings")


def _outcome(known: KnownLink | None) -> Outcome | None:
    return None if known is None else known.outcome


def _rejection_reason(link: Link, known: KnownLink | None, policy: SelectionPolicy) -> str | None:
    """Return why a link is filtered without a fetch. A parsed page takes precedence over hints of its links."""
    outcome = _outcome(known)
    if outcome in {Outcome.STORED, Outcome.GONE}:
        return None
    if known is not None and known.reservation is not None and policy.skips_reserved:
        return known.reservation
    if known is not None and known.was_parsed and outcome is Outcome.FILTERED:
        return rejection_reason(known.sections or link.sections, known.language or link.language, policy)
    if known is not None:  # listed earlier, perhaps with another section: an article may be in several
        sections = tuple(dict.fromkeys((*link.sections, *known.sections)))
        return rejection_reason(sections, link.language or known.language, policy)
    return rejection_reason(link.sections, link.language, policy)


def _is_new(known: KnownLink | None) -> bool:
    """Return whether a link was never fetched: unknown, pending without failures, or filtered before."""
    if known is None or known.outcome is Outcome.FILTERED:
        return True
    return known.outcome is Outcome.PENDING and known.failed_attempts == 0


def _split_by_age(links: Iterable[Link], since: datetime | None) -> tuple[list[Link], dict[str, str]]:
    recent: list[Link] = []
    old: dict[str, str] = {}
    for link in links:
        if since is not None and _is_old(link, since):
            old[link.url] = f"older than {since:%Y-%m-%d %H:%M} UTC"
        else:
            recent.append(link)
    return recent, old


def _is_old(link: Link | KnownLink, since: datetime | None) -> bool:
    if since is None or link.published_at is None:
        return False
    if isinstance(link, Link) and link.published_precision is DatePrecision.DAY:
        return link.published_at + timedelta(days=1) <= since
    return link.published_at < since


def newest_first(links: Sequence[Link], now: datetime) -> list[Link]:
    """Sort links by date, newest first; an undated link has the date of the link listed before it.

    A future date counts as `now`, so that it does not displace every other link.
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
    """Return failed links to retry, longest waiting first: pending links, and gone ones that are listed again."""
    failed = [
        link
        for link in known.values()
        if (link.outcome is Outcome.PENDING and link.failed_attempts > 0)
        or (link.outcome is Outcome.GONE and link.url in listed)
    ]
    due = (link for link in failed if policy.retry_all or link.next_attempt_at is None or link.next_attempt_at <= now)
    return sorted(due, key=lambda link: (link.next_attempt_at or now, link.url))


def _within_budget(
    candidates: list[FetchRequest], policy: SelectionPolicy
) -> tuple[list[FetchRequest], dict[str, str]]:
    maximum = policy.max_requests if policy.limit is None else min(policy.limit, policy.max_requests)
    reason = f"{BEYOND}limit of this crawl" if maximum == policy.limit else f"{BEYOND}budget of this crawl"
    remaining = max(0, maximum - policy.used_requests)
    excess = candidates[remaining:]
    return candidates[:remaining], {request.url: reason for request in excess if request.purpose is FetchPurpose.NEW}


def _recrawl_budget(used: int, policy: SelectionPolicy) -> int:
    remaining = policy.max_requests - used if policy.limit is None else min(policy.limit, policy.max_requests) - used
    if policy.recrawl is RecrawlMode.ALL:
        return max(0, remaining if policy.limit is not None else 10**9)
    return max(0, min(remaining, int(policy.max_requests * policy.recrawl_share)))


def _recrawls(known: Mapping[str, KnownLink], now: datetime, policy: SelectionPolicy) -> list[KnownLink]:
    if policy.recrawl is RecrawlMode.NONE:
        return []
    recrawl_all = policy.recrawl is RecrawlMode.ALL
    due = [
        link
        for link in known.values()
        if link.article_id is not None and link.outcome in {Outcome.STORED, Outcome.GONE}
        if recrawl_all or (link.recrawl_at is not None and link.recrawl_at <= now)
    ]
    return sorted(due, key=lambda link: (link.recrawl_at or now, link.url))


def should_fetch_next_page(
    page: Sequence[str],
    seen: Collection[str],
    known_before: Collection[str],
    *,
    page_number: int,
    most: int | None = None,
) -> bool:
    """Return whether the page after number `page_number` of a listing should be fetched, of `most` pages at most.

    `page` holds the URLs of the last page, `seen` those of the pages before it. The pagination ends after a page that
    only repeats URLs, and after one of which at least half was known before this crawl. A single known link does not
    end it: restored and scheduled articles appear below newer ones.
    """
    if page_number >= (MAX_PAGES if most is None else most) or not page or all(url in seen for url in page):
        return False
    known_count = sum(url in known_before for url in page)
    return 2 * known_count < len(page)
