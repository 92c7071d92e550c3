"""Read section labels, images and page metadata (meta tags, JSON-LD)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from scraper.parsing.html_tree import attribute
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
