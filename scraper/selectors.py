"""Where things stand on a page: selectors that know their own name, and the page's metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from lxml.etree import XPath, _Element

from scraper.text import tidy
from scraper.walk import first_line, line_text

LONGEST_LABEL = 100
"""Characters of all the section labels of one article together."""

_WRITTEN = re.compile(r"(?P<tag>[a-z][a-z0-9]*)?\.(?P<name>[\w-]+)")
_METAS = XPath("//meta[@content and (@property or @name)]")
_OUTER_LINKS = XPath("ancestor-or-self::a")
_INNER_LINKS = XPath(".//a")
_CSS_URL = re.compile(r"""url\(\s*(?P<quote>["']?)(?P<url>.*?)(?P=quote)\s*\)""", re.IGNORECASE | re.DOTALL)
_JSON_LD = XPath("//script[@type='application/ld+json']/text()")


@dataclass(frozen=True, slots=True)
class Selector:
    """Elements of a page, and what a person calls them."""

    name: str
    xpath: XPath

    def find(self, element: _Element) -> list[_Element]:
        """The elements within `element`, in page order."""
        return elements(self.xpath, element)


def elements(xpath: XPath, element: _Element) -> list[_Element]:
    """What an XPath that selects elements finds from `element`."""
    return cast("list[_Element]", xpath(element))


def strings(xpath: XPath, element: _Element) -> list[str]:
    """What an XPath that selects attributes or text finds from `element`."""
    return cast("list[str]", xpath(element))


def select(*written: str) -> Selector:
    """The elements below another that have a class: `h1.post_title`, `.post_hits`; several: any of them."""
    return Selector(", ".join(written), XPath(" | ".join(map(_path, written))))


def _path(written: str) -> str:
    found = _WRITTEN.fullmatch(written)
    if found is None:
        raise ValueError(f"{written!r} is no tag and class such as h1.post_title or .post_title")
    tag, name = found.group("tag", "name")
    holds = f"[contains(., '{name}')][contains(concat(' ', normalize-space(.), ' '), ' {name} ')]"
    # By way of the attributes: half the time of a test on every element.
    return f".//@class{holds}/.." if tag is None else f".//{tag}[@class{holds}]"


def section_names(element: _Element) -> Iterator[str]:
    """What an element calls sections: one label, or one for each link within; and the slug each link ends in."""
    # An element that was never closed has swallowed the article, whose links name no sections.
    within = elements(_INNER_LINKS, element) if len(line_text(element)) <= LONGEST_LABEL else []
    yield from map(first_line, within or [element])
    yield from (slug_of(link.get("href", "")) for link in (*elements(_OUTER_LINKS, element), *within))


def picture(element: _Element) -> str | None:
    """The address of the picture that an element shows, as written: its background, itself or an image within."""
    background = _CSS_URL.search(element.get("style", ""))
    if background is not None:
        return tidy(background["url"]) or None
    shown = (image.get("data-src") or image.get("src") or "" for image in element.iter("img"))
    return next(filter(None, map(tidy, shown)), None)


class Metadata:
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

    def linked(self, name: str) -> tuple[str, str] | None:
        """The first words this property of the page's JSON-LD says, tidied, and its origin."""
        for thing in self._things:
            words = _words(thing.get(name))
            if words:
                return words, f"JSON-LD {name}"
        return None

    @cached_property
    def _metas(self) -> Mapping[str, str]:
        metas: dict[str, str] = {}
        for element in elements(_METAS, self._root):
            name = str(element.get("property") or element.get("name")).strip().lower()
            metas[name] = metas.get(name) or tidy(element.get("content", ""))
        return metas

    @cached_property
    def _things(self) -> tuple[Mapping[str, Any], ...]:
        things: list[Mapping[str, Any]] = []
        for script in strings(_JSON_LD, self._root):
            try:
                things += _flat(json.loads(script))
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
    return tidy(named) if isinstance(named, str) else ""


def slug_of(href: str) -> str:
    """The last part of the path of a link to a page; of `javascript:` and the like nothing."""
    try:
        scheme, _, path, _, _ = urlsplit(href.strip())
    except ValueError:
        return ""
    return unquote(path.rstrip("/").rpartition("/")[2]) if scheme in {"", "http", "https"} else ""
