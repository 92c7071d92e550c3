"""Match a saved search with articles and compute the time of its alerts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduler.notifications.messages import article_message
from storage.model.records import DeliveryMode
from storage.model.redaction import fingerprint
from storage.notifications.outbox import NewAlert, QuietHours
from storage.notifications.watches import SavedSearch, SearchableArticle
from storage.search.matcher import Match, matches
from storage.search.query import Query

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SearchMatch:
    """An article that matches a query, with the matching sentence."""

    article: SearchableArticle
    match: Match


def matching_articles(query: Query, articles: Iterable[SearchableArticle]) -> Iterator[SearchMatch]:
    """Yield the articles that match a query, in their order."""
    for article in articles:
        match = matches(query, article.document)
        if match is not None:
            yield SearchMatch(article, match)


def alerts_for(
    watch: SavedSearch, query: Query, articles: Iterable[SearchableArticle], now: datetime
) -> list[NewAlert]:
    """Create an alert for each article that matches the query of a watch; its key is the same every time."""
    at = notify_at(watch, now)
    return [_alert(watch, found, now, at) for found in matching_articles(query, articles)]


def _alert(watch: SavedSearch, found: SearchMatch, now: datetime, at: datetime) -> NewAlert:
    message = article_message(watch.name, found.article, found.match)
    return NewAlert(
        key=f"watch:{watch.id}:article:{found.article.id}",
        target_hash=fingerprint(watch.target),
        title=message.title,
        body=message.body,
        created_at=now,
        next_attempt_at=at,
        saved_search_id=watch.id,
        article_id=found.article.id,
    )


def notify_at(watch: SavedSearch, now: datetime) -> datetime:
    """Compute the delivery time of a match found now: immediately or with the next digest, outside quiet hours."""
    return defer_quiet_hours(_next_delivery(watch, now), watch.quiet)


def _next_delivery(watch: SavedSearch, now: datetime) -> datetime:
    if watch.delivery_mode is not DeliveryMode.DIGEST:
        return now
    if watch.digest_at:
        return next_digest_at(watch.digest_at.split(","), watch.timezone, now)
    return next_digest(watch.created_at, watch.digest_every or ONE_DAY, watch.timezone, now)


def next_digest_at(hours: Sequence[str], timezone: str, now: datetime) -> datetime:
    """Compute the first time after `now` at one of the local times HH:MM; an hour that comes twice has one digest."""
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    walls = (datetime.combine(today + day * ONE_DAY, time.fromisoformat(hour)) for day in range(3) for hour in hours)
    return min(moment for wall in walls if (moment := wall.replace(tzinfo=zone).astimezone(UTC)) > now)


def next_digest(begun_at: datetime, every: timedelta, timezone: str, now: datetime) -> datetime:
    """Compute the first digest time after `now`, of those at multiples of `every` since `begun_at`.

    Whole days are days of the time zone, so that a daily digest comes at the same hour in summer and winter.
    """
    if every % ONE_DAY:
        return begun_at + (max(now - begun_at, timedelta(0)) // every + 1) * every
    zone = ZoneInfo(timezone)
    begun = begun_at.astimezone(zone).replace(tzinfo=None, fold=0)
    rounds = max(now.astimezone(zone).replace(tzinfo=None) - begun, timedelta(0)) // every
    # Where the clock was put back, the wall clock may be a round behind; an hour that comes twice has one digest.
    found = ((begun + number * every).replace(tzinfo=zone).astimezone(UTC) for number in range(rounds, rounds + 3))
    return next(moment for moment in found if moment > now)


def defer_quiet_hours(moment: datetime, quiet: QuietHours | None) -> datetime:
    """Return a time outside quiet hours unchanged, one inside them as their end (which is outside).

    Where the clock is put back, the quiet hours end at the first of two equal times, unless that is over; where it is
    put forward over their end, they end as much later.
    """
    if quiet is None or not is_quiet(moment, quiet):
        return moment
    zone = ZoneInfo(quiet.timezone)
    local = moment.astimezone(zone)
    end = datetime.combine(local.date(), time.fromisoformat(quiet.until))
    if end <= local.replace(tzinfo=None):
        end += ONE_DAY
    return _local_time(end, zone, moment)


def is_quiet(moment: datetime, quiet: QuietHours) -> bool:
    """Return whether the local time lies in the quiet hours."""
    clock = moment.astimezone(ZoneInfo(quiet.timezone)).time()
    begin, until = time.fromisoformat(quiet.begin), time.fromisoformat(quiet.until)
    return begin <= clock < until if begin <= until else clock >= begin or clock < until


def _local_time(wall: datetime, zone: ZoneInfo, after: datetime) -> datetime:
    """Convert a local time to UTC: its first occurrence, or the second if the first is not after `after`."""
    first = wall.replace(tzinfo=zone).astimezone(UTC)
    return first if first > after else wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
