"""Merge a fetched article into its stored row, as storage.saving.change_detection decided."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from storage.database.engine import AnyRow
from storage.model.article_fields import TEXT_FIELDS, VOLATILE_FIELDS
from storage.model.listed_time import with_listed_time
from storage.model.page_end import PAGE_FIELD, UNCLOSED, find_page_end, kind_of
from storage.model.records import ArticleData, Problem, SaveOutcome
from storage.model.recrawl import next_recrawl
from storage.model.reservations import stored_reservations
from storage.saving.change_detection import CONFIRM_AFTER, CONFIRM_CUT_AFTER, UNFILLED, ChangeDecision, StoredText
from storage.saving.requests import SaveRequest
from storage.saving.stated_dates import date_values


def merged_values(
    stored: AnyRow, save: SaveRequest, decision: ChangeDecision, text: StoredText, stated: StoredText
) -> dict[str, Any]:
    """Return the columns of `articles` to update, with their values.

    `text` is the stored article, `stated` the same with the date of its page alone.
    """
    data = save.data
    values: dict[str, Any] = {
        "fetched_at": data.fetched_at,
        "gone_at": None,
        "content_hash": decision.content_hash,
        "recrawl_at": _next_recrawl(stored, with_listed_time(data, save.listed), decision),
        "unconfirmed_hash": decision.unconfirmed_hash,
        "unconfirmed_since": decision.unconfirmed_since,
    }
    if decision.change is SaveOutcome.UNCONFIRMED:
        return values
    if decision.is_incomplete:
        return values | {"problems": _problems_with_end(stored.problems, data.problems)}
    values |= {name: _filled(stored, data, name) for name in VOLATILE_FIELDS}
    values |= date_values(text, stated, data, decision, save.listed)
    values["parser_version"] = data.parser_version
    values["reservations"] = stored_reservations(save.reservations, now=data.fetched_at, before=stored.reservations)
    values["section"] = save.section or next(iter(data.sections), None) or stored.section
    if decision.overwrites:
        values |= {name: _filled(stored, data, name) for name in TEXT_FIELDS if name not in decision.kept_fields}
    elif stored.subtitle is None:
        # A field that could not be parsed before is no edit of the site's.
        values["subtitle"] = data.subtitle
    if decision.change is SaveOutcome.REVISED:
        values["revised_at"] = data.fetched_at
    return values


def _problems_with_end(stored: tuple[Problem, ...], parsed: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return the stored problems, with that of the page's end if sites have such an end on purpose."""
    early_end = find_page_end(parsed)
    if early_end is None or kind_of(early_end) != UNCLOSED:
        return stored
    return (*(problem for problem in stored if problem.field != PAGE_FIELD), early_end)


def _filled(stored: AnyRow, data: ArticleData, name: str) -> Any:
    """Return the parsed value of a field; the stored one where nothing could be parsed."""
    parsed = getattr(data, name)
    missing = parsed in UNFILLED
    # A missing subtitle is no extraction problem: it was removed.
    return getattr(stored, name) if missing and name != "subtitle" else parsed


def _next_recrawl(stored: AnyRow, data: ArticleData, decision: ChangeDecision) -> Any:
    if decision.unconfirmed_hash is not None:
        return data.fetched_at + confirmation_delay(data.fetched_at - (decision.unconfirmed_since or data.fetched_at))
    return next_recrawl(data.published_at or stored.published_at, stored.first_seen_at, data.fetched_at)


def confirmation_delay(age: timedelta) -> timedelta:
    """Return the time until an unconfirmed parse of this age is compared again: as long again, at least 10 minutes.

    One that is to be confirmed after a day is fetched when the day is over.
    """
    delay = max(CONFIRM_AFTER, age)
    return max(CONFIRM_AFTER, min(delay, CONFIRM_CUT_AFTER - age)) if age < CONFIRM_CUT_AFTER else delay
