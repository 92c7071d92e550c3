"""Drop the entry in which a feed is cut: half a URL would be a link of its own, half a category another section."""

from __future__ import annotations

import re

_ROOT_END = re.compile(r"</(?:[\w-]++:)?(?:rss|feed|rdf)\s*+>", re.IGNORECASE)
_ENTRY_TAG = re.compile(r"<(/?)(?:[\w-]++:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE)
_ENTRY_END_BEGUN = re.compile(r"</(?:[\w-]++:)?(?:i(?:t(?:em?)?)?|e(?:n(?:t(?:ry?)?)?)?)\s*", re.IGNORECASE)


def drop_cut_entry(text: str) -> str:
    """Return a feed without its last entry if it is cut in it; one whose end tag has begun is whole."""
    if _ROOT_END.search(text) is not None:
        return text
    tags = list(_ENTRY_TAG.finditer(text))
    if not tags or tags[-1][1]:
        return text
    last = text.rfind("<")
    return text[: last if _ENTRY_END_BEGUN.fullmatch(text, last) else tags[-1].start()]
