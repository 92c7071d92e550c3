"""Read the body and the subtitle of a page for which its source names no place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from scraper.body.generic_body import find_body
from scraper.parsing.html_tree import HtmlTree
from scraper.reading.body_text import body_text
from scraper.reading.labels import advert_line
from storage.text.sanitize import clean_text

PROVENANCE = "text of the page"
"""Provenance of a body that was found by its prose."""


@dataclass(frozen=True, slots=True)
class BodyText:
    """Text of a body, empty if the page has no prose, and of the subtitle above it."""

    text: str
    subtitle: str | None = None


def read_body(tree: HtmlTree, *, heading: LexborNode | None, descriptions: Sequence[str] = ()) -> BodyText:
    """Find and render the body of the article under `heading`; `descriptions` are those of the page's metadata."""
    found = find_body(tree.parser.body or tree.root, heading=heading, descriptions=descriptions)
    texts = (body_text(element, dropped=found.left_out, labels=advert_line()) for element in found.elements)
    subtitle = clean_text(found.subtitle.text(separator=" ")) if found.subtitle is not None else None
    return BodyText("\n\n".join(filter(None, texts)), subtitle or None)
