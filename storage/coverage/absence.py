"""Prove a negative: no article said so in a period, as far as could be seen."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from storage.articles.filters import ArticleFilter
from storage.coverage.coverage import SourceCoverage, covered, read_histories
from storage.coverage.statements import Statement, find_statements
from storage.database.session import Database
from storage.model.errors import ConfigError


class Verdict(StrEnum):
    """Answer that can be given about a query in a period."""

    ABSENT = "absent"  # all was visible, and no article said so
    NOT_SEEN = "not seen"  # no article that was seen said so, and not all was visible
    PRESENT = "present"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Answer whether articles said so between `since` and `until`, and what could not be seen.

    `found` are those that said so, or may have: an article is among them if the time in which it appeared, or was
    edited to say so, touches the period, or if it was published in it by its own word.
    """

    verdict: Verdict
    since: datetime
    until: datetime
    found: tuple[Statement, ...]
    coverage: tuple[SourceCoverage, ...]


def absent(
    database: Database,
    wanted: ArticleFilter,
    *,
    sources: Collection[str] = (),
    now: datetime | None = None,
) -> Absence:
    """Look for a statement in a period, and say what could not be seen of it.

    `wanted` has the query and `since`, and may have `until` (None: now), `source`, `section`, `language`, `author` and
    `as_of`. Every stored version of a text is searched. `sources` names those asked for; none: all, or `wanted.source`.
    A source that was never crawled
    was not watched. Raises ConfigError for a filter without query or since and for other criteria, StoreError.
    """
    known_at = wanted.as_of or now or datetime.now(UTC)
    found: list[Statement] = []
    coverage: list[SourceCoverage] = []
    for one, statements in statements_by_source(database, wanted, sources=sources, known_at=known_at):
        coverage.append(one)
        found += statements
    if not coverage:
        raise ConfigError("nothing was ever crawled into this database, so nothing can be said of any source")
    return Absence(
        verdict=_verdict(found, coverage),
        since=coverage[0].since,
        until=coverage[0].until,
        found=tuple(sorted(found, key=lambda one: (one.said.latest, one.article.id))),
        coverage=tuple(coverage),
    )


def _verdict(found: Collection[Statement], coverage: Collection[SourceCoverage]) -> Verdict:
    if found:
        return Verdict.PRESENT
    return Verdict.ABSENT if all(one.is_complete for one in coverage) else Verdict.NOT_SEEN


_ACCEPTED = frozenset(
    {"query", "since", "until", "source", "section", "language", "author", "as_of", "ever", "timezone"}
)
"""Criteria that say which articles are meant; the others are of what became of an article later."""


def statements_by_source(
    database: Database, wanted: ArticleFilter, *, sources: Collection[str], known_at: datetime
) -> Iterator[tuple[SourceCoverage, list[Statement]]]:
    """Yield the coverage of each source with the statements found, in one transaction. Raises ConfigError."""
    if wanted.query is None or wanted.since is None:
        raise ConfigError("a query and the beginning of a period are needed")
    plain = ArticleFilter()
    extra = [
        name
        for name in ArticleFilter.__dataclass_fields__
        if name not in _ACCEPTED and getattr(wanted, name) != getattr(plain, name)
    ]
    if extra:
        raise ConfigError(f"{', '.join(extra)}: not of what an article said when it appeared")
    names = sources or ((wanted.source,) if wanted.source else ())
    until = wanted.until or known_at
    with database.read() as connection:
        for history, period in read_histories(
            connection, since=wanted.since, until=until, sources=names, known_at=known_at
        ):
            statements = find_statements(connection, wanted, history, period, known_at=known_at)
            yield covered(history, period), statements
