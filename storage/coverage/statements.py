"""Find the articles that may have said something in a period, each with the time in which it first did.

An article may have said so if it appeared in the period, or was published in it by its own word, and its first version
that says so is among those it had; or if it was edited in the period so that it did. What is stored of it decides: the
text of an article between its first listing and its first fetch is not known, nor between two fetches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, union

from storage.articles.conditions import conditions, matches_query, published_range, section_tests
from storage.articles.filters import ArticleFilter
from storage.articles.results import ArticleSummary
from storage.articles.row_mapping import summaries
from storage.coverage.appearance import Appearance, appearance, stated, widened
from storage.coverage.history import SourceHistory
from storage.coverage.intervals import Interval
from storage.coverage.reading import poll_before
from storage.database.article_sections import all_sections
from storage.database.batches import batches
from storage.database.engine import AnyRow
from storage.database.tables import articles, links, listings, revisions
from storage.search.matcher import IndexedDocument, compile_matcher

BATCH_SIZE = 500
"""Ids in one statement, and rows fetched at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An article that says what was asked for.

    `appeared` bounds the time at which the article did; `said` that from which its text says so, in version `version`.
    """

    article: ArticleSummary
    appeared: Appearance
    said: Appearance
    version: int


@dataclass(frozen=True, slots=True)
class _Version:
    """A text version that matches: its number, the first fetch of it, and the first fetch of the one before."""

    number: int
    seen_from: datetime
    earlier_from: datetime | None


def find_statements(
    connection: Connection, wanted: ArticleFilter, history: SourceHistory, period: Interval, *, known_at: datetime
) -> list[Statement]:
    """Return the statements of one source in a period, earliest first.

    `wanted.query` must be set; the times and the source of the filter are not used. Raises StoreError.
    """
    found = _Finder(connection, wanted, history, period, known_at).statements()
    return sorted(found, key=lambda one: (one.said.latest, one.article.id))


@dataclass(frozen=True, slots=True)
class _Finder:
    connection: Connection
    wanted: ArticleFilter
    history: SourceHistory
    period: Interval
    known_at: datetime

    def statements(self) -> Iterator[Statement]:
        edited = self._edited_ids()
        now = self._matching_ids([*edited])
        versions = self._first_versions(edited, now)
        ids = sorted(now | versions.keys())
        for some in batches(ids, BATCH_SIZE):
            listed = self._first_listings(some)
            for article in summaries(self.connection, some).values():
                version = versions.get(article.id) or _Version(1, article.stored_at, None)
                if article.stored_at > self.known_at or version.seen_from > self.known_at:
                    continue
                statement = self._statement(article, listed.get(article.id), version)
                if self._is_in_period(statement):
                    yield statement

    def _in_period(self) -> Any:
        """Select the ids of the articles that appeared in the period, or were published in it by their own word."""
        until = self.history.known_until(self.period.until) or self.known_at
        appeared = select(links.c.article_id).where(
            links.c.source == self.history.source,
            links.c.first_listed_at >= self.period.since,
            links.c.first_listed_at <= until,
            links.c.article_id.is_not(None),
        )
        of_period = replace(self.wanted, since=self.period.since, until=self.period.until)
        published = select(articles.c.id).where(articles.c.source == self.history.source, *published_range(of_period))
        return union(appeared, published).subquery()

    def _plain(self) -> list[ColumnElement[bool]]:
        plain = replace(self.wanted, query=None, ever=False, since=None, until=None, as_of=None, source=None)
        of_source = articles.c.source + "" == self.history.source  # an expression: the ids are fewer
        return [of_source, *conditions(plain), *section_tests(self.connection, plain, reads_all=True)]

    def _edited_ids(self) -> set[int]:
        """Return the ids of edited articles that are of the period, or were edited in it."""
        until = self.history.known_until(self.period.until) or self.known_at
        period_ids = self._in_period()
        joined = select(revisions.c.article_id).join(articles, articles.c.id == revisions.c.article_id).distinct()
        of_period = joined.where(revisions.c.article_id.in_(select(period_ids)), *self._plain())
        edited = joined.where(
            revisions.c.seen_until >= self.period.since, revisions.c.seen_until <= until, *self._plain()
        )
        return {*self.connection.scalars(of_period), *self.connection.scalars(edited)}

    def _matching_ids(self, edited: Sequence[int]) -> set[int]:
        """Return the ids of articles of the period, and of those given, whose current text matches."""
        assert self.wanted.query is not None
        matching = select(articles.c.id).where(matches_query(self.connection, self.wanted.query), *self._plain())
        found = set(self.connection.scalars(matching.where(articles.c.id.in_(select(self._in_period())))))
        for some in batches(edited, BATCH_SIZE):
            found.update(self.connection.scalars(matching.where(articles.c.id.in_(some))))
        return found

    def _first_versions(self, edited: Iterable[int], matching_now: Set[int]) -> dict[int, _Version]:
        """Return the first version that matches of each edited article that has one."""
        assert self.wanted.query is not None
        matcher = compile_matcher(self.wanted.query)
        found: dict[int, _Version] = {}
        last: dict[int, AnyRow] = {}
        for some in batches(sorted(edited), BATCH_SIZE):
            for row in self.connection.execute(_VERSIONS.where(revisions.c.article_id.in_(some))):
                before, last[row.article_id] = last.get(row.article_id), row
                if row.article_id not in found and matcher(_document(row)):
                    earlier = None if before is None else before.seen_from
                    found[row.article_id] = _Version(row.revision_number, row.seen_from, earlier)
        for article_id in matching_now & last.keys() - found.keys():
            row = last[article_id]
            found[article_id] = _Version(row.revision_number + 1, row.seen_until, row.seen_from)
        return found

    def _first_listings(self, ids: Sequence[int]) -> Mapping[int, datetime]:
        """Return when a channel first listed each article at its own URL."""
        first = select(articles.c.id, func.min(listings.c.first_listed_at).label("at"))
        joined = first.join(links, links.c.url == articles.c.url).join(listings, listings.c.link_id == links.c.id)
        rows = self.connection.execute(joined.where(articles.c.id.in_(ids)).group_by(articles.c.id))
        return {row.id: row.at for row in rows}

    def _statement(self, article: ArticleSummary, listed_at: datetime | None, version: _Version) -> Statement:
        appeared = self._appearance(article, listed_at)
        if version.earlier_from is None:
            said = Appearance(earliest=appeared.earliest, latest=max(appeared.latest, version.seen_from))
        else:
            said = Appearance(earliest=version.earlier_from, latest=version.seen_from)
        return Statement(article=article, appeared=appeared, said=said, version=version.number)

    def _appearance(self, article: ArticleSummary, listed_at: datetime | None) -> Appearance:
        if listed_at is None or article.first_seen_at < listed_at:  # fetched by hand before a list named it
            return Appearance(earliest=None, latest=article.first_seen_at)
        is_known = bool(self.history.polls) and self.history.polls[0].finished_at < listed_at
        before = self.history.last_poll_before(listed_at) if is_known else None
        before = before or poll_before(self.connection, self.history.source, listed_at)
        return widened(appearance(listed_at, before), article.published_at, article.published_precision)

    def _is_in_period(self, statement: Statement) -> bool:
        if statement.version > 1:
            return statement.said.overlaps(self.period)
        published_at, appeared = statement.article.published_at, statement.appeared
        if published_at is None:
            return appeared.overlaps(self.period)
        published = stated(published_at, statement.article.published_precision, latest=appeared.latest)
        # Of an article that was there before it was looked for, nothing but its own word is known.
        return published.overlaps(self.period) or (appeared.earliest is not None and appeared.overlaps(self.period))


def _columns() -> Select[Any]:
    said = (revisions.c[name] for name in ("article_id", "revision_number", "seen_from", "seen_until"))
    text = (revisions.c[name] for name in ("title", "subtitle", "body", "sections"))
    lasting = (articles.c[name] for name in ("source", "language", "section"))
    joined = select(*said, *text, *lasting).join_from(revisions, articles, articles.c.id == revisions.c.article_id)
    return joined.order_by(revisions.c.article_id, revisions.c.revision_number)


_VERSIONS = _columns()


def _document(row: AnyRow) -> IndexedDocument:
    return IndexedDocument(
        title=row.title,
        subtitle=row.subtitle,
        body=row.body,
        sections=row.sections or all_sections((), row.section),
        source=row.source,
        language=row.language,
    )
