"""Where things stand on a page: selectors that know their own name, and the page's metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lxml.etree import XPath, _Element

from scraper.text import tidy

_WRITTEN = re.compile(r"(?P<tag>[a-z][a-z0-9]*)?\.(?P<name>[\w-]+)")
_METAS = XPath("//meta[@content and (@property or @name)]")
_JSON_LD = XPath("//script[@type='application/ld+json']/text()")


@dataclass(frozen=True, slots=True)
class Selector:
    """Elements of a page, and what a person calls them."""

    name: str
    xpath: XPath

    def find(self, element: _Element) -> list[_Element]:
        """The elements within `element`, in page order."""
        found: list[_Element] = self.xpath(element)
        return found


def select(*written: str) -> Selector:
    """The elements below another that have a class: `h1.post_title`, `.post_hits`; several: any of them."""
    tests = " or ".join(_test(one) for one in written)
    return Selector(", ".join(written), XPath(f".//*[@class and ({tests})]"))


def _test(written: str) -> str:
    found = _WRITTEN.fullmatch(written)
    if found is None:
        raise ValueError(f"{written!r} is no tag and class such as h1.post_title or .post_title")
    of_tag = f"self::{found['tag']} and " if found["tag"] else ""
    return f"{of_tag}contains(concat(' ', normalize-space(@class), ' '), ' {found['name']} ')"


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

    def linked(self, name: str) -> tuple[Any, str] | None:
        """The first value of this property in the page's JSON-LD, as JSON has it, and its origin."""
        found = (thing[name] for thing in self._things if thing.get(name))
        value = next(found, None)
        return None if value is None else (value, f"JSON-LD {name}")

    @cached_property
    def _metas(self) -> Mapping[str, str]:
        metas: dict[str, str] = {}
        for element in _METAS(self._root):
            name = (element.get("property") or element.get("name")).strip().lower()
            metas[name] = metas.get(name) or tidy(element.get("content"))
        return metas

    @cached_property
    def _things(self) -> tuple[Mapping[str, Any], ...]:
        things: list[Mapping[str, Any]] = []
        for script in _JSON_LD(self._root):
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
