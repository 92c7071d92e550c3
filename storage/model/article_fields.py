"""Declare the fields of an article once: tables, records, edits, exports and documentation follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from storage.model.urls import MAX_URL_LENGTH

MAX_SECTION_LENGTH = 200
"""Characters of a section's name."""
MAX_AUTHOR_LENGTH = 200
"""Characters of an author's name."""
AUTHOR_SEPARATOR = ", "
"""Text between the authors in `author`."""


class MergeRule(StrEnum):
    """Rule by which a fetch changes a field of a stored article (storage.saving.merge)."""

    TEXT = "text"  # overwritten by an edit alone, the text before it kept as a revision
    DATE = "date"  # moves together with the other fields of the date, or not at all
    VOLATILE = "volatile"  # follows the page
    OWN = "own"  # set by Presswatch


class Detail(StrEnum):
    """From how much detail on an article has the field."""

    LIST = "list"  # lists, exports and single articles
    FULL = "full"  # exports and single articles
    INTERNAL = "internal"  # the table alone


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleField:
    """Declare one field of an article.

    `is_parsed`: read from the page (`ArticleData` has it). `is_compared`: a difference may be an edit. `is_revised`: a
    revision keeps its earlier value. `is_of_source`: joined from the row of the source, no column of `articles`.
    `is_column`: a column of `articles`; False where rows of another table hold it. `max_length`: the most characters of
    a text from the page that are stored (storage.model.field_limits); of `sections` and `authors` those of each name.
    """

    name: str
    description: str
    detail: Detail = Detail.LIST
    merge: MergeRule = MergeRule.OWN
    is_parsed: bool = False
    is_compared: bool = False
    is_revised: bool = False
    is_of_source: bool = False
    is_column: bool = True
    max_length: int | None = None

    @property
    def is_kept_if_unparsed(self) -> bool:
        """Return whether the stored value stays if the page has none; a page without title is no article."""
        return self.is_compared and self.name != "title"


def _parsed(name: str, description: str, merge: MergeRule = MergeRule.VOLATILE, **facts: int | Detail) -> ArticleField:
    return ArticleField(name=name, description=description, merge=merge, is_parsed=True, **facts)  # type: ignore[arg-type]


_FULL, _INTERNAL = Detail.FULL, Detail.INTERNAL
_TEXT, _DATE, _OWN = MergeRule.TEXT, MergeRule.DATE, MergeRule.OWN

ARTICLE_FIELDS = (
    ArticleField(name="id", description="Number of the article in this database."),
    _parsed("source", "Name of the source, such as caliber.", _OWN),
    ArticleField(name="source_title", description="Title of the source.", is_of_source=True, is_column=False),
    _parsed("url", "Canonical URL of the article.", _OWN, max_length=MAX_URL_LENGTH),
    _parsed(
        "title",
        "Headline of the page (schema.org: headline).",
        _TEXT,
        is_compared=True,
        is_revised=True,
        max_length=1_000,
    ),
    _parsed("language", "Language code, such as en (schema.org: inLanguage).", max_length=35),
    ArticleField(
        name="section",
        description="First section that its source asks for, else the first on the page.",
        max_length=MAX_SECTION_LENGTH,
    ),
    _parsed(
        "sections",
        "Normalized names of all sections, in page order (schema.org: articleSection).",
        is_compared=True,
        is_revised=True,
        is_column=False,
        max_length=MAX_SECTION_LENGTH,
    ),
    _parsed(
        "published_at",
        "Publication time (schema.org: datePublished); a date without a time is stored as midnight UTC of that day, and"
        " written as the date alone.",
        _DATE,
        is_compared=True,
        is_revised=True,
    ),
    _parsed("published_precision", "Precision of published_at: second, minute or day.", _DATE, is_compared=True),
    _parsed("view_count", "View count at the last fetch; every count is in view_readings."),
    ArticleField(name="first_seen_at", description="When a channel first listed it; first fetched, if named by hand."),
    ArticleField(name="stored_at", description="When the article was first stored."),
    _parsed("fetched_at", "When the page was last fetched.", _OWN),
    ArticleField(name="revised_at", description="When its last edit was found."),
    ArticleField(name="gone_at", description="When the site was found to have removed it."),
    ArticleField(
        name="duplicate_of_id", description="First article of the source with the same text, or that redirects here."
    ),
    ArticleField(name="terms", description="Terms of use of the source.", is_of_source=True, is_column=False),
    _parsed(
        "subtitle",
        "Subtitle (schema.org: alternativeHeadline).",
        _TEXT,
        detail=_FULL,
        is_compared=True,
        is_revised=True,
        max_length=2_000,
    ),
    _parsed("description", "Description for search engines and feeds.", detail=_FULL, max_length=5_000),
    _parsed(
        "body",
        "Text in blocks separated by a blank line (schema.org: articleBody).",
        _TEXT,
        detail=_FULL,
        is_compared=True,
        is_revised=True,
        max_length=1_000_000,
    ),
    _parsed(
        "author",
        "Authors, joined by a comma (schema.org: author).",
        detail=_FULL,
        is_compared=True,
        is_revised=True,
        max_length=500,
    ),
    _parsed("authors", "Name of each author, in page order.", detail=_FULL, max_length=MAX_AUTHOR_LENGTH),
    _parsed("image_url", "URL of the main picture.", detail=_FULL, max_length=MAX_URL_LENGTH),
    _parsed(
        "published_raw",
        "Publication date as printed.",
        _DATE,
        detail=_FULL,
        is_compared=True,
        is_revised=True,
        max_length=200,
    ),
    _parsed("problems", "Fields that could not be read, each with its reason.", _OWN, detail=_FULL),
    ArticleField(
        name="reservations",
        description="Reservations of rights at the last fetch: signal, value, origin and since when, as JSON.",
        detail=_FULL,
    ),
    ArticleField(
        name="last_seen_at", description="When a channel last listed it; first fetched, if none has.", detail=_FULL
    ),
    ArticleField(name="recrawl_at", description="When its next recrawl is due.", detail=_FULL),
    ArticleField(
        name="content_hash",
        description="Hash of title, subtitle and body without typography.",
        detail=_FULL,
        is_revised=True,
    ),
    _parsed("parser_version", "Version of the parser that read it.", _OWN, detail=_FULL),
    ArticleField(name="unconfirmed_hash", description="Hash of a text seen once and not believed.", detail=_INTERNAL),
    ArticleField(name="unconfirmed_since", description="When that text was first seen.", detail=_INTERNAL),
)
"""Every field, lists first; records and exports keep this order."""


def field_names(passes: Callable[[ArticleField], bool]) -> tuple[str, ...]:
    """Return the names of the fields that pass, in the order of their declaration."""
    return tuple(field.name for field in ARTICLE_FIELDS if passes(field))


LIST_FIELDS = field_names(lambda field: field.detail is Detail.LIST)
EXPORT_FIELDS = field_names(lambda field: field.detail is not Detail.INTERNAL)
SOURCE_FIELDS = field_names(lambda field: field.is_of_source)
COMPARED_FIELDS = field_names(lambda field: field.is_compared)
KEPT_IF_UNPARSED_FIELDS = field_names(lambda field: field.is_kept_if_unparsed)
REVISION_FIELDS = field_names(lambda field: field.is_revised)
TEXT_FIELDS = field_names(lambda field: field.merge is MergeRule.TEXT)
DATE_FIELDS = field_names(lambda field: field.merge is MergeRule.DATE)
VOLATILE_FIELDS = field_names(lambda field: field.merge is MergeRule.VOLATILE)
MAX_LENGTHS = {field.name: field.max_length for field in ARTICLE_FIELDS if field.max_length is not None}
"""Most characters of each text from a page; a book of 150,000 words has about a million."""
