"""Read section labels, images and page metadata (meta tags, JSON-LD)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from selectolax.lexbor import LexborNode

from scraper.parsing.html_tree import HtmlTree, attribute
from scraper.parsing.source_urls import slug_of
from scraper.reading.tree_walk import first_block_line, single_line
from storage.text.sanitize import clean_text

MAX_LABEL_LENGTH = 100
"""Maximum characters of all section labels of one article together."""

MAX_LABELS = 50
"""Maximum labels or images examined within one element."""

MAX_STYLE_LENGTH = 2_000
"""Maximum characters of a style attribute searched for a background."""

# Possessive quantifiers, to prevent backtracking.
_CSS_URL = re.compile(
    r"""url\(\s*+(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>[^"')]*+))\s*+\)""", re.IGNORECASE
)


def section_labels(element: LexborNode) -> Iterator[str]:
    """Yield the section names of an element: its label, or one per link within; then the slug of each link."""
    # An unclosed element contains the article, whose links are not sections.
    is_unclosed = single_line(element, MAX_LABEL_LENGTH) is None
    within = (
        [] if is_unclosed else [link for link in element.css("a")[: MAX_LABELS + 1] if link.mem_id != element.mem_id]
    )
    yield from map(first_block_line, within[:MAX_LABELS] or [element])
    links = (*(around for around in with_ancestors(element) if around.tag == "a"), *within[:MAX_LABELS])
    yield from (slug_of(attribute(link, "href")) for link in links)


def with_ancestors(element: LexborNode) -> Iterator[LexborNode]:
    """Yield an element and its ancestors, the nearest first."""
    node: LexborNode | None = element
    while node is not None:
        yield node
        node = node.parent


def image_url(element: LexborNode) -> str | None:
    """Return the unresolved URL of the image of an element: its background, itself or an `img` within."""
    background = _CSS_URL.search(attribute(element, "style")[:MAX_STYLE_LENGTH])
    if background is not None:
        return clean_text("".join(filter(None, background.groups()))) or None
    images = element.css("img")[:MAX_LABELS]
    sources = (attribute(image, "data-src") or attribute(image, "src") for image in images)
    return next(filter(None, map(clean_text, sources)), None)


class PageMetadata:
    """Metadata of a page: meta tags and JSON-LD, parsed on first use."""

    def __init__(self, tree: HtmlTree) -> None:
        self._root = tree.root

    def meta(self, *names: str) -> tuple[str, str] | None:
        """Return the cleaned content of the first non-empty meta tag, and its provenance; None if there is none."""
        for name in names:
            value = self._metas.get(name)
            if value:
                return value, f"meta {name}"
        return None

    def canonical(self) -> tuple[str, str] | None:
        """Return the URL that the page names as its own, and its provenance; None if it names none."""
        for link in self._root.css("link[rel][href]"):
            href = clean_text(attribute(link, "href"))
            if href and "canonical" in attribute(link, "rel").lower().split():
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
        for element in self._root.css("meta[content]"):
            attributes = element.attributes
            name = (attributes.get("property") or attributes.get("name") or "").strip().lower()
            metas[name] = metas.get(name) or clean_text(attributes.get("content") or "")
        return metas

    @cached_property
    def _jsonld_items(self) -> tuple[Mapping[str, Any], ...]:
        items: list[Mapping[str, Any]] = []
        for script in self._root.css('script[type="application/ld+json" i]'):
            try:
                items += _flat(json.loads(script.text()))
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
