"""Find the date that the page of a stored article stated, and the date to store after a further fetch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from storage.model.listed_time import LISTED_TIME, ListedTime, completes, is_listed
from storage.model.records import ArticleData, DatePrecision
from storage.saving.change_detection import ChangeDecision, StoredText


def as_stated(stored: StoredText, data: ArticleData, listed: ListedTime | None) -> StoredText:
    """Return the stored article with the date that its page stated, without the time of its link.

    Without that link, when another address led to the page, the day is not known any more: it is taken for the one that
    the page states now.
    """
    if not is_listed(stored.problems):
        return stored
    if stored.published_raw is None:
        return replace(stored, published_at=None, published_precision=None)
    if listed is not None and listed.published_at == stored.published_at:
        return replace(stored, published_at=listed.day, published_precision=DatePrecision.DAY)
    if data.published_precision is DatePrecision.DAY:
        return replace(stored, published_at=data.published_at, published_precision=DatePrecision.DAY)
    return stored


def date_values(
    stored: StoredText, stated: StoredText, data: ArticleData, decision: ChangeDecision, listed: ListedTime | None
) -> dict[str, Any]:
    """Return the columns of the date, and the problems of the article.

    `stated` is the stored article with the date of its page.
    """
    is_replaced = _replaces_date(stated, data, decision)
    date = data if is_replaced else stated
    at, precision, problems = date.published_at, date.published_precision, data.problems
    if listed is not None and completes(listed, date):
        at, precision, problems = listed.published_at, listed.precision, (*problems, LISTED_TIME)
    elif is_listed(stored.problems) and listed is None and not _states_another(stated, date):
        at, precision, problems = stored.published_at, stored.published_precision, (*problems, LISTED_TIME)
    return {
        "published_at": at,
        "published_raw": date.published_raw,
        "published_precision": precision,
        "problems": problems,
    }


def _states_another(stated: StoredText, date: StoredText | ArticleData) -> bool:
    return (stated.published_at, stated.published_precision) != (date.published_at, date.published_precision)


def _replaces_date(stated: StoredText, data: ArticleData, decision: ChangeDecision) -> bool:
    """Return whether the parsed date replaces the stored one.

    One that was not understood does not, nor, with unchanged text, one of less precision: a day for a minute.
    """
    if stated.published_at is None:
        return data.published_at is not None or data.published_raw is not None
    if data.published_at is None or data.published_precision is None:
        return False
    precisions = list(DatePrecision)
    stored_precision = stated.published_precision
    is_less_precise = stored_precision is not None and precisions.index(data.published_precision) < precisions.index(
        stored_precision
    )
    return decision.overwrites or not is_less_precise
