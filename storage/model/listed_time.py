"""Give an article whose page states no time the exact time that a channel states beside its link.

What a page states is compared with what it stated before; the time of the link is put in afterwards. So an edit, a page
that broke off and a page that lost its date are judged by the page alone, and a link makes no revision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from storage.model.records import ArticleData, DatePrecision, Problem

LISTED_TIME = Problem("published_precision", "the time is that of its link; the page states none")
"""Problem of an article whose time is that of its link; its printed date is still that of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTime:
    """Exact time of publication that a channel states, and its day in the time zone of the source.

    The day is written as a day alone is: midnight UTC.
    """

    published_at: datetime
    precision: DatePrecision
    day: datetime


class _Dated(Protocol):
    """A publication date, as far as it is known."""

    @property
    def published_at(self) -> datetime | None: ...
    @property
    def published_raw(self) -> str | None: ...
    @property
    def published_precision(self) -> DatePrecision | None: ...


def is_listed(problems: Iterable[Problem]) -> bool:
    """Return whether the time of an article is that of its link."""
    return LISTED_TIME in problems


def completes(listed: ListedTime | None, date: _Dated) -> bool:
    """Return whether a page states no date at all, or only the day of the listed time.

    A printed date that was not understood may be another one.
    """
    if listed is None:
        return False
    if date.published_at is None:
        return not date.published_raw
    return date.published_precision is DatePrecision.DAY and date.published_at == listed.day


def with_listed_time(article: ArticleData, listed: ListedTime | None) -> ArticleData:
    """Return an article with the time of its link, if its page states none, and the problem that says so."""
    if listed is None or not completes(listed, article):
        return article
    return replace(
        article,
        published_at=listed.published_at,
        published_precision=listed.precision,
        problems=(*article.problems, LISTED_TIME),
    )
