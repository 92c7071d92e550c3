"""Read the database for one call of a tool: now or as of a moment, with the words of a person as criteria."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from presswatch.cli.known_names import check_names
from presswatch.cli.options import id_or_url
from presswatch.output.typed_filter import typed_filter, typed_time
from storage.articles.articles import Articles
from storage.articles.as_of_details import article_as_of
from storage.articles.filters import ArticleFilter
from storage.articles.results import ArticleFull, Revision, ViewReading
from storage.config.parsers import positive_duration
from storage.config.settings import Config
from storage.coverage.coverage import SourceCoverage, coverage
from storage.model.errors import ConfigError, PresswatchError
from storage.store import Store
from storage.text.sanitize import sanitize

MAX_COVERED_PERIOD = timedelta(days=92)
"""Longest period before its end whose coverage stands beside a list; the tool `coverage` takes longer ones."""
DEFAULT_PERIOD = timedelta(days=7)
FIRST_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Hold what was known of an article at a moment, or is now."""

    article: ArticleFull
    revisions: tuple[Revision, ...]
    readings: tuple[ViewReading, ...]
    presence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A store that cannot write, the configuration, and the time of the call."""

    config: Config
    store: Store
    now: datetime

    def time(self, name: str, typed: str | None) -> datetime | None:
        """Parse a time as the command line does. Raises ConfigError, naming the argument."""
        return typed_time(name, typed, now=self.now)

    def length(self, name: str, typed: str) -> timedelta:
        """Parse a duration that is longer than zero. Raises ConfigError, naming the argument."""
        try:
            return positive_duration(typed)
        except ValueError as error:
            raise ConfigError(f"{name}: {error}") from error

    def filter(self, *, sources: Sequence[str] = (), **typed: Any) -> ArticleFilter:
        """Build a filter of criteria as typed. Raises ConfigError, also for names that nothing has."""
        wanted = typed_filter(now=self.now, label=str, **typed)
        check_names(self.store, self.config, typed)
        self.check_sources(sources)
        return wanted

    def check_sources(self, sources: Sequence[str]) -> None:
        """Raise ConfigError for a source that is neither stored nor declared."""
        for source in sources:
            check_names(self.store, self.config, {"source": source})

    def known_at(self, as_of: datetime | None) -> datetime:
        """Return the moment whose knowledge is asked for: `as_of`, and not later than now."""
        return self.now if as_of is None else min(as_of, self.now)

    def article(self, typed: int | str, as_of: datetime | None) -> Known:
        """Return an article by its id or URL. Raises PresswatchError if it is not stored, or was not then."""
        key = id_or_url(str(typed).strip())
        try:
            known = self._now(key) if as_of is None else self._then(key, as_of)
        except ValueError as error:
            raise ConfigError(f"article: {error}") from error
        if known is None:
            raise PresswatchError(
                f"no article {sanitize(str(typed))[:200]} is stored; the tool search finds those that are"
            )
        return known

    def _now(self, key: int | str) -> Known | None:
        stored = Articles(self.store)
        article = stored.get(key)
        if article is None:
            return None
        return Known(article=article, revisions=stored.revisions(article.id), readings=stored.readings(article.id))

    def _then(self, key: int | str, moment: datetime) -> Known | None:
        past = article_as_of(self.store, key, moment)
        if past is None:
            return None
        if past.details is None:
            raise PresswatchError(
                f"article {sanitize(str(key))} was {past.presence} at {past.as_of:%Y-%m-%d %H:%M} UTC"
            )
        details = past.details
        return Known(
            article=details.article,
            revisions=details.revisions,
            readings=details.readings,
            presence=past.presence,
        )

    def coverage_beside(
        self, *, since: datetime | None, until: datetime | None, as_of: datetime | None, sources: Sequence[str] = ()
    ) -> tuple[SourceCoverage, ...]:
        """Return what could be seen in the period of a list, of its last MAX_COVERED_PERIOD at most.

        Without a beginning of the last DEFAULT_PERIOD; nothing for a period that has not begun.
        """
        known_at = self.known_at(as_of)
        end = known_at if until is None else min(until, known_at)
        longest = DEFAULT_PERIOD if since is None else MAX_COVERED_PERIOD
        begin = max(since or FIRST_TIME, moment_before(end, longest))
        if begin >= end:
            return ()
        return coverage(self.store, since=begin, until=end, sources=sources, as_of=as_of, now=self.now)


def moment_before(at: datetime, length: timedelta) -> datetime:
    """Return the time that is so long before another, or the first of the calendar."""
    return max(at, FIRST_TIME + length) - length
