"""Say who was first: the interval in which each source first said so, and the order that these prove."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from storage.articles.filters import ArticleFilter
from storage.coverage.absence import statements_by_source
from storage.coverage.appearance import Appearance
from storage.coverage.coverage import SourceCoverage
from storage.coverage.statements import Statement
from storage.database.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStatement:
    """When a source first said so in a period.

    `said` is None if nothing that says so was found; its `earliest` reaches back to the first interval that could not
    be seen, for an earlier statement may lie there. `proven_before` names the sources that certainly said so later, or
    not at all.
    """

    source: str
    title: str
    said: Appearance | None
    statement: Statement | None
    proven_before: tuple[str, ...]
    coverage: SourceCoverage

    @property
    def is_certain(self) -> bool:
        """Return whether both bounds of the interval are known."""
        return self.said is not None and self.said.earliest is not None


def first_statements(
    database: Database, wanted: ArticleFilter, *, sources: Collection[str] = (), now: datetime | None = None
) -> tuple[FirstStatement, ...]:
    """Return when each source first said so in a period, by the later bound; those that did not come last.

    Takes the same arguments as `absent`, and raises the same. An order is claimed only where intervals do not overlap.
    """
    known_at = wanted.as_of or now or datetime.now(UTC)
    found = list(statements_by_source(database, wanted, sources=sources, known_at=known_at))
    return ranked(found)


def ranked(found: Sequence[tuple[SourceCoverage, Sequence[Statement]]]) -> tuple[FirstStatement, ...]:
    """Compute who was first from the statements of each source. Pure."""
    firsts = [_first(coverage, statements) for coverage, statements in found]
    ordered = sorted(firsts, key=lambda one: (one.said is None, one.said and one.said.latest, one.source))
    return tuple(
        replace(one, proven_before=tuple(other.source for other in ordered if _is_proven(one, other)))
        for one in ordered
    )


def _first(coverage: SourceCoverage, statements: Sequence[Statement]) -> FirstStatement:
    statement = min(statements, key=lambda one: (one.said.latest, one.article.id), default=None)
    said = None if statement is None else _bounds(coverage, statements, statement.said.latest)
    return FirstStatement(
        source=coverage.source,
        title=coverage.title,
        said=said,
        statement=statement,
        proven_before=(),
        coverage=coverage,
    )


def _bounds(coverage: SourceCoverage, statements: Sequence[Statement], latest: datetime) -> Appearance:
    """Return the bounds of the first statement, which may be one that was not seen."""
    earliest = [one.said.earliest for one in statements]
    unseen = [one.since for one in coverage.not_visible if one.since < latest]
    known = [at for at in earliest if at is not None]
    return Appearance(earliest=min([*known, *unseen]) if len(known) == len(earliest) else None, latest=latest)


def _is_proven(one: FirstStatement, other: FirstStatement) -> bool:
    if one.said is None or one is other:
        return False
    if other.said is not None:
        return one.said.is_before(other.said)
    return all(hidden.since > one.said.latest for hidden in other.coverage.not_visible)
