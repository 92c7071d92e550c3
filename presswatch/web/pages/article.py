"""The page of an article: its text, views, versions, and how each of them came to be known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from presswatch.output.display_zone import format_time, zone_label
from presswatch.output.typed_filter import typed_time
from presswatch.web.pages.charts import view_curve
from presswatch.web.pages.request import Answer, NotFoundError, Page, PageRequest, whole_number
from presswatch.web.pages.versions import VersionPair, chosen_pair
from storage.articles.as_of import Presence
from storage.articles.as_of_details import article_as_of
from storage.articles.details import article_details, link_details
from storage.articles.results import ArticleDetails, ArticleFull, LinkDetails
from storage.articles.revision_history import TextVersion, text_versions
from storage.articles.view_series import ViewsAtAge, at_ages, deltas
from storage.model.listed_time import is_listed
from storage.model.records import DatePrecision
from storage.model.reservations import reservation_lines
from storage.notes.notes import MAX_NOTE_LENGTH, MAX_TAG_LENGTH
from storage.store import Store

MAX_ROWS_SHOWN = 200
"""Fetches and readings of a table; an article of a year has more."""


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field of an article: its value, and how it was read, or why not."""

    name: str
    value: str
    provenance: str


def article(request: PageRequest) -> Answer:
    """Answer with an article by its id, as it is now or was at `as_of`. Raises NotFoundError."""
    article_id, store = article_id_of(request.path["id"]), request.store
    as_of = typed_time("as of", request.value("as_of") or None, now=request.now)
    past = None if as_of is None else article_as_of(store, article_id, as_of)
    known_then = None if past is None else past.details
    details = article_details(store, article_id) if as_of is None else known_then
    if details is None:
        raise NotFoundError(_missing(request.path["id"], None if past is None else past.presence, as_of))
    stored, readings = details.article, details.readings
    versions = text_versions(stored, details.revisions)
    link = _link(store, stored.url)
    values = {
        "article": stored,
        "as_of": as_of,
        "presence": None if past is None else past.presence,
        "is_listed_time": is_listed(stored.problems),
        "versions": versions[::-1],
        "pair": _pair(request, versions),
        "curve": view_curve(f"Views of {stored.title}", readings, since=_exact_date(stored)),
        "series": list(reversed(deltas(readings)))[:MAX_ROWS_SHOWN],
        "at_ages": _at_ages(details),
        "reading_count": len(readings),
        "fields": list(_fields(stored)),
        "reservations": list(reservation_lines(stored.reservations)),
        "link": link,
        "fetches": _fetches(link),
        "same": _same_text(store, details, as_of),
        "kept": store.notes.of(stored.id),
        "max_note_length": MAX_NOTE_LENGTH,
        "max_tag_length": MAX_TAG_LENGTH,
        "max_rows": MAX_ROWS_SHOWN,
    }
    return Page(template="article.html", title=stored.title, values=values)


def _link(store: Store, url: str) -> LinkDetails | None:
    try:
        return link_details(store, url)
    except ValueError:  # an address that a site made up, and nobody could type
        return None


def article_id_of(typed: str) -> int:
    """Return the id in an address. Raises NotFoundError for what is none."""
    found = whole_number(typed, largest=9_999_999_999)
    if found is None:
        raise NotFoundError("no article has this id")
    return found


def _missing(article_id: str, presence: Presence | None, as_of: datetime | None) -> str:
    if presence is None or as_of is None:
        return f"no article {article_id} is stored"
    return f"article {article_id} was {presence} at {format_time(as_of)} {zone_label()}"


def _pair(request: PageRequest, versions: Sequence[TextVersion]) -> VersionPair | None:
    if len(versions) < 2:
        return None
    latest = len(versions)
    new = request.number("to", default=latest, largest=latest)
    old = request.number("from", default=max(1, new - 1), largest=latest)
    return chosen_pair(versions, old, new)


def _exact_date(stored: ArticleFull) -> datetime | None:
    return None if stored.published_precision is DatePrecision.DAY else stored.published_at


def _at_ages(details: ArticleDetails) -> Sequence[ViewsAtAge]:
    published_at = _exact_date(details.article)
    return () if published_at is None else at_ages(details.readings, published_at)


def _fetches(link: LinkDetails | None) -> Sequence[object]:
    return () if link is None else link.fetches[::-1][:MAX_ROWS_SHOWN]


def _same_text(store: Store, details: ArticleDetails, as_of: datetime | None) -> Sequence[object]:
    return details.duplicates if as_of is not None else store.articles.same_text(details.article.id, everywhere=True)


def _fields(stored: ArticleFull) -> Iterator[FieldRow]:
    """Yield each field of the page with how it was read: a problem, the text as printed, or nothing to remark."""
    problems = {problem.field: problem.reason for problem in stored.problems}
    printed = f"printed as “{stored.published_raw}”" if stored.published_raw else ""
    precision = f"known to the {stored.published_precision}" if stored.published_precision else ""
    date_note = ", ".join(filter(None, (printed, precision)))
    rows = {
        "title": (stored.title, ""),
        "subtitle": (stored.subtitle, ""),
        "author": (stored.author, ""),
        "published_at": (_time(stored.published_at, stored.published_precision), date_note),
        "section": (stored.section, "the first that was asked for" if len(stored.sections) > 1 else ""),
        "sections": (", ".join(stored.sections), ""),
        "language": (stored.language, ""),
        "description": (stored.description, ""),
        "image_url": (stored.image_url, "not loaded by these pages"),
        "view_count": (None if stored.view_count is None else str(stored.view_count), "the last reading"),
        "body": (f"{len(stored.body)} characters" if stored.body else None, ""),
    }
    for name, (value, note) in rows.items():
        given = "read from the page" if value else "not on the page"
        reason = problems.get(name)
        yield FieldRow(name.replace("_", " "), value or "", reason or (note if value and note else given))
    for name, reason in problems.items():
        if name not in rows:
            yield FieldRow(name.replace("_", " "), "", reason)


def _time(at: datetime | None, precision: DatePrecision | None) -> str | None:
    if at is None:
        return None
    return format_time(at, precision) + ("" if precision is DatePrecision.DAY else f" {zone_label()}")
