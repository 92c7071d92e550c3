"""Select elements by tag and class, section labels, images and page metadata (meta tags, JSON-LD)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, cast

from lxml.etree import XPath, _Element

from scraper.parsing.source_urls import slug_of
from scraper.reading.tree_walk import first_block_line, single_line
from storage.text.sanitize import clean_text

MAX_LABEL_LENGTH = 100
"""Maximum characters of all section labels of one article together."""

MAX_LABELS = 50
"""Maximum labels or images examined within one element."""

MAX_STYLE_LENGTH = 2_000
"""Maximum characters of a style attribute searched for a background."""

_TAG_AND_CLASS = re.compile(r"(?P<tag>[a-z][a-z0-9]*)?\.(?P<name>[\w-]+)")
_CLASSED = XPath("descendant-or-self::*[@class]")
_CLASSED_COUNT = XPath("count(descendant-or-self::*[@class])")
# Possessive quantifiers, to prevent backtracking.
_CSS_URL = re.compile(
    r"""url\(\s*+(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>[^"')]*+))\s*+\)""", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ClassSelector:
    """Selector of elements by tag (None: any) and class; several pairs: any of them. `name` is shown to users."""

    name: str
    class_names: tuple[tuple[str | None, str], ...]


def by_class(*selectors: str) -> ClassSelector:
    """Create a selector from texts such as `h1.post_title` or `.post_hits`; several: any of them."""
    return ClassSelector(", ".join(selectors), tuple(map(_pair, selectors)))


def _pair(selector: str) -> tuple[str | None, str]:
    match = _TAG_AND_CLASS.fullmatch(selector)
    if match is None:
        raise ValueError(f"{selector!r} is not a tag and class such as h1.post_title or .post_title")
    return match["tag"], match["name"]


class ClassIndex:
    """Index of the elements of a page by class, built in one pass.

    One search of the page per selector took a fifth of the parse time.
    """

    def __init__(self, root: _Element) -> None:
        self._classed = xpath_elements(_CLASSED, root)
        self._positions: dict[str, list[int]] = {}
        for position, element in enumerate(self._classed):
            for name in element.get("class", "").split():
                self._positions.setdefault(name, []).append(position)

    def descendants(self, selector: ClassSelector) -> range:
        """Return the positions of the first element of `selector` and of its descendants; empty if there is none."""
        first = next(iter(self._find(selector)), None)
        if first is None:
            return range(0)
        return range(first, first + int(cast("float", _CLASSED_COUNT(self._classed[first]))))

    def find(self, selector: ClassSelector, within: range | None = None) -> list[_Element]:
        """Return the elements of `selector` in page order, within a range of positions or in the whole page."""
        return [self._classed[position] for position in self._find(selector) if within is None or position in within]

    def _find(self, selector: ClassSelector) -> list[int]:
        positions = (
            position
            for tag, name in selector.class_names
            for position in self._positions.get(name, ())
            if tag is None or self._classed[position].tag == tag
        )
        return sorted(set(positions))


def xpath_elements(xpath: XPath, element: _Element) -> list[_Element]:
    """Return the elements that an XPath selects from `element`."""
    return cast("list[_Element]", xpath(element))


def section_labels(element: _Element) -> Iterator[str]:
    """Yield the section names of an element: its label, or one per link within; then the slug of each link."""
    # An unclosed element contains the article, whose links are not sections.
    is_unclosed = single_line(element, MAX_LABEL_LENGTH) is None
    within = [] if is_unclosed else list(islice(element.iterdescendants("a"), MAX_LABELS))
    around = [element, *element.iterancestors()]
    yield from map(first_block_line, within or [element])
    yield from (slug_of(link.get("href", "")) for link in (*around, *within) if link.tag == "a")


def image_url(element: _Element) -> str | None:
    """Return the unresolved URL of the image of an element: its background, itself or an `img` within."""
    background = _CSS_URL.search(element.get("style", "")[:MAX_STYLE_LENGTH])
    if background is not None:
        return clean_text("".join(filter(None, background.groups()))) or None
    images = islice(element.iter("img"), MAX_LABELS)
    sources = (image.get("data-src") or image.get("src") or "" for image in images)
    return next(filter(None, map(clean_text, sources)), None)


class PageMetadata:
    """Metadata of a page: meta tags and JSON-LD, parsed on first use."""

    def __init__(self, root: _Element) -> None:
        self._root = root

    def meta(self, *names: str) -> tuple[str, str] | None:
        """Return the cleaned content of the first non-empty meta tag, and its provenance; None if there is none."""
        for name in names:
            value = self._metas.get(name)
            if value:
                return value, f"meta {name}"
        return None

    def canonical(self) -> tuple[str, str] | None:
        """Return the URL that the page names as its own, and its provenance; None if it names none."""
        for link in self._root.iter("link"):
            href = clean_text(link.get("href", ""))
            if href and "canonical" in link.get("rel", "").lower().split():
                return href, "link canonical"
        return self.meta("og:url")

    def jsonld(self, name: str) -> tuple[str, str] | None:
        """Return the first text of a JSON-LD property, cleaned, and its provenance; None if there is none."""
        for item in self._jsonld_items:
            text = _jsonld_text(item.get(name))
            if text:
                return text, f"JSON-LD {name}"
        return None

    @cached_property
    def _metas(self) -> Mapping[str, str]:
        metas: dict[str, str] = {}
        for element in self._root.iter("meta"):
            name = (element.get("property") or element.get("name") or "").strip().lower()
            metas[name] = metas.get(name) or clean_text(element.get("content", ""))
        return metas

    @cached_property
    def _jsonld_items(self) -> tuple[Mapping[str, Any], ...]:
        items: list[Mapping[str, Any]] = []
        for script in self._root.iter("script"):
            if script.get("type") != "application/ld+json":
                continue
            try:
                items += _flat(json.loads(script.text or ""))
            except (ValueError, RecursionError):  # malformed or malicious
                continue
        return tuple(items)


def _flat(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the items of a JSON-LD script: a single one, a list, or a graph."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item
            graph = item.get("@graph")
            yield from (node for node in graph if isinstance(node, dict)) if isinstance(graph, list) else ()


def _jsonld_text(value: Any) -> str:
    """Return the text of a JSON-LD value: a string, the name of an item, or the first of a list."""
    first = value[0] if isinstance(value, list) and value else value
    text = first.get("name") if isinstance(first, dict) else first
    return clean_text(text) if isinstance(text, str) else ""
