"""Parse article pages: a page object with one method per field, returning the value and its provenance.

A field has candidates (scraper.reading.candidates): what the selectors of the source find, then what the page states in
its metadata and its markup. The first valid one is its value. A field that cannot be parsed is None, with a problem
recorded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any, ClassVar, Generic, TypeVar
from zlib import crc32
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborNode

from scraper.errors import PageError
from scraper.parsing.decoding import as_utf8, sniff_non_html
from scraper.parsing.html_tree import HtmlTree, attribute
from scraper.parsing.markup_limits import MarkupLimitError
from scraper.parsing.page_end import find_early_end
from scraper.parsing.source_urls import SourceUrls, slug_of
from scraper.parsing.text import parse_count
from scraper.reading.authors import names_of
from scraper.reading.body_reader import PROVENANCE as FOUND
from scraper.reading.body_text import body_text
from scraper.reading.candidates import Candidate, Choice, Grade, choose
from scraper.reading.images import image_address, image_url
from scraper.reading.metadata import PageMetadata
from scraper.reading.not_found import is_home_page, says_not_found
from scraper.reading.page_fields import PageFields
from scraper.reading.published import DateReader, PublishedDate, choose_published
from scraper.reading.reservations import from_metadata
from scraper.reading.sections import section_labels
from scraper.reading.titles import agree
from scraper.reading.tree_walk import first_block_line, headline_parts, single_line, with_ancestors
from scraper.selectors import parse_selector
from scraper.source import PageParser, PageSelectors, Selectors, Source
from storage.model.article_fields import AUTHOR_SEPARATOR
from storage.model.page_end import failure_reason
from storage.model.records import ArticleData, FailureStage, ParsedPage, Problem
from storage.model.urls import request_url
from storage.model.version import USER_AGENT_PRODUCT
from storage.text.sanitize import clean_text
from storage.text.section_names import normalize_section

GENERIC_PARSER_VERSION = 7
"""Raised when this module, or one that it uses, parses any page differently."""

MAX_ELEMENTS = 20
"""Maximum elements examined per selector: pages repeat fields, for wide and for narrow screens."""

MAX_BODY_ELEMENTS = 5
"""Maximum body elements rendered in search of those with text."""

_VERSIONS = 1_000_000

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


class ArticlePage:
    """Page object of an article, which reads the selectors of its source.

    A subclass may override the methods of fields for which selectors are not enough; it raises `own_version` when it
    parses any page differently.
    """

    own_version: ClassVar[int] = 0

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
        self.selectors = source.page
        self.urls = urls
        self.fetched_at = fetched_at
        self.tree = self._parse(body, content_type)
        self.metadata = PageMetadata(self.tree, url)
        self.found = PageFields(self.tree, self.metadata, source)
        self._choices: dict[str, Choice[Any]] | None = None
        self.scope: LexborNode | None = None
        self.scope = next(iter(self._select(self.selectors.article)), None)

    @classmethod
    def version(cls, source: Source) -> int:
        """Return a number that changes with this class and with the selectors of the source."""
        return GENERIC_PARSER_VERSION * _VERSIONS + _fingerprint(source.page, cls.own_version)

    def _parse(self, body: bytes, content_type: str | None) -> HtmlTree:
        other_format = sniff_non_html(body)
        if other_format is not None:
            raise PageError(self.url, f"the answer is no page but {other_format}")
        markup = as_utf8(body, content_type)
        try:
            tree = HtmlTree(markup)
        except MarkupLimitError as error:
            raise PageError(self.url, f"the answer is no page: it has {error}") from error
        self.early_end = find_early_end(markup, body)
        return tree

    def parse(self) -> ParsedPage:
        """Parse every field. Raises PageError if the page has no title, or says that there is no article."""
        heading = self.parse_headline()
        self._refuse_not_found(heading.value.title)
        self.found.title = heading.value.title
        body = self.parse_body()
        language, sections = self.parse_language(body.value), self.parse_sections()
        published, authors = self.parse_published(language.value), self.parse_authors()
        views, image, description = self.parse_views(), self.parse_image(), self.parse_description()
        fields: dict[str, ExtractedField[Any]] = {
            "title": heading,
            "language": language,
            "sections": sections,
            "published_at": published,
            "body": body,
            "author": authors,
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
            subtitle=heading.value.subtitle or (self.found.body.subtitle if body.provenance == FOUND else None),
            body=body.value,
            description=description.value,
            published_at=published.value.published_at,
            published_raw=published.value.raw,
            published_precision=published.value.precision,
            author=AUTHOR_SEPARATOR.join(authors.value) or None,
            authors=authors.value,
            view_count=views.value,
            image_url=image.value,
            problems=(
                *(Problem(name, field.problem) for name, field in fields.items() if field.problem),
                *((self.early_end,) if self.early_end else ()),
            ),
            fetched_at=self.fetched_at,
            parser_version=self.version(self.source),
        )
        return ParsedPage(
            article=article,
            provenance={name: field.provenance for name, field in fields.items() if field.provenance},
            reservations=tuple(from_metadata(self.metadata, product=USER_AGENT_PRODUCT)),
        )

    def evidence(self) -> dict[str, tuple[Candidate[Any], ...]]:
        """Return the candidates of each parsed field that lost, after `parse`, which is run again for them.

        A page that kept its choices would live until the garbage is collected: their iterators refer to it.
        """
        choices: dict[str, Choice[Any]] = {}
        self._choices = choices
        try:
            self.parse()
            return {name: choice.evidence() for name, choice in choices.items()}
        finally:
            self._choices = None

    def _keep(self, name: str, choice: Choice[Any]) -> None:
        if self._choices is not None:
            self._choices[name] = choice

    def _choose(
        self, name: str, candidates: Iterable[Candidate[T]], is_valid: Callable[[T], bool] = bool
    ) -> Candidate[T] | None:
        choice = choose(candidates, is_valid)
        self._keep(name, choice)
        return choice.chosen

    def _refuse_not_found(self, title: str) -> None:
        """Raise PageError for a page that answers 200 and yet says that there is no article (a soft 404)."""
        if says_not_found(title, self.source.title, self.source.name):
            raise PageError(self.url, f"answered 200, but says that it was not found: {title!r}")
        canonical = self.metadata.canonical()
        if (
            canonical is None or canonical[0] == self.url or self.metadata.canonical_url is not None
        ):  # another hint names this article
            return
        if agree(slug_of(self.url).replace("-", " "), title):  # the site states one address for all of its pages
            return
        resolved = request_url(canonical[0], self.url)
        if resolved is not None and is_home_page(str(resolved), self.urls):
            raise PageError(self.url, f"answered 200, but says that it is the home page ({canonical[1]})")

    def parse_headline(self) -> ExtractedField[Headline]:
        """Parse title and subtitle. Raises PageError if there is no title."""
        chosen = self._choose("title", self._headlines(), lambda headline: bool(headline.title))
        if chosen is not None:
            return ExtractedField(chosen.value, chosen.provenance)
        if self.early_end is not None:
            raise PageError(self.url, failure_reason(self.early_end), FailureStage.NETWORK)
        raise PageError(self.url, f"no title found ({_names(self.selectors.title) or 'meta og:title'})")

    def _headlines(self) -> Iterator[Candidate[Headline]]:
        for name, element in self._candidates(self.selectors.title):
            parts = [clean_text(element)] if isinstance(element, str) else headline_parts(element)
            if parts:
                subtitle = " ".join(parts[1:]) or next((line for _, line in self._lines(self.selectors.subtitle)), None)
                yield Candidate(Headline(parts[0], subtitle), name, Grade.DECLARED)
        subtitle = next((line for _, line in self._lines(self.selectors.subtitle)), None)
        titles = self.found.stated_titles() if self.selectors.title else self.found.titles()
        for found in titles:
            yield Candidate(Headline(found.value, subtitle), found.provenance, found.grade)

    def parse_language(self, text: str) -> ExtractedField[str | None]:
        """Take the language from the URL or the declaration: many sites state the same language on all pages.

        Of a source without a language that of the page is taken, then that of its text.
        """
        language = self.urls.language(self.url)
        if language:
            return ExtractedField(language, "address")
        chosen = self._choose("language", self.found.languages(text))
        return (
            ExtractedField(None, problem="no language found")
            if chosen is None
            else ExtractedField(chosen.value, chosen.provenance)
        )

    def parse_sections(self) -> ExtractedField[tuple[str, ...]]:
        """Parse the normalized section labels and the slugs of the URLs they link to, in page order."""
        chosen = self._choose("sections", chain(self._declared_sections(), self.found.sections()))
        return (
            ExtractedField((), problem="no section found")
            if chosen is None
            else ExtractedField(chosen.value, chosen.provenance)
        )

    def _declared_sections(self) -> Iterator[Candidate[tuple[str, ...]]]:
        for selector in self.selectors.sections:
            found = [element for _, element in self._candidates((selector,))]
            labels = (label for element in found for label in _section_names(element))
            normalized = tuple(dict.fromkeys(filter(None, map(normalize_section, labels))))
            yield Candidate(normalized, _name(selector), Grade.DECLARED)

    def parse_published(self, language: str | None) -> ExtractedField[PublishedDate]:
        """Parse the first valid date; an invalid one is kept as printed, with a problem."""
        reader = DateReader(ZoneInfo(self.source.timezone), self.fetched_at, language)
        declared = self._declared_dates(reader)
        guessed = () if self.selectors.published else self.found.guessed_dates(reader)
        guesses = chain(self.found.date_lines(reader), guessed)
        choice = choose_published(chain(declared, self.found.dates(reader)), reader, guesses)
        self._keep("published_at", choice)
        if choice.chosen is not None:
            return ExtractedField(choice.chosen.value, choice.chosen.provenance)
        ahead = next((one for one in choice.refused if one.value.published_at is not None), None)
        if ahead is not None:
            return ExtractedField(ahead.value, ahead.provenance, "lies in the future")
        first = next((one for one in choice.refused if one.grade is not Grade.GUESSED), None)
        if first is None:
            return ExtractedField(PublishedDate(), problem="no date found")
        return ExtractedField(first.value, first.provenance, f"not understood as a date: {first.value.raw!r}")

    def _declared_dates(self, reader: DateReader) -> Iterator[Candidate[PublishedDate]]:
        for name, text in self._lines(self.selectors.published):
            yield reader.candidate(text, name, Grade.DECLARED)
        for name, element in self._candidates(self.selectors.published):
            times = [] if isinstance(element, str) else element.css("time[datetime]")
            for time in times[:MAX_ELEMENTS]:
                yield reader.candidate(clean_text(attribute(time, "datetime")), f"{name} time@datetime", Grade.DECLARED)

    def parse_body(self) -> ExtractedField[str]:
        """Parse the first body with text and its siblings; an empty body is valid, a missing one is a problem.

        Without a place named, or with none that the page has, the body is found by its prose.
        """
        empty: str | None = None
        for selector in self.selectors.body:
            elements = [element for _, element in self._candidates((selector,)) if not isinstance(element, str)]
            body, unread = self._bodies(elements[:MAX_BODY_ELEMENTS])
            if body:
                problem = f"not read: {unread} more with another text" if unread else None
                return ExtractedField(body, _name(selector), problem)
            empty = empty or (_name(selector) if elements else None)
        if empty is not None:
            return ExtractedField("", empty)
        problem = f"no body found ({_names(self.selectors.body)})" if self.selectors.body else None
        if self.found.body.text:
            return ExtractedField(self.found.body.text, FOUND, problem)
        return ExtractedField("", problem=problem or "no body found")

    def _bodies(self, elements: Iterable[LexborNode]) -> tuple[str, int]:
        """Return the text of the first body with text and of its siblings, and the number of others with a text."""
        texts: list[str] = []
        seen: set[int] = set()
        parent, unread = 0, 0
        for element in elements:
            ancestors = {ancestor.mem_id for ancestor in with_ancestors(element)}
            text = "" if ancestors & seen else self._body_text(element)
            seen.add(element.mem_id)
            if not text or any(text in other for other in texts):
                continue
            own_parent = 0 if element.parent is None else element.parent.mem_id
            if not texts or own_parent == parent:
                texts.append(text)
                parent = own_parent
            else:
                unread += 1
        return "\n\n".join(texts), unread

    def _body_text(self, element: LexborNode) -> str:
        patterns = _patterns(self.selectors)
        dropped = frozenset(node.mem_id for node in element.css(patterns.drop)) if patterns.drop else frozenset()
        return body_text(element, dropped=dropped, stray=patterns.drop_lines)

    def parse_description(self) -> ExtractedField[str | None]:
        """Return the description of the metadata; some pages have no other text."""
        chosen = self._choose("description", self.found.descriptions())
        return ExtractedField(None) if chosen is None else ExtractedField(chosen.value, chosen.provenance)

    def parse_authors(self) -> ExtractedField[tuple[str, ...]]:
        """Parse the authors; the name of the site itself is ignored, and a missing author is not a problem."""
        found = self.found.authors(with_guesses=not self.selectors.author)
        chosen = self._choose("author", chain(self._declared_authors(), found))
        return ExtractedField(()) if chosen is None else ExtractedField(chosen.value, chosen.provenance)

    def _declared_authors(self) -> Iterator[Candidate[tuple[str, ...]]]:
        for selector in self.selectors.author:
            lines = [
                element if isinstance(element, str) else first_block_line(element)
                for _, element in self._candidates((selector,))
            ]
            yield Candidate(names_of(lines, self.found.own_names), _name(selector), Grade.DECLARED)

    def parse_views(self) -> ExtractedField[int | None]:
        """Parse the first valid view count."""
        if not self.selectors.views:
            return ExtractedField(None)
        first: str | None = None
        for name, text in self._lines(self.selectors.views):
            first = text if first is None else first
            count = parse_count(text)
            if count is not None:
                return ExtractedField(count, name)
        return ExtractedField(
            None, problem="no count found" if first is None else f"not understood as a count: {first!r}"
        )

    def parse_image(self) -> ExtractedField[str | None]:
        """Parse the URL of the cover image, from a background, an `img` or an attribute."""
        urls: dict[str, str | None] = {}

        def is_image(href: str) -> bool:
            urls[href] = self._as_image(href)
            return urls[href] is not None

        choice = choose(chain(self._covers(), self.found.images()), is_image)
        self._keep("image_url", choice)
        if choice.chosen is not None:
            return ExtractedField(urls[choice.chosen.value], choice.chosen.provenance)
        # A placeholder of the source is its statement that there is no picture.
        refused = next((one for one in choice.refused if one.grade is Grade.DECLARED), None)
        return ExtractedField(None, None if refused is None else refused.provenance)

    def _covers(self) -> Iterator[Candidate[str]]:
        for name, element in self._candidates(self.selectors.cover):
            href = element if isinstance(element, str) else image_url(element)
            if href:
                yield Candidate(href, name, Grade.DECLARED)

    def _as_image(self, href: str) -> str | None:
        url = image_address(href, self.metadata.base_url)
        no_image = _patterns(self.selectors).no_image
        return None if url is not None and no_image is not None and no_image.search(url) else url

    def _candidates(self, selectors: Selectors) -> Iterator[tuple[str, LexborNode | str]]:
        """Yield what selectors select, each with its name: elements, or the texts of attributes and of joined lines."""
        for selector in selectors:
            if isinstance(selector, tuple):
                parts = (next((line for _, line in self._lines((part,))), "") for part in selector)
                joined = " ".join(filter(None, parts))
                if joined:
                    yield _name(selector), joined
                continue
            name = parse_selector(selector).attribute
            for element in self._select((selector,)):
                if name is None:
                    yield selector, element
                elif value := clean_text(attribute(element, name)):
                    yield selector, value

    def _select(self, selectors: Selectors) -> list[LexborNode]:
        """Return the elements of the first selector that selects any, within the article or else in the page."""
        for text in selectors:
            css = parse_selector(text).css if isinstance(text, str) else ""
            found = self.tree.select(css, self.scope) if css and self.scope is not None else []
            found = found or (self.tree.select(css) if css else [])
            if found:
                return found[:MAX_ELEMENTS]
        return []

    def _lines(self, selectors: Selectors) -> Iterator[tuple[str, str]]:
        """Yield each text as one line, then the first line of each: an unclosed element contains more."""
        candidates = list(self._candidates(selectors))
        lines: set[tuple[str, str]] = set()
        for to_line in (single_line, first_block_line):
            for name, element in candidates:
                line = element if isinstance(element, str) else to_line(element)
                if line and (name, line) not in lines:
                    lines.add((name, line))
                    yield name, line


@dataclass(frozen=True, slots=True)
class _Patterns:
    """Compiled parts of PageSelectors."""

    drop: str
    drop_lines: re.Pattern[str] | None
    no_image: re.Pattern[str] | None


@lru_cache
def _patterns(selectors: PageSelectors) -> _Patterns:
    return _Patterns(
        drop=", ".join(map(_name, selectors.drop)),
        drop_lines=re.compile(selectors.drop_lines, re.IGNORECASE) if selectors.drop_lines else None,
        no_image=re.compile(selectors.no_image) if selectors.no_image else None,
    )


@lru_cache
def _fingerprint(selectors: PageSelectors, own_version: int) -> int:
    return crc32(f"{own_version} {selectors}".encode()) % _VERSIONS


def _name(selector: str | tuple[str, ...]) -> str:
    return selector if isinstance(selector, str) else " + ".join(selector)


def _names(selectors: Selectors) -> str:
    return ", ".join(map(_name, selectors))


def _section_names(element: LexborNode | str) -> Iterable[str]:
    return (element,) if isinstance(element, str) else section_labels(element)


def page_class(source: Source) -> type[PageParser]:
    """Return the class that parses the article pages of a source."""
    return source.page_class or ArticlePage
