"""Read and write links: every URL that was listed or requested, with its outcome and next attempt."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, literal_column, or_, select, update

from storage.crawling import events, quarantine
from storage.crawling.fencing import fenced_write
from storage.crawling.fetches import FetchAttempt, fetch_row, record_fetches
from storage.crawling.quarantine import ParsingMarks, run_of
from storage.database.batches import batches
from storage.database.column_types import UtcDateTime
from storage.database.engine import AnyRow, upsert_insert
from storage.database.session import Database
from storage.database.tables import articles, links, listings
from storage.model import backoff, recrawl
from storage.model.event_kinds import EventKind
from storage.model.field_limits import link_within_limits, short_reason
from storage.model.records import FetchFailure, FetchResult, KnownLink, Link, ListedDate, Outcome
from storage.model.reservations import RESERVED

T = TypeVar("T")

TERMINAL_OUTCOMES = frozenset({Outcome.STORED, Outcome.GONE})
"""Outcomes that a failed fetch leaves unchanged."""

MAX_RECRAWL_RETRIES = 8
"""Consecutive failures after which a recrawl is put off to the article's next recrawl age."""

LINK_BATCH_SIZE = 500
"""URLs in one statement: well under the parameter limit of either database."""


_NO_SPELLINGS: Mapping[str, str | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedLink:
    """Spelling in which a link is requested (None: the canonical URL), and whether its page is parsed by itself."""

    request_url: str | None
    is_suspect: bool
    listed: ListedDate


MAX_SEARCHED_PARTS = 50
"""Maximum parts that are searched in every URL of a source; reading all URLs costs less beyond."""


class Links:
    """Read and write `links`, and `fetches` of pages that were filtered or failed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, source: str, listed: Collection[str], *, now: datetime, all_articles: bool) -> dict[str, KnownLink]:
        """Return known links by URL; see `read_known`."""
        with self._database.read() as connection:
            return read_known(connection, source, listed, now=now, all_articles=all_articles)

    def stored(self, source: str, urls: Collection[str]) -> set[str]:
        """Return those of the URLs that were listed or requested before."""
        found: set[str] = set()
        with self._database.read() as connection:
            for some in batches(sorted(set(urls)), LINK_BATCH_SIZE):
                known = select(links.c.url).where(_is_of(source), links.c.url.in_(some))
                found.update(connection.scalars(known))
        return found

    def request_url(self, url: str) -> str:
        """Return the spelling in which the page of a canonical URL is requested: as it was answered, or else listed."""
        with self._database.read() as connection:
            listed = connection.scalar(select(links.c.request_url).where(links.c.url == url))
        return listed or url

    def urls_with(self, source: str, parts: Collection[str]) -> list[str]:
        """Return the stored URLs of a source that contain one of the parts, in their order; all if these are many."""
        statement = select(links.c.url).where(links.c.source == source).order_by(links.c.id)
        if len(parts) <= MAX_SEARCHED_PARTS:
            statement = statement.where(or_(*(links.c.url.contains(part, autoescape=True) for part in parts)))
        with self._database.read() as connection:
            return list(connection.scalars(statement)) if parts else []

    def ensure(
        self,
        source: str,
        urls: Sequence[str],
        *,
        now: datetime,
        spellings: Mapping[str, str | None] = _NO_SPELLINGS,
        marks: ParsingMarks | None = None,
    ) -> dict[str, RequestedLink]:
        """Insert a pending link for each URL that has none; return how each is requested, by URL.

        `spellings` are those given for it, by URL; `marks` are the links that are parsed next.
        """
        rows = [_new_row(source, Link(url=url, request_url=spellings.get(url), channel=""), now) for url in urls]
        with fenced_write(self._database, run_of(marks)) as connection:
            statement = upsert_insert(connection, links)
            updated = {"request_url": _request_url(statement.excluded.request_url)}
            upsert = statement.on_conflict_do_update(index_elements=["url"], set_=updated)
            columns = (
                *(links.c.url, links.c.request_url, links.c.parser_deaths),
                *(links.c.published_at, links.c.published_raw),
            )
            stored = connection.execute(upsert.returning(*columns), rows).all()
            quarantine.mark(connection, marks)
        return {
            row.url: RequestedLink(
                request_url=row.request_url,
                is_suspect=row.parser_deaths > 0,
                listed=ListedDate(row.published_at, row.published_raw),
            )
            for row in stored
        }

    def mark(self, marks: ParsingMarks) -> None:
        """Mark links as parsed next. Raises LostLeaseError."""
        with fenced_write(self._database, marks.run_id) as connection:
            quarantine.mark(connection, marks)

    def record_filtered(
        self, attempt: FetchAttempt, *, reason: str, sections: tuple[str, ...], language: str | None
    ) -> None:
        """Record a fetched page whose section or language is not selected. Raises LostLeaseError."""
        hints = {"sections": sections, "language": language}
        reason = short_reason(reason)
        values = {"outcome": Outcome.FILTERED, "outcome_reason": reason, "failed_attempts": 0, "next_attempt_at": None}
        values |= {"parsed_at": attempt.fetched_at, "first_404_at": None, **quarantine.PARSED}
        with fenced_write(self._database, attempt.run_id) as connection:
            link = connection.execute(_update_link(attempt.url).values(values | hints).returning(links.c.id)).one()
            record_fetches(connection, [fetch_row(link.id, attempt, FetchResult.FILTERED, reason=reason)])

    def record_failure(self, attempt: FetchAttempt, failure: FetchFailure) -> FetchResult:
        """Record a failed fetch and plan the next attempt; return whether the page failed, is missing or is gone.

        Raises LostLeaseError.
        """
        if failure.http_status in {404, 410}:
            return self._missing(attempt, failure)
        with fenced_write(self._database, attempt.run_id) as connection:
            link = _link(connection, attempt.url)
            attempts = link.failed_attempts + 1
            jitter = backoff.jitter_of(f"{attempt.url} {attempts}")
            again = recrawl.retry_at(attempts, link.first_listed_at, attempt.fetched_at, jitter=jitter)
            values: dict[str, Any] = {"failed_attempts": attempts, "next_attempt_at": again}
            if link.outcome not in TERMINAL_OUTCOMES:
                reason = short_reason(f"{failure.failure_stage}: {failure.reason}")
                values |= {"outcome": Outcome.PENDING, "outcome_reason": reason}
            elif attempts % MAX_RECRAWL_RETRIES == 0 and link.article_id is not None:
                _skip_recrawl_age(connection, link, attempt)
            values |= quarantine.failure_values(connection, link, attempt, failure)
            connection.execute(_update_link(attempt.url).values(values))
            record_fetches(connection, [fetch_row(link.id, attempt, FetchResult.FAILED, failure=failure)])
        return FetchResult.FAILED

    def _missing(self, attempt: FetchAttempt, failure: FetchFailure) -> FetchResult:
        with fenced_write(self._database, attempt.run_id) as connection:
            link = _link(connection, attempt.url)
            gone = link.outcome == Outcome.GONE or recrawl.is_confirmed_gone(link.first_404_at, attempt.fetched_at)
            result = FetchResult.GONE if gone else FetchResult.NOT_FOUND
            connection.execute(
                _update_link(attempt.url).values(_missing_values(link, failure, attempt.fetched_at, gone=gone))
            )
            record_fetches(connection, [fetch_row(link.id, attempt, result, failure=failure)])
            if gone and link.article_id is not None:
                _close_article(connection, link, attempt)
                _skip_recrawl_age(connection, link, attempt)
        return result


def read_known(
    connection: Connection, source: str, listed: Collection[str], *, now: datetime, all_articles: bool
) -> dict[str, KnownLink]:
    """Return the known links among the listed URLs, every pending link, and every article due for a recrawl, by URL.

    `all_articles` adds every article of the source, due or not.
    """
    of_source = links.c.source == source
    found = _known_links(connection, of_source, links.c.outcome == Outcome.PENDING)
    # By statements of their own, each with its index: for one OR over both tables every link of the source is read.
    due = () if all_articles else (articles.c.recrawl_at <= now,)
    found |= _known_links(connection, articles.c.source == source, *due)
    for urls in batches(sorted(set(listed) - found.keys()), LINK_BATCH_SIZE):
        found |= _known_links(connection, _is_of(source), links.c.url.in_(urls))
    return found


def upsert_listed(connection: Connection, source: str, listed: Sequence[Link], now: datetime) -> None:
    """Insert or update the links that channels list now, and fill in missing hints.

    Their sections replace the stored hints, so they must include those of earlier listings.
    """
    if not listed:
        return
    connection.execute(_upsert_link(connection), [_new_row(source, link, now) for link in listed])
    for urls in batches([link.url for link in listed], LINK_BATCH_SIZE):
        connection.execute(update(articles).where(articles.c.url.in_(urls)).values(last_seen_at=now))


def upsert_listings(connection: Connection, channel_id: int, urls: Sequence[str], now: datetime) -> set[str]:
    """Insert or update the listings of these URLs on a channel; return those that it listed before."""
    before: set[str] = set()
    for some in batches(urls, LINK_BATCH_SIZE):
        listed = connection.execute(_upsert_listings(connection, channel_id, some, now))
        before.update(row.url for row in listed if row.first_listed_at != now)
    return before


def touch_listed(connection: Connection, channel_ids: Sequence[int], now: datetime) -> None:
    """Renew `last_listed_at` of the links that these unchanged channels listed last."""
    for channel_id in channel_ids:
        on_channel = listings.c.channel_id == channel_id
        last = select(func.max(listings.c.last_listed_at)).where(on_channel).scalar_subquery()
        listed = select(listings.c.link_id).where(on_channel, listings.c.last_listed_at == last)
        for ids in batches(list(connection.scalars(listed)), LINK_BATCH_SIZE):
            listing = update(listings).where(on_channel, listings.c.link_id.in_(ids))
            connection.execute(listing.values(last_listed_at=now))
            connection.execute(update(links).where(links.c.id.in_(ids)).values(last_listed_at=now))
            urls = select(links.c.url).where(links.c.id.in_(ids))
            connection.execute(update(articles).where(articles.c.url.in_(urls)).values(last_seen_at=now))


def mark_filtered(connection: Connection, reasons: Mapping[str, str]) -> None:
    """Mark links as filtered without a fetch, each with its reason, and plan no further attempt."""
    _set_outcome(connection, Outcome.FILTERED, reasons, failed_attempts=0, next_attempt_at=None)


def set_pending_reasons(connection: Connection, reasons: Mapping[str, str]) -> None:
    """Mark links as pending, each with the reason why it is not fetched yet or is selected again."""
    _set_outcome(connection, Outcome.PENDING, reasons)


def _set_outcome(connection: Connection, outcome: Outcome, reasons: Mapping[str, str], **values: Any) -> None:
    by_reason: dict[str, list[str]] = {}
    for url, reason in reasons.items():
        by_reason.setdefault(short_reason(reason), []).append(url)
    for reason, urls in by_reason.items():  # hundreds of links have one reason: they exceed the budget of the crawl
        for some in batches(urls, LINK_BATCH_SIZE):
            statement = update(links).where(links.c.url.in_(some))
            connection.execute(statement.values(outcome=outcome, outcome_reason=reason, **values))


def _missing_values(link: AnyRow, failure: FetchFailure, now: datetime, *, gone: bool) -> dict[str, Any]:
    values: dict[str, Any] = {
        **quarantine.UNMARKED,
        "first_404_at": link.first_404_at or now,
        "next_attempt_at": now + recrawl.GONE_AFTER,
        "failed_attempts": link.failed_attempts + 1,
    }
    if gone:
        return values | {"outcome": Outcome.GONE, "outcome_reason": short_reason(failure.reason)}
    if link.outcome != Outcome.STORED:
        return values | {
            "outcome": Outcome.PENDING,
            "outcome_reason": f"{failure.failure_stage}: {failure.reason}, not confirmed yet",
        }
    return values


def _close_article(connection: Connection, link: AnyRow, attempt: FetchAttempt) -> None:
    own = articles.c.url == link.url  # a redirect may end, and its target not
    article = update(articles).where(articles.c.id == link.article_id, own, articles.c.gone_at.is_(None))
    if connection.execute(article.values(gone_at=attempt.fetched_at)).rowcount:
        since = f"not there since {link.first_404_at or attempt.fetched_at:%Y-%m-%d %H:%M} UTC"
        details = {"sentence": since, "article_id": link.article_id}
        events.record(
            connection,
            source=link.source,
            kind=EventKind.GONE,
            subject=attempt.url,
            details=details,
            now=attempt.fetched_at,
        )


def _skip_recrawl_age(connection: Connection, link: AnyRow, attempt: FetchAttempt) -> None:
    """Put the recrawl off to the article's next recrawl age, so that a failing page is not requested at every crawl."""
    dates = select(articles.c.published_at, articles.c.first_seen_at).where(articles.c.id == link.article_id)
    article = connection.execute(dates).one()
    later = recrawl.next_recrawl(article.published_at, article.first_seen_at, attempt.fetched_at)
    connection.execute(update(articles).where(articles.c.id == link.article_id).values(recrawl_at=later))


def _link(connection: Connection, url: str) -> AnyRow:  # row lock: the next values are counted from these
    return connection.execute(select(links).where(links.c.url == url).with_for_update()).one()


def _update_link(url: str) -> Any:
    return update(links).where(links.c.url == url)


def _new_row(source: str, link: Link, now: datetime) -> dict[str, Any]:
    link = link_within_limits(link)
    return {
        "source": source,
        "url": link.url,
        "request_url": link.request_url,
        "title": link.title,
        "published_at": link.published_at,
        "published_raw": link.published_raw,
        "sections": link.sections,
        "language": link.language,
        "first_listed_at": now,
        "last_listed_at": now,
        "outcome": Outcome.PENDING,
        "failed_attempts": 0,
    }


def _upsert_link(connection: Connection) -> Any:
    statement = upsert_insert(connection, links)
    hints = ("title", "published_at", "published_raw", "language")
    filled = {name: func.coalesce(links.c[name], statement.excluded[name]) for name in hints}
    # Values parsed from the page itself take precedence over hints of a listing.
    open_to_hints = or_(links.c.parsed_at.is_(None), links.c.sections == ())
    sections = case((open_to_hints, statement.excluded.sections), else_=links.c.sections)
    listed = {
        "last_listed_at": statement.excluded.last_listed_at,
        "sections": sections,
        "request_url": _request_url(statement.excluded.request_url),
    }
    return statement.on_conflict_do_update(index_elements=["url"], set_={**listed, **filled})


def _request_url(listed: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the spelling that a link is requested in: see `scraper.crawl.selection.request_spelling`."""
    was_answered = and_(links.c.parsed_at.is_not(None), links.c.failed_attempts == 0)
    return case((was_answered, links.c.request_url), else_=listed)


def _upsert_listings(connection: Connection, channel_id: int, urls: Sequence[str], now: datetime) -> Any:
    columns = ["link_id", "channel_id", "first_listed_at", "last_listed_at"]
    at = literal(now, UtcDateTime())  # typed: PostgreSQL would guess the zone of an untyped time
    listed: Any = select(links.c.id, literal(channel_id), at, at).where(links.c.url.in_(urls))
    statement = upsert_insert(connection, listings).from_select(columns, listed)
    upsert = statement.on_conflict_do_update(index_elements=["link_id", "channel_id"], set_={"last_listed_at": now})
    # Text, for a column of `listings` would put that table beside `links` once more.
    url = select(links.c.url).where(links.c.id == literal_column("listings.link_id")).scalar_subquery()
    return upsert.returning(url.label("url"), listings.c.first_listed_at)


def _known_links(connection: Connection, *conditions: ColumnElement[bool]) -> dict[str, KnownLink]:
    columns = (
        links.c.url,
        links.c.request_url,
        links.c.outcome,
        links.c.failed_attempts,
        links.c.next_attempt_at,
        links.c.first_listed_at,
        func.coalesce(articles.c.published_at, links.c.published_at).label("published_at"),
        links.c.published_at.label("listed_at"),
        links.c.published_raw.label("listed_raw"),
        links.c.sections,
        links.c.language,
        articles.c.id.label("article_id"),
        links.c.parsed_at,
        links.c.outcome_reason,
        links.c.parser_deaths,
        links.c.quarantined_at,
        articles.c.recrawl_at,
    )
    # At its own URL only: two links that redirect to one page would each fetch it at every recrawl.
    own = and_(articles.c.id == links.c.article_id, articles.c.url == links.c.url)
    joined = select(*columns).outerjoin(articles, own)
    return {row.url: _as_known(row) for row in connection.execute(joined.where(*conditions))}


def _is_of(source: str) -> ColumnElement[bool]:
    """Return the condition that a link, found by its URL, is of a source."""
    # An expression: SQLite without statistics takes any index of the source for better than that of so many URLs.
    return links.c.source + "" == source


def _as_known(row: AnyRow) -> KnownLink:
    recrawl_at = row.recrawl_at
    if recrawl_at is not None and row.next_attempt_at is not None:
        # A failed recrawl waits like any other failed fetch, or a broken page would be requested at every crawl.
        recrawl_at = max(recrawl_at, row.next_attempt_at)
    return KnownLink(
        url=row.url,
        request_url=row.request_url,
        outcome=row.outcome,
        failed_attempts=row.failed_attempts,
        next_attempt_at=row.next_attempt_at,
        first_listed_at=row.first_listed_at,
        published_at=row.published_at,
        listed=ListedDate(row.listed_at, row.listed_raw),
        sections=row.sections,
        language=row.language,
        article_id=row.article_id,
        recrawl_at=recrawl_at,
        parser_deaths=row.parser_deaths,
        is_quarantined=row.quarantined_at is not None,
        reservation=_reservation(row.outcome, row.outcome_reason),
        was_parsed=row.parsed_at is not None,
    )


def _reservation(outcome: Outcome, reason: str | None) -> str | None:
    is_reserved = outcome is Outcome.FILTERED and reason is not None and reason.startswith(RESERVED)
    return reason if is_reserved else None
