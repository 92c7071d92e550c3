"""Which values of a stored article a fetch takes the place of. Pure: the decision was made by storage.changes."""

from __future__ import annotations

from typing import Any

from storage.changes import SECOND_SIGHT, Decision
from storage.engine import AnyRow
from storage.records import ArticleData, Change, Precision
from storage.relooks import next_relook

# What the page says, column by column. The wording is what an edit is judged by: it is overwritten when the decision
# says so, and kept as a revision. The date moves only together with how it was printed. The rest follows the page.
WORDING = ("title", "subtitle", "body")
DATE = ("published_at", "published_text", "published_precision")
FOLLOWING = ("author", "sections", "language", "description", "image_url", "view_count")
SAID = ("title", "subtitle", "body", "author", "sections", "published_at", "published_text", "content_hash")
"""What a revision keeps of what the page said."""


def changed_values(stored: AnyRow, data: ArticleData, decision: Decision, section: str | None) -> dict[str, Any]:
    """The columns of `articles` that change, with their new values. `section` is the wanted one the page belongs to."""
    values: dict[str, Any] = {
        "last_fetched_at": data.fetched_at,
        "gone_at": None,
        "content_hash": decision.content_hash,
        "relook_at": _relook(stored, data, decision),
        "suspect_hash": decision.suspect_hash,
        "suspect_at": decision.suspect_at,
    }
    if decision.change is Change.SUSPECT:
        return values
    values |= {name: _filled(stored, data, name) for name in FOLLOWING}
    values |= {"problems": data.problems, "reader_version": data.reader_version}
    values["section"] = section or next(iter(data.sections), None) or stored.section
    if _is_date_of_now(stored, data, decision):
        values |= {name: getattr(data, name) for name in DATE}
    if decision.overwrites:
        values |= {name: _filled(stored, data, name) for name in WORDING if name not in decision.held}
    elif stored.subtitle is None:
        # A field that could not be read before and can be now is no edit of the site's.
        values["subtitle"] = data.subtitle
    if decision.change is Change.REVISED:
        values["revised_at"] = data.fetched_at
    return values


def _filled(stored: AnyRow, data: ArticleData, name: str) -> Any:
    """What was read; what is stored, where nothing could be read."""
    read = getattr(data, name)
    missing = read is None or (name == "sections" and not read)
    # A subtitle has no problem when it is gone: it was taken away.
    return getattr(stored, name) if missing and name != "subtitle" else read


def _is_date_of_now(stored: AnyRow, data: ArticleData, decision: Decision) -> bool:
    """Whether the date that was read takes the place of the stored one, which it does as a whole or not at all.

    One that was not understood does not, nor, in the same wording, one that says less: the day for the minute.
    """
    if stored.published_at is None:
        return data.published_at is not None or data.published_text is not None
    if data.published_at is None or data.published_precision is None:
        return False
    exactness = list(Precision)
    known = stored.published_precision
    is_less = known is not None and exactness.index(data.published_precision) < exactness.index(known)
    return decision.overwrites or not is_less


def _relook(stored: AnyRow, data: ArticleData, decision: Decision) -> Any:
    if decision.suspect_hash is not None:
        return data.fetched_at + SECOND_SIGHT
    return next_relook(data.published_at or stored.published_at, stored.first_seen_at, data.fetched_at)
