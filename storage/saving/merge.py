"""Which values of a stored article a fetch takes the place of. Pure: the decision was made by storage.saving.change_detection."""

from __future__ import annotations

from typing import Any

from storage.database.engine import AnyRow
from storage.model.records import ArticleData, DatePrecision, SaveOutcome
from storage.model.recrawl import next_recrawl
from storage.saving.change_detection import CONFIRM_AFTER, ChangeDecision

# What the page says, column by column. The wording is what an edit is judged by: it is overwritten when the decision
# says so, and kept as a revision. The date moves only together with how it was printed. The rest follows the page.
TEXT_FIELDS = ("title", "subtitle", "body")
DATE_FIELDS = ("published_at", "published_raw", "published_precision")
VOLATILE_FIELDS = ("author", "sections", "language", "description", "image_url", "view_count")
REVISION_FIELDS = ("title", "subtitle", "body", "author", "sections", "published_at", "published_raw", "content_hash")
"""What a revision keeps of what the page said."""


def merged_values(stored: AnyRow, data: ArticleData, decision: ChangeDecision, section: str | None) -> dict[str, Any]:
    """The columns of `articles` that change, with their new values. `section` is the wanted one the page belongs to."""
    values: dict[str, Any] = {
        "fetched_at": data.fetched_at,
        "gone_at": None,
        "content_hash": decision.content_hash,
        "recrawl_at": _next_recrawl(stored, data, decision),
        "unconfirmed_hash": decision.unconfirmed_hash,
        "unconfirmed_since": decision.unconfirmed_since,
    }
    if decision.change is SaveOutcome.UNCONFIRMED:
        return values
    values |= {name: _filled(stored, data, name) for name in VOLATILE_FIELDS}
    values |= {"problems": data.problems, "parser_version": data.parser_version}
    values["section"] = section or next(iter(data.sections), None) or stored.section
    if _is_date_of_now(stored, data, decision):
        values |= {name: getattr(data, name) for name in DATE_FIELDS}
    if decision.overwrites:
        values |= {name: _filled(stored, data, name) for name in TEXT_FIELDS if name not in decision.kept_fields}
    elif stored.subtitle is None:
        # A field that could not be read before and can be now is no edit of the site's.
        values["subtitle"] = data.subtitle
    if decision.change is SaveOutcome.REVISED:
        values["revised_at"] = data.fetched_at
    return values


def _filled(stored: AnyRow, data: ArticleData, name: str) -> Any:
    """What was read; what is stored, where nothing could be read."""
    read = getattr(data, name)
    missing = read is None or (name == "sections" and not read)
    # A subtitle has no problem when it is gone: it was taken away.
    return getattr(stored, name) if missing and name != "subtitle" else read


def _is_date_of_now(stored: AnyRow, data: ArticleData, decision: ChangeDecision) -> bool:
    """Whether the date that was read takes the place of the stored one, which it does as a whole or not at all.

    One that was not understood does not, nor, in the same wording, one that says less: the day for the minute.
    """
    if stored.published_at is None:
        return data.published_at is not None or data.published_raw is not None
    if data.published_at is None or data.published_precision is None:
        return False
    exactness = list(DatePrecision)
    known = stored.published_precision
    is_less = known is not None and exactness.index(data.published_precision) < exactness.index(known)
    return decision.overwrites or not is_less


def _next_recrawl(stored: AnyRow, data: ArticleData, decision: ChangeDecision) -> Any:
    if decision.unconfirmed_hash is not None:
        return data.fetched_at + CONFIRM_AFTER
    return next_recrawl(data.published_at or stored.published_at, stored.first_seen_at, data.fetched_at)
