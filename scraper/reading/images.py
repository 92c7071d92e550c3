"""Find the main picture of an article in meta tags, JSON-LD and markup, or in an element that a source names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice

from selectolax.lexbor import LexborNode

from scraper.parsing.html_tree import attribute
from scraper.reading.candidates import Candidate, Grade
from scraper.reading.json_ld import addresses_of
from scraper.reading.metadata import PageMetadata
from scraper.reading.page_address import resolve
from scraper.reading.page_elements import PageElements
from storage.model.urls import MAX_URL_LENGTH
from storage.text.sanitize import clean_text

IMAGE_METAS = (
    *("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src", "sailthru.image.full"),
    *("parsely-image-url", "thumbnail", "image"),
)

MAX_IMAGES = 10
"""Maximum pictures of one article, and addresses of one picture."""

MAX_ELEMENTS = 50
"""Maximum images examined within one element."""

MAX_STYLE_LENGTH = 2_000
"""Maximum characters of a style attribute searched for a background."""

# Possessive quantifiers, to prevent backtracking.
_CSS_URL = re.compile(
    r"""url\(\s*+(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>[^"')]*+))\s*+\)""", re.IGNORECASE
)


def image_candidates(metadata: PageMetadata, elements: Callable[[], PageElements]) -> Iterator[Candidate[str]]:
    """Yield the addresses of the main picture of a page as written: of meta tags, JSON-LD and markup."""
    for content, provenance in metadata.metas(*IMAGE_METAS):
        yield Candidate(content, provenance)
    for item in metadata.articles:
        for value in metadata.linked_data.resolve(item.get("image"))[:MAX_IMAGES]:
            yield from (Candidate(address, "JSON-LD image") for address in islice(addresses_of(value), MAX_IMAGES))
    for href, provenance in metadata.links("image_src"):
        yield Candidate(href, provenance)
    for node, _ in elements().properties("image"):
        attributes = node.attributes
        address = next(
            (attributes[name] for name in ("content", "src", "href", "data-src") if attributes.get(name)), None
        )
        if address:
            yield Candidate(address, "itemprop image", Grade.MARKED)


def image_address(href: str, base: str) -> str | None:
    """Resolve the address of a picture; None for `data:` and other addresses that are none of a file on the web."""
    address = resolve(href, base)
    return address if address is not None and len(address) <= MAX_URL_LENGTH else None


def image_url(element: LexborNode) -> str | None:
    """Return the unresolved URL of the image of an element: its background, itself or an `img` within."""
    background = _CSS_URL.search(attribute(element, "style")[:MAX_STYLE_LENGTH])
    if background is not None:
        return clean_text("".join(filter(None, background.groups()))) or None
    images = element.css("img")[:MAX_ELEMENTS]
    sources = (attribute(image, "data-src") or attribute(image, "src") for image in images)
    return next(filter(None, map(clean_text, sources)), None)
