"""Decide whether the document of an article that is not stored yet is whole, though it ends too early.

Some templates never close their elements, and some pages end in an open comment for good. Such a page is believed when
it was answered so several times over a while, or when the stored pages of its source end so as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from storage.crawling.fetches import FetchAttempt
from storage.database.tables import articles, fetches, links
from storage.model.page_end import UNCLOSED, failure_reason, find_page_end, kind_of
from storage.model.records import ArticleData, FailureStage, FetchFailure, FetchResult, Problem

EQUAL_TRIES = 2
"""Earlier tries that ended at the same place."""
SIMILAR_TRIES = 7
"""Earlier tries that ended in the same kind of place: the end of the document may hold a time or a random number."""
UNCLOSED_FOR = timedelta(hours=1)
"""Least time since the first of these tries, if elements are open."""
CUT_FOR = timedelta(days=1)
"""The same time for an end that no template writes; caches hand out a cut page for hours."""
RECENT_ARTICLES = 20
"""Articles stored last whose ends are compared."""


@dataclass(frozen=True, slots=True)
class PageEndEvidence:
    """Earlier fetches of a page, newest first, as times and reasons; and the problem of each recent article's end."""

    failures: tuple[tuple[datetime, str], ...]
    recent: tuple[Problem | None, ...]


def is_believed(early_end: Problem, evidence: PageEndEvidence, now: datetime) -> bool:
    """Return whether a page that ends so is taken for whole."""
    kind, reason = kind_of(early_end), failure_reason(early_end)
    if kind == UNCLOSED:
        alike = sum(end is not None and kind_of(end) == kind for end in evidence.recent)
        if 2 * alike > len(evidence.recent):
            return True
    similar_reason = reason[: len(reason) - len(early_end.reason)] + kind
    similar = [at for at, told in evidence.failures if told.startswith(similar_reason)]
    equal = [at for at, told in evidence.failures if told == reason]
    tries = equal if len(equal) >= EQUAL_TRIES else similar if len(similar) >= SIMILAR_TRIES else []
    return bool(tries) and now - min(tries) >= (UNCLOSED_FOR if kind == UNCLOSED else CUT_FOR)


def broken_off_failure(connection: Connection, data: ArticleData, attempt: FetchAttempt) -> FetchFailure | None:
    """Return the failure of a page that broke off; None if it is whole, or to be compared with the stored article."""
    early_end = find_page_end(data.problems)
    if early_end is None or connection.scalar(select(articles.c.id).where(articles.c.url == data.url)) is not None:
        return None
    if is_believed(early_end, _evidence(connection, data, attempt), attempt.fetched_at):
        return None
    reason = failure_reason(early_end)
    return FetchFailure(url=attempt.url, failure_stage=FailureStage.NETWORK, reason=reason)


def _evidence(connection: Connection, data: ArticleData, attempt: FetchAttempt) -> PageEndEvidence:
    failed = (
        select(fetches.c.fetched_at, fetches.c.reason)
        .join(links, links.c.id == fetches.c.link_id)
        .where(links.c.url == attempt.url, fetches.c.result == FetchResult.FAILED)
        .order_by(fetches.c.id.desc())
        .limit(SIMILAR_TRIES * 2)
    )
    stored = select(articles.c.problems).where(articles.c.source == data.source)
    newest = (articles.c.stored_at.desc(), articles.c.id.desc())
    recent = connection.scalars(stored.order_by(*newest).limit(RECENT_ARTICLES))
    return PageEndEvidence(
        failures=tuple((row.fetched_at, row.reason or "") for row in connection.execute(failed)),
        recent=tuple(find_page_end(problems) for problems in recent),
    )
