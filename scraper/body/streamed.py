"""Put the parts of a page that its server sent late to their places, as the page's script does.

React sends what takes time behind the page, hidden (`<div hidden id="S:1">`), with the place that it belongs to marked
by an empty template (`<template id="B:1">` or `"P:1"`); one call of a script a part moves it there.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

MAX_PARTS = 500

_PARTS = "div[hidden][id^='S:']"
_PLACES = "template[id^='B:'], template[id^='P:']"
_NUMBER = re.compile(r"[SBP]:([0-9a-f]{1,8})")


def place_streamed_parts(root: LexborNode) -> None:
    """Move each late part before the template of its number; one without a place is shown where it is."""
    parts = root.css(_PARTS)[:MAX_PARTS]
    places = {_number_of(node): node for node in root.css(_PLACES)} if parts else {}
    for part in parts:
        place = places.get(_number_of(part))
        del part.attrs["hidden"]
        if place is not None and not _is_within(place, part):
            place.insert_before(part, move=True)


def _number_of(node: LexborNode) -> str | None:
    found = _NUMBER.fullmatch(node.id or "")
    return found[1] if found else None


def _is_within(node: LexborNode, other: LexborNode) -> bool:
    """Return whether an element lies in another one, into which it cannot be moved."""
    one: LexborNode | None = node
    while one is not None:
        if one.mem_id == other.mem_id:
            return True
        one = one.parent
    return False
