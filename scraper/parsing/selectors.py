"""Where things stand on a page: selectors that know their own name, and the page's metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from lxml.etree import XPath, _Element

from scraper.parsing.tree_walk import first_block_line, single_line
from storage.text.sanitize import clean_text

MAX_LABEL_LENGTH = 100
"""Characters of all the section labels of one article together."""

MAX_LABELS = 50
"""Of them, and of the pictures in one place, so many are looked at."""

MAX_STYLE_LENGTH = 2_000
"""Characters of a style attribute in which a background is looked for."""

_WRITTEN = re.compile(r"(?P<tag>[a-z][a-z0-9]*)?\.(?P<name>[\w-]+)")
_CLASSED = XPath("descendant-or-self::*[@class]")
_CLASSED_COUNT = XPath("count(descendant-or-self::*[@class])")
# Possessive, so that nothing is tried twice.
_CSS_URL = re.compile(
    r"""url\(\s*+(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>[^"')]*+))\s*+\)""", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ClassSelector:
    """Elements of a page by tag (None: any) and class, and what a person calls them; several pairs: any of them."""

    name: str
    class_names: tuple[tuple[str | None, str], ...]


def by_class(*written: str) -> ClassSelector:
    """The elements that have a class: `h1.post_title`, `.post_hits`; several: any of them."""
    return ClassSelector(", ".join(written), tuple(map(_pair, written)))


def _pair(written: str) -> tuple[str | None, str]:
    found = _WRITTEN.fullmatch(written)
    if found is None:
        raise ValueError(f"{written!r} is no tag and class such as h1.post_title or .post_title")
    return found["tag"], found["name"]


class ClassIndex:
    """The elements of a page by their classes, from one pass over it: a search of its own for each selector of a
    source took a fifth of the time of reading a page."""

    def __init__(self, root: _Element) -> None:
        self._classed = xpath_elements(_CLASSED, root)
        self._places: dict[str, list[int]] = {}
        for place, element in enumerate(self._classed):
            for name in element.get("class", "").split():
                self._places.setdefault(name, []).append(place)

    def descendants(self, selector: ClassSelector) -> range:
        """The places of the first element that `selector` means and of all within it; of no places if there is none."""
        first = next(iter(self._find(selector)), None)
        if first is None:
            return range(0)
        return range(first, first + int(cast("float", _CLASSED_COUNT(self._classed[first]))))

    def find(self, selector: ClassSelector, within: range | None = None) -> list[_Element]:
        """The elements that `selector` means, in page order; those of an extent, or of the whole page."""
        return [self._classed[place] for place in self._find(selector) if within is None or place in within]

    def _find(self, selector: ClassSelector) -> list[int]:
        places = (
            place
            for tag, name in selector.class_names
            for place in self._places.get(name, ())
            if tag is None or self._classed[place].tag == tag
        )
        return sorted(set(places))


def xpath_elements(xpath: XPath, element: _Element) -> list[_Element]:
    """What an XPath that selects elements finds from `element`."""
    return cast("list[_Element]", xpath(element))


def section_labels(element: _Element) -> Iterator[str]:
    """What an element calls sections: one label, or one for each link within; and the slug each link ends in."""
    # An element that was never closed has swallowed the article, whose links name no sections.
    swallowed = single_line(element, MAX_LABEL_LENGTH) is None
    within = [] if swallowed else list(islice(element.iterdescendants("a"), MAX_LABELS))
    around = [element, *element.iterancestors()]
    yield from map(first_block_line, within or [element])
    yield from (slug_of(link.get("href", "")) for link in (*around, *within) if link.tag == "a")


def image_url(element: _Element) -> str | None:
    """The address of the picture that an element shows, as written: its background, itself or an image within."""
    background = _CSS_URL.search(element.get("style", "")[:MAX_STYLE_LENGTH])
    if background is not None:
        return clean_text("".join(filter(None, background.groups()))) or None
    images = islice(element.iter("img"), MAX_LABELS)
    shown = (image.get("data-src") or image.get("src") or "" for image in images)
    return next(filter(None, map(clean_text, shown)), None)


class PageMetadata:
    """What a page says of itself to machines: meta tags and JSON-LD. Nothing is looked at before it is asked for."""

    def __init__(self, root: _Element) -> None:
        self._root = root

    def meta(self, *names: str) -> tuple[str, str] | None:
        """The first of these meta tags that says something, tidied, and its name as an origin."""
        for name in names:
            value = self._metas.get(name)
            if value:
                return value, f"meta {name}"
        return None

    def jsonld(self, name: str) -> tuple[str, str] | None:
        """The first words this property of the page's JSON-LD says, tidied, and its origin."""
        for thing in self._things:
            words = _words(thing.get(name))
            if words:
                return words, f"JSON-LD {name}"
        return None

    @cached_property
    def _metas(self) -> Mapping[str, str]:
        metas: dict[str, str] = {}
        for element in self._root.iter("meta"):
            name = (element.get("property") or element.get("name") or "").strip().lower()
            metas[name] = metas.get(name) or clean_text(element.get("content", ""))
        return metas

    @cached_property
    def _things(self) -> tuple[Mapping[str, Any], ...]:
        things: list[Mapping[str, Any]] = []
        for script in self._root.iter("script"):
            if script.get("type") != "application/ld+json":
                continue
            try:
                things += _flat(json.loads(script.text or ""))
            except (ValueError, RecursionError):  # written by hand, by a template, or to hurt
                continue
        return tuple(things)


def _flat(value: Any) -> Iterator[Mapping[str, Any]]:
    """The things of a JSON-LD script: one, a list of them, or a graph."""
    for thing in value if isinstance(value, list) else [value]:
        if isinstance(thing, dict):
            yield thing
            graph = thing.get("@graph")
            yield from (one for one in graph if isinstance(one, dict)) if isinstance(graph, list) else ()


def _words(value: Any) -> str:
    """A value of JSON-LD as words: a text, a thing with a name, or the first of several."""
    first = value[0] if isinstance(value, list) and value else value
    named = first.get("name") if isinstance(first, dict) else first
    return clean_text(named) if isinstance(named, str) else ""


def slug_of(href: str) -> str:
    """The last part of the path of a link to a page; of `javascript:` and the like nothing."""
    try:
        scheme, _, path, _, _ = urlsplit(href.strip())
    except ValueError:
        return ""
    return unquote(path.rstrip("/").rpartition("/")[2]) if scheme in {"", "http", "https"} else ""
