"""Parse article pages: a page object with one method per field, returning the value and its provenance.

The page class of a source is a subclass that declares selectors. Where a selector finds nothing, the metadata of the
page is used: Open Graph and other meta tags, JSON-LD. Nothing is guessed: a field that cannot be parsed is None, with
a problem recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from lxml.etree import _Element

from scraper.errors import PageError
from scraper.parsing.dates import parse_date
from scraper.parsing.decoding import decode, parse, sniff_non_html
from scraper.parsing.markup_limits import MarkupLimitError
from scraper.parsing.page_end import find_early_end
from scraper.parsing.source_urls import SourceUrls
from scraper.parsing.text import parse_count
from scraper.reading.body_text import body_text
from scraper.reading.not_found import is_home_page, says_not_found
from scraper.reading.reservations import from_metadata
from scraper.reading.selectors import ClassIndex, ClassSelector, PageMetadata, image_url, section_labels
from scraper.reading.tree_walk import first_block_line, headline_parts, single_line
from scraper.source import Source
from storage.model.page_end import failure_reason
from storage.model.published import is_in_future
from storage.model.records import ArticleData, DatePrecision, FailureStage, ParsedPage, Problem
from storage.model.urls import request_url
from storage.model.version import USER_AGENT_PRODUCT
from storage.text.section_names import normalize_section

GENERIC_PARSER_VERSION = 3
"""Raised when this module, or one that it uses, parses any page differently."""

MAX_ELEMENTS = 20
"""Maximum elements examined per selector: pages repeat fields, for wide and for narrow screens."""

MAX_BODY_ELEMENTS = 5
"""Maximum body elements rendered in search of one with text."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ExtractedField(Generic[T]):
    """Value of one field with its provenance, and the problem of a missing or doubtful value."""

    value: T
    provenance: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """Title and subtitle of a page."""

    title: str
    subtitle: str | None = None


@dataclass(frozen=True, slots=True)
class PublishedDate:
    """Publication date of a page: parsed as far as possible, and as printed."""

    published_at: datetime | None = None
    raw: str | None = None
    precision: DatePrecision | None = None


class ArticlePage:
    """Page object of an article. A subclass declares the selectors; None: the pages of the source have no such field.

    Fields are searched within the first `article` element, then in the whole page, because broken HTML may move them
    out of it. `own_version` is raised when the subclass parses any page differently.
    """

    own_version: ClassVar[int] = 0
    version: ClassVar[int] = GENERIC_PARSER_VERSION * 1000

    article: ClassVar[ClassSelector | None] = None
    title: ClassVar[ClassSelector | None] = None
    subtitle: ClassVar[ClassSelector | None] = None
    sections: ClassVar[ClassSelector | None] = None
    published: ClassVar[ClassSelector | None] = None
    body: ClassVar[ClassSelector | None] = None
    author: ClassVar[ClassSelector | None] = None
    views: ClassVar[ClassSelector | None] = None
    cover: ClassVar[ClassSelector | None] = None

    body_excluded_tags: ClassVar[ClassSelector | None] = None
    body_excluded_selectors: ClassVar[re.Pattern[str] | None] = None  # body lines that are not part of the article
    author_prefix: ClassVar[re.Pattern[str]] = re.compile(r"(?:by|author|автор|müəllif)\b\s*:?\s*", re.IGNORECASE)
    no_image: ClassVar[re.Pattern[str] | None] = None  # URLs of placeholder images

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        cls.version = GENERIC_PARSER_VERSION * 1000 + cls.own_version

    def __init__(
        self,
        body: bytes,
        *,
        url: str,
        source: Source,
        urls: SourceUrls,
        fetched_at: datetime,
        content_type: str | None = None,
    ) -> None:
        """Load the page at the canonical URL `url`. Raises PageError if `body` is not HTML."""
        self.url = url
        self.source = source
        self.urls = urls
        self.fetched_at = fetched_at
        self.root = self._parse(body, content_type)
        self.metadata = PageMetadata(self.root)
        self.index = ClassIndex(self.root)
        self.scope = self.index.descendants(self.article) if self.article else range(0)

    def _parse(self, body: bytes, content_type: str | None) -> _Element:
        other_format = sniff_non_html(body)
        if other_format is not None:
            raise PageError(self.url, f"the answer is no page but {other_format}")
        text = decode(body, content_type)
        try:
            root: _Element | None = parse(text)
        except MarkupLimitError as error:
            raise PageError(self.url, f"the answer is no page: it has {error}") from error
        if root is None:
            raise PageError(self.url, "the answer is no page but empty")
        self.early_end = find_early_end(text, body)
        return root

    def parse(self) -> ParsedPage:
        """Parse every field. Raises PageError if the page has no title, or says that there is no article."""
        heading, language, sections = self.parse_headline(), self.parse_language(), self.parse_sections()
        self._refuse_not_found(heading.value.title)
        published, body, author = self.parse_published(), self.parse_body(), self.parse_author()
        views, image, description = self.parse_views(), self.parse_image(), self.parse_description()
        fields: dict[str, ExtractedField[Any]] = {
            "title": heading,
            "language": language,
            "sections": sections,
            "published_at": published,
            "body": body,
            "author": author,
            "view_count": views,
            "image_url": image,
            "description": description,
        }
        article = ArticleData(
            source=self.source.name,
            url=self.url,
            language=language.value,
            sections=sections.value,
            title=heading.value.title,
            subtitle=heading.value.subtitle,
            body=body.value,
            description=description.value,
            published_at=published.value.published_at,
            published_raw=published.value.raw,
            published_precision=published.value.precision,
            author=author.value,
            authors=(author.value,) if author.value else (),
            view_count=views.value,
            image_url=image.value,
            problems=(
                *(Problem(name, field.problem) for name, field in fields.items() if field.problem),
                *((self.early_end,) if self.early_end else ()),
            ),
            fetched_at=self.fetched_at,
            parser_version=self.version,
        )
        return ParsedPage(
            article=article,
            provenance={name: field.provenance for name, field in fields.items() if field.provenance},
            reservations=tuple(from_metadata(self.metadata, product=USER_AGENT_PRODUCT)),
        )

    def _refuse_not_found(self, title: str) -> None:
        """Raise PageError for a page that answers 200 and yet says that there is no article (a soft 404)."""
        if says_not_found(title, self.source.title, self.source.name):
            raise PageError(self.url, f"answered 200, but says that it was not found: {title!r}")
        canonical = self.metadata.canonical()
        if canonical is None:
            return
        resolved = request_url(canonical[0], self.url)
        if resolved is not None and is_home_page(str(resolved), self.urls):
            raise PageError(self.url, f"answered 200, but says that it is the home page ({canonical[1]})")

    def parse_headline(self) -> ExtractedField[Headline]:
        """Parse title and subtitle. Raises PageError if there is no title."""
        for element in self._elements(self.title):
            parts = headline_parts(element)
            if parts:
                subtitle = " ".join(parts[1:]) or next(iter(self._lines(self.subtitle)), None)
                return ExtractedField(Headline(parts[0], subtitle), self._name(self.title))
        metadata = self.metadata.meta("og:title", "twitter:title") or self.metadata.jsonld("headline")
        if metadata is None and self.early_end is not None:
            raise PageError(self.url, failure_reason(self.early_end), FailureStage.NETWORK)
        if metadata is None:
            raise PageError(self.url, f"no title found ({self._name(self.title) or 'meta og:title'})")
        return ExtractedField(Headline(metadata[0]), metadata[1])

    def parse_language(self) -> ExtractedField[str | None]:
        """Take the language from the URL: many sites declare the same language on all pages."""
        language = self.urls.language(self.url)
        return (
            ExtractedField(language, "address")
            if language
            else ExtractedField(None, problem="the address names no language")
        )

    def parse_sections(self) -> ExtractedField[tuple[str, ...]]:
        """Parse the normalized section labels and the slugs of the URLs they link to, in page order."""
        names = [name for element in self._elements(self.sections) for name in section_labels(element)]
        normalized = tuple(dict.fromkeys(filter(None, map(normalize_section, names))))
        if normalized:
            return ExtractedField(normalized, self._name(self.sections))
        metadata = self.metadata.meta("article:section") or self.metadata.jsonld("articleSection")
        if metadata is not None and normalize_section(metadata[0]):
            return ExtractedField((normalize_section(metadata[0]),), metadata[1])
        return ExtractedField((), problem="no section found")

    def parse_published(self) -> ExtractedField[PublishedDate]:
        """Parse the first valid date; an invalid one is kept as printed, with a problem."""
        texts = self._lines(self.published)
        if texts:
            return self._parse_dates(texts, self._name(self.published))
        metadata = self.metadata.meta("article:published_time") or self.metadata.jsonld("datePublished")
        return (
            self._parse_dates([metadata[0]], metadata[1])
            if metadata
            else ExtractedField(PublishedDate(), problem="no date found")
        )

    def _parse_dates(self, texts: Iterable[str], provenance: str | None) -> ExtractedField[PublishedDate]:
        first = None
        for text in texts:
            first = first or text
            parsed = parse_date(text, ZoneInfo(self.source.timezone), now=self.fetched_at)
            if parsed is not None:
                ahead = is_in_future(*parsed, self.fetched_at)
                return ExtractedField(
                    PublishedDate(parsed[0], text, parsed[1]), provenance, "lies in the future" if ahead else None
                )
        return ExtractedField(PublishedDate(raw=first), provenance, f"not understood as a date: {first!r}")

    def parse_body(self) -> ExtractedField[str]:
        """Parse the first body with text; an empty body is valid, a missing one is a problem."""
        bodies = self._elements(self.body)
        dropped = frozenset(self.index.find(self.body_excluded_tags)) if self.body_excluded_tags else frozenset()
        for element in bodies[:MAX_BODY_ELEMENTS]:
            text = body_text(element, dropped=dropped, stray=self.body_excluded_selectors)
            if text:
                return ExtractedField(text, self._name(self.body))
        if bodies:
            return ExtractedField("", self._name(self.body))
        return ExtractedField("", problem=f"no body found ({self._name(self.body) or 'no place named'})")

    def parse_description(self) -> ExtractedField[str | None]:
        """Return the description of the metadata; some pages have no other text."""
        metadata = self.metadata.meta("description", "og:description", "twitter:description")
        return ExtractedField(metadata[0], metadata[1]) if metadata else ExtractedField(None)

    def parse_author(self) -> ExtractedField[str | None]:
        """Parse the author; the name of the site itself is ignored, and a missing author is not a problem."""
        lines = [(first_block_line(element), self._name(self.author)) for element in self._elements(self.author)]
        candidates = lines or filter(None, [self.metadata.meta("author"), self.metadata.jsonld("author")])
        authors = ((self._as_author(text), provenance) for text, provenance in candidates)
        return next(
            (ExtractedField(author, provenance) for author, provenance in authors if author), ExtractedField(None)
        )

    def _as_author(self, text: str) -> str | None:
        name = self.author_prefix.sub("", text, count=1) if self.author_prefix.match(text) else text
        own_names = {normalize_section(self.source.title), normalize_section(self.source.name)}
        return None if normalize_section(name) in own_names or "://" in name else name or None

    def parse_views(self) -> ExtractedField[int | None]:
        """Parse the first valid view count."""
        if self.views is None:
            return ExtractedField(None)
        texts = self._lines(self.views)
        for text in texts:
            count = parse_count(text)
            if count is not None:
                return ExtractedField(count, self.views.name)
        return ExtractedField(None, problem=f"not understood as a count: {texts[0]!r}" if texts else "no count found")

    def parse_image(self) -> ExtractedField[str | None]:
        """Parse the URL of the cover image, from a background or an `img`."""
        for element in self._elements(self.cover):
            href = image_url(element)
            if href:
                return ExtractedField(self._as_image(href), self._name(self.cover))
        metadata = self.metadata.meta("og:image", "twitter:image")
        image = self._as_image(metadata[0]) if metadata else None
        return ExtractedField(image, metadata[1]) if metadata and image else ExtractedField(None)

    def _as_image(self, href: str) -> str | None:
        try:
            url = urljoin(self.url, href)
        except ValueError:
            return None
        is_placeholder = self.no_image is not None and self.no_image.search(url)
        return None if is_placeholder or not url.startswith(("https://", "http://")) else url

    def _elements(self, selector: ClassSelector | None) -> list[_Element]:
        if selector is None:
            return []
        return (self.index.find(selector, self.scope) or self.index.find(selector))[:MAX_ELEMENTS]

    def _lines(self, selector: ClassSelector | None) -> list[str]:
        """Return each element as one line, then the first line of each: an unclosed element contains more."""
        elements = self._elements(selector)
        return [line for line in (*map(single_line, elements), *map(first_block_line, elements)) if line]

    @staticmethod
    def _name(selector: ClassSelector | None) -> str | None:
        return None if selector is None else selector.name
