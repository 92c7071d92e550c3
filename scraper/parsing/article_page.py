"""How any article page is read: one short method a field, each giving the value with what it was read from.

A source's page is a subclass that says where things stand. Where its own selector finds nothing, what the page says to
machines is asked: Open Graph and other meta tags, JSON-LD. Nothing is guessed: what cannot be read is None and a
named problem.
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
from scraper.parsing.body_text import body_text
from scraper.parsing.dates import parse_date
from scraper.parsing.decoding import decode, parse, sniff_non_html
from scraper.parsing.selectors import ClassIndex, ClassSelector, PageMetadata, image_url, section_labels
from scraper.parsing.source_urls import SourceUrls
from scraper.parsing.text import parse_count
from scraper.parsing.tree_walk import first_block_line, headline_parts, single_line
from scraper.source import Source
from storage.model.records import MAX_CLOCK_SKEW, ArticleData, DatePrecision, ParsedPage, Problem
from storage.text.section_names import normalize_section

GENERIC_PARSER_VERSION = 2
"""Goes up when this module, or one it reads with, reads any page differently."""

MAX_ELEMENTS = 20
"""Elements of one selector that are looked at: a page says a thing twice, for wide and for narrow screens."""

MAX_BODY_ELEMENTS = 5
"""Of them those that are read whole, in search of one with words."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ExtractedField(Generic[T]):
    """One field of a page: its value and what it was read from, or why there is none (or a doubtful one)."""

    value: T
    provenance: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline as read."""

    title: str
    subtitle: str | None = None


@dataclass(frozen=True, slots=True)
class PublishedDate:
    """When a page says it was published: understood as far as possible, and as printed."""

    published_at: datetime | None = None
    raw: str | None = None
    precision: DatePrecision | None = None


class ArticlePage:
    """One article page of a source. A subclass names the places; None means that the source's pages have none.

    Fields are looked for within the first element of `article` first, in the whole page after: broken HTML may have
    thrown them out of it. `own_version` goes up when the subclass reads a page differently.
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
    body_excluded_selectors: ClassVar[re.Pattern[str] | None] = None  # lines of a body that are not the article's
    author_prefix: ClassVar[re.Pattern[str]] = re.compile(r"(?:by|author|автор|müəllif)\b\s*:?\s*", re.IGNORECASE)
    no_image: ClassVar[re.Pattern[str] | None] = None  # addresses of pictures that mean there is none

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
        """The page at the canonical address `url`. Raises PageError if `body` is not HTML, whatever its type says."""
        self.url = url
        self.source = source
        self.urls = urls
        self.fetched_at = fetched_at
        self.root = self._parse(body, content_type)
        self.metadata = PageMetadata(self.root)
        self.index = ClassIndex(self.root)
        self.scope = self.index.descendants(self.article) if self.article else range(0)

    def _parse(self, body: bytes, content_type: str | None) -> _Element:
        other = sniff_non_html(body)
        if other is not None:
            raise PageError(self.url, f"the answer is no page but {other}")
        root: _Element | None = parse(decode(body, content_type))
        if root is None:
            raise PageError(self.url, "the answer is no page but empty")
        return root

    def parse(self) -> ParsedPage:
        """Every field. Raises PageError if the page has no title: then it is no article."""
        heading, language, sections = self.parse_headline(), self.parse_language(), self.parse_sections()
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
            view_count=views.value,
            image_url=image.value,
            problems=tuple(Problem(name, field.problem) for name, field in fields.items() if field.problem),
            fetched_at=self.fetched_at,
            parser_version=self.version,
        )
        return ParsedPage(
            article=article, provenance={name: one.provenance for name, one in fields.items() if one.provenance}
        )

    def parse_headline(self) -> ExtractedField[Headline]:
        """Title and subtitle. Raises PageError if there is no title."""
        for element in self._elements(self.title):
            parts = headline_parts(element)
            if parts:
                subtitle = " ".join(parts[1:]) or next(iter(self._lines(self.subtitle)), None)
                return ExtractedField(Headline(parts[0], subtitle), self._name(self.title))
        said = self.metadata.meta("og:title", "twitter:title") or self.metadata.jsonld("headline")
        if said is None:
            raise PageError(self.url, f"no title found ({self._name(self.title) or 'meta og:title'})")
        return ExtractedField(Headline(said[0]), said[1])

    def parse_language(self) -> ExtractedField[str | None]:
        """From the address: pages of many sites name one language for all."""
        language = self.urls.language(self.url)
        return (
            ExtractedField(language, "address")
            if language
            else ExtractedField(None, problem="the address names no language")
        )

    def parse_sections(self) -> ExtractedField[tuple[str, ...]]:
        """Folded labels, and the slugs of the addresses they link to, in page order."""
        names = [name for element in self._elements(self.sections) for name in section_labels(element)]
        folded = tuple(dict.fromkeys(filter(None, map(normalize_section, names))))
        if folded:
            return ExtractedField(folded, self._name(self.sections))
        said = self.metadata.meta("article:section") or self.metadata.jsonld("articleSection")
        if said is not None and normalize_section(said[0]):
            return ExtractedField((normalize_section(said[0]),), said[1])
        return ExtractedField((), problem="no section found")

    def parse_published(self) -> ExtractedField[PublishedDate]:
        """The first date that can be read; words that are no date are kept as printed."""
        texts = self._lines(self.published)
        if texts:
            return self._with_published(texts, self._name(self.published))
        said = self.metadata.meta("article:published_time") or self.metadata.jsonld("datePublished")
        return (
            self._with_published([said[0]], said[1])
            if said
            else ExtractedField(PublishedDate(), problem="no date found")
        )

    def _with_published(self, texts: Iterable[str], origin: str | None) -> ExtractedField[PublishedDate]:
        first = None
        for text in texts:
            first = first or text
            parsed = parse_date(text, ZoneInfo(self.source.timezone), now=self.fetched_at)
            if parsed is not None:
                ahead = parsed[0] > self.fetched_at + MAX_CLOCK_SKEW
                return ExtractedField(
                    PublishedDate(parsed[0], text, parsed[1]), origin, "lies in the future" if ahead else None
                )
        return ExtractedField(PublishedDate(raw=first), origin, f"not understood as a date: {first!r}")

    def parse_body(self) -> ExtractedField[str]:
        """The first body with words in it; an empty one is legal, none at all is a problem."""
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
        """The page's own summary for machines; some pages have no other text."""
        said = self.metadata.meta("description", "og:description", "twitter:description")
        return ExtractedField(said[0], said[1]) if said else ExtractedField(None)

    def parse_author(self) -> ExtractedField[str | None]:
        """Who wrote it; a site's own name is no author, and most pages of some sites name none."""
        lines = [(first_block_line(element), self._name(self.author)) for element in self._elements(self.author)]
        said = lines or filter(None, [self.metadata.meta("author"), self.metadata.jsonld("author")])
        authors = ((self._as_author(words), origin) for words, origin in said)
        return next((ExtractedField(author, origin) for author, origin in authors if author), ExtractedField(None))

    def _as_author(self, written: str) -> str | None:
        name = self.author_prefix.sub("", written, count=1) if self.author_prefix.match(written) else written
        own_names = {normalize_section(self.source.title), normalize_section(self.source.name)}
        return None if normalize_section(name) in own_names or "://" in name else name or None

    def parse_views(self) -> ExtractedField[int | None]:
        """The first count that can be read."""
        if self.views is None:
            return ExtractedField(None)
        texts = self._lines(self.views)
        for text in texts:
            count = parse_count(text)
            if count is not None:
                return ExtractedField(count, self.views.name)
        return ExtractedField(None, problem=f"not understood as a count: {texts[0]!r}" if texts else "no count found")

    def parse_image(self) -> ExtractedField[str | None]:
        """The address of the picture on top, from a background or an `img`."""
        for element in self._elements(self.cover):
            written = image_url(element)
            if written:
                return ExtractedField(self._as_image(written), self._name(self.cover))
        said = self.metadata.meta("og:image", "twitter:image")
        image = self._as_image(said[0]) if said else None
        return ExtractedField(image, said[1]) if said and image else ExtractedField(None)

    def _as_image(self, written: str) -> str | None:
        try:
            url = urljoin(self.url, written)
        except ValueError:
            return None
        named_none = self.no_image is not None and self.no_image.search(url)
        return None if named_none or not url.startswith(("https://", "http://")) else url

    def _elements(self, selector: ClassSelector | None) -> list[_Element]:
        if selector is None:
            return []
        return (self.index.find(selector, self.scope) or self.index.find(selector))[:MAX_ELEMENTS]

    def _lines(self, selector: ClassSelector | None) -> list[str]:
        """Each element as one line; and its first line alone: one that was never closed has swallowed what follows."""
        found = self._elements(selector)
        return [line for line in (*map(single_line, found), *map(first_block_line, found)) if line]

    @staticmethod
    def _name(selector: ClassSelector | None) -> str | None:
        return None if selector is None else selector.name
