"""Say what could not be seen of each source in a period."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, select

from storage.coverage.history import SourceHistory
from storage.coverage.intervals import Interval, complement, total
from storage.coverage.not_visible import NotVisible, not_visible
from storage.coverage.reading import read_history
from storage.database.session import Database
from storage.database.tables import crawl_runs, sources
from storage.model.errors import ConfigError

FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
"""Begin of the time since which a source without any poll was not watched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCoverage:
    """Visible and not visible time of a source in a period.

    Visible means: an article that its channels listed then, and that its settings do not leave out, is stored with its
    text. `longest_wait` is the longest time between two polls: what was taken off the lists within it may be unknown.
    `filtered_count` counts the links that the settings of the source leave out.
    """

    source: str
    title: str
    since: datetime
    until: datetime
    not_visible: tuple[NotVisible, ...]
    poll_count: int
    longest_wait: timedelta | None
    filtered_count: int

    @property
    def period(self) -> Interval:
        """Return the period."""
        return Interval(self.since, self.until)

    @property
    def time_not_visible(self) -> timedelta:
        """Return the time in which at least one cause applies."""
        return total(one.interval for one in self.not_visible)

    @property
    def share_visible(self) -> float:
        """Return the visible share of the period, from 0 to 1."""
        return 1 - self.time_not_visible / self.period.duration

    @property
    def is_complete(self) -> bool:
        """Return whether all of the period is visible."""
        return not self.not_visible

    @property
    def visible(self) -> tuple[Interval, ...]:
        """Return the visible intervals, in order."""
        return tuple(complement((one.interval for one in self.not_visible), self.period))


def coverage(
    database: Database,
    *,
    since: datetime | None,
    until: datetime | None = None,
    sources: Collection[str] = (),
    as_of: datetime | None = None,
    now: datetime | None = None,
) -> tuple[SourceCoverage, ...]:
    """Return what could be seen of each source, by name, from `since` (None: its first poll) to `until` (None: now).

    `sources` names those asked for; none: all. With `as_of`, what was known at that moment. Times are aware. Raises
    ConfigError for a period without time, StoreError.
    """
    known_at = as_of or now or datetime.now(UTC)
    with database.read() as connection:
        return read_coverage(connection, since=since, until=until or known_at, sources=sources, known_at=known_at)


def read_coverage(
    connection: Connection,
    *,
    since: datetime | None,
    until: datetime,
    sources: Collection[str] = (),
    known_at: datetime,
) -> tuple[SourceCoverage, ...]:
    """Return the same as `coverage`, inside a transaction."""
    histories = read_histories(connection, since=since, until=until, sources=sources, known_at=known_at)
    return tuple(covered(history, period) for history, period in histories)


def read_histories(
    connection: Connection, *, since: datetime | None, until: datetime, sources: Collection[str], known_at: datetime
) -> list[tuple[SourceHistory, Interval]]:
    """Read the history of each source for the period, with the period itself. Raises ConfigError."""
    if since is not None and since >= until:
        raise ConfigError(f"nothing lies since {since:%Y-%m-%d %H:%M} and before {until:%Y-%m-%d %H:%M}")
    found = []
    for name, title in _titles(connection, sources):
        start = since or min(_first_poll(connection, name) or FIRST_MOMENT, until - timedelta(microseconds=1))
        period = Interval(start, until)
        found.append((read_history(connection, name, title, period, known_at=known_at), period))
    return found


def _titles(connection: Connection, names: Collection[str]) -> Sequence[tuple[str, str]]:
    """Return the name and title of each source; one that was never crawled has its name for a title."""
    rows = connection.execute(select(sources.c.name, sources.c.title).order_by(sources.c.name))
    titles: dict[str, str] = {row.name: row.title for row in rows}
    return [(name, titles.get(name, name)) for name in (sorted(set(names)) or titles)]


def _first_poll(connection: Connection, source: str) -> datetime | None:
    first: datetime | None = connection.scalar(
        select(crawl_runs.c.started_at)
        .where(crawl_runs.c.source == source, crawl_runs.c.channels_read)
        .order_by(crawl_runs.c.started_at)
        .limit(1)
    )
    return first


def covered(history: SourceHistory, period: Interval) -> SourceCoverage:
    """Compute the coverage of a source from what is stored of it. Pure."""
    starts = [poll.started_at for poll in history.polls]
    waits = [Interval(one, other) for one, other in pairwise(starts)]
    return SourceCoverage(
        source=history.source,
        title=history.title,
        since=period.since,
        until=period.until,
        not_visible=not_visible(history, period),
        poll_count=sum(period.since <= at < period.until for at in starts),
        longest_wait=max((wait.duration for wait in waits if wait.overlaps(period)), default=None),
        filtered_count=history.filtered_count,
    )
