"""Yield the candidates of each field of a page that no selector names, the best first."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from html import unescape

from selectolax.lexbor import LexborNode

from scraper.parsing.html_tree import HtmlTree
from scraper.parsing.text import compact, title_parts
from scraper.reading.authors import author_candidates
from scraper.reading.body_reader import BodyText, read_body
from scraper.reading.candidates import Candidate
from scraper.reading.images import image_candidates
from scraper.reading.language import language_candidates
from scraper.reading.metadata import PageMetadata
from scraper.reading.page_elements import PageElements, line_of
from scraper.reading.published import (
    DateReader,
    PublishedDate,
    address_dates,
    line_dates,
    marked_dates,
    printed_dates,
    script_dates,
    stated_dates,
)
from scraper.reading.sections import section_candidates
from scraper.reading.titles import Headings, title_candidates, without_site_name
from scraper.reading.tree_walk import MAX_HEADLINE_LENGTH, headline_parts
from scraper.source import Source

TITLE_METAS = (
    *("og:title", "twitter:title", "headline", "title", "dc.title", "dc:title", "sailthru.title", "parsely-title"),
    "citation_title",
)
DESCRIPTION_METAS = ("description", "og:description", "twitter:description", "dc.description", "dcterms.description")


def _heading_texts(node: LexborNode) -> list[str]:
    """Return the line of a heading, then its parts: a kicker or a subtitle may stand in it beside the headline."""
    line = line_of(node, MAX_HEADLINE_LENGTH)
    parts = headline_parts(node)
    return [*([line] if line else []), *(parts if len(parts) > 1 else [])]


class PageFields:
    """Candidates of the fields of one page. `title` is to be set before any other field but the title is read."""

    def __init__(self, tree: HtmlTree, metadata: PageMetadata, source: Source) -> None:
        self._tree = tree
        self._metadata = metadata
        # A site that is not declared is named by its host, which a page may state as its author.
        names = () if source.name == source.title else (source.title, source.name, *title_parts(source.title))
        self.own_names = frozenset(filter(None, map(compact, names)))
        self.title = ""

    @cached_property
    def _elements(self) -> PageElements:
        return PageElements(self._tree, self.title)

    @cached_property
    def body(self) -> BodyText:
        """Body and subtitle, found by their prose."""
        descriptions = [text for text, _ in self._metadata.metas(*DESCRIPTION_METAS)]
        return read_body(self._tree, heading=self._elements.heading, descriptions=descriptions)

    def titles(self) -> Iterator[Candidate[str]]:
        """Yield the titles, without the name of the site."""
        metadata = self._metadata
        headings = Headings(
            h1=[(text, "h1") for node in metadata.headings for text in _heading_texts(node)],
            linked_data=[*metadata.article_texts("headline"), *metadata.article_texts("name")],
            metas=list(metadata.metas(*TITLE_METAS)),
            title=metadata.title,
        )
        return title_candidates(headings, metadata.site_names | self.own_names)

    def stated_titles(self) -> Iterator[Candidate[str]]:
        """Yield the titles that the metadata state for networks: those of a page whose heading has another place."""
        metadata = self._metadata
        stated = (*metadata.metas("og:title", "twitter:title"), *metadata.article_texts("headline"))
        names = metadata.site_names | self.own_names
        return (Candidate(without_site_name(unescape(text), names), provenance) for text, provenance in stated)

    def dates(self, reader: DateReader) -> Iterator[Candidate[PublishedDate]]:
        """Yield the dates of metadata, then of markup near the heading."""
        yield from stated_dates(self._metadata, reader)
        yield from marked_dates(self._elements, reader)

    def date_lines(self, reader: DateReader) -> Iterator[Candidate[PublishedDate]]:
        """Yield the dates of lines of telling classes near the heading."""
        yield from line_dates(self._elements, reader)

    def guessed_dates(self, reader: DateReader) -> Iterator[Candidate[PublishedDate]]:
        """Yield the dates of scripts, of the address, and those printed behind the heading."""
        yield from script_dates(self._elements, reader)
        yield from address_dates(self._metadata.url, reader)
        yield from printed_dates(self._elements, reader)

    def authors(self, *, with_guesses: bool = True) -> Iterator[Candidate[tuple[str, ...]]]:
        """Yield the names of the authors."""
        return author_candidates(self._metadata, lambda: self._elements, self.own_names, with_guesses=with_guesses)

    def sections(self) -> Iterator[Candidate[tuple[str, ...]]]:
        """Yield the normalized names of the sections."""
        return section_candidates(self._metadata, lambda: self._elements, self.title)

    def languages(self, text: str) -> Iterator[Candidate[str]]:
        """Yield the codes of the language; `text` is that of the article."""
        return language_candidates(self._metadata, text)

    def images(self) -> Iterator[Candidate[str]]:
        """Yield the addresses of the main picture as written."""
        return image_candidates(self._metadata, lambda: self._elements)

    def descriptions(self) -> Iterator[Candidate[str]]:
        """Yield the descriptions for search engines and feeds."""
        stated = (*self._metadata.metas(*DESCRIPTION_METAS), *self._metadata.article_texts("description"))
        return (Candidate(unescape(text), provenance) for text, provenance in stated)
