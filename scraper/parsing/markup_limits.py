"""Refuse markup that no article has and that costs a parser more than its size, before it is parsed.

Measured with libxml2 2.14 on inputs of 0.1 to 10 MB (a hundred kinds: unclosed and nested elements, entities, comments,
scripts, quotes, JSON-LD). All take time that grows with their size, but one: a tag of n attributes takes n² · 1 ns, as
each name is compared with all before it. Of elements nested deeper than 2,048 the rest of the page is dropped.
"""

from __future__ import annotations

import re
from typing import Any

MAX_ATTRIBUTES = 1_000
"""Attributes of one tag: a millisecond, and fifty times what a page builder makes."""
MAX_TAGS = 300_000
"""Tags of one page, each of which takes about 10 µs to read: six times the longest live blog known."""
MAX_DEPTH = 2_048
"""Nesting at which libxml2 ends a document, with huge_tree."""

COSTLY_SIZE = 256_000
"""Bytes of markup that are parsed in a process of their own; below, a page takes 0.4 s at most."""
COSTLY_TAGS = 10_000
"""Tags of a page that is parsed in a process of its own; a usual article has 500 to 3,000."""

SMALL_SIZE = 32_000
"""Bytes of markup that is not examined: it has room for 8,000 attributes, which take 0.1 s."""
SCANNED_SIZE = 128_000
"""Bytes of markup that is examined in any case; smaller one only if something in it is as long as many attributes."""
MAX_GAP = 8_000
"""Bytes without a tag's end from which smaller markup is examined: a tag, a long text, or a script."""

_ATTRIBUTE = rb"""=?+[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+)?+)?+"""
_ATTRIBUTES = re.compile(_ATTRIBUTE)
TAG = re.compile(rb"</?([A-Za-z][^\s/>]*+)((?:[\s/]++|" + _ATTRIBUTE + rb")*+)>?")
NEXT_MARKUP = re.compile(rb"<(?:/?[A-Za-z]|!--|[!?/])")
COMMENT_END = re.compile(rb"--!?>")
_RAW_ELEMENTS = frozenset(
    {b"script", b"style", b"title", b"textarea", b"iframe", b"noembed", b"noframes", b"xmp", b"plaintext"}
)
"""Elements whose content is text up to their end tag (HTML Standard, 13.2.6.4)."""
RAW_END = {name: re.compile(rb"</" + name + rb"(?=[\s/>])", re.IGNORECASE) for name in _RAW_ELEMENTS}
_SHORTEST_ATTRIBUTE = 2
"""Bytes of an attribute and the space before it."""


class MarkupLimitError(ValueError):
    """Raised for markup beyond a limit; the message completes "the answer is no page: it has …"."""


def is_costly(markup: bytes) -> bool:
    """Return whether a page should be parsed in a process of its own, for its size or the number of its tags."""
    return len(markup) > COSTLY_SIZE or markup.count(b"<") > COSTLY_TAGS


def check_markup(markup: bytes) -> None:
    """Raise MarkupLimitError for markup with too many tags, or too many attributes in one tag. `markup` is UTF-8."""
    if len(markup) < SMALL_SIZE:
        return
    tags = markup.count(b"<")
    if tags > MAX_TAGS:
        raise MarkupLimitError(f"{tags:,} tags; at most {MAX_TAGS:,} are read")
    if len(markup) < SCANNED_SIZE and max(map(len, markup.split(b">"))) < MAX_GAP:
        return
    attributes = most_attributes(markup)
    if attributes > MAX_ATTRIBUTES:
        raise MarkupLimitError(f"a tag of {attributes:,} attributes; at most {MAX_ATTRIBUTES:,} are read")


def most_attributes(markup: bytes) -> int:
    """Count the attributes of the tag that has most of them, if any can have more than MAX_ATTRIBUTES; else return 0.

    Comments and the content of scripts and other raw text are skipped.
    """
    most = position = 0
    while (found := NEXT_MARKUP.search(markup, position)) is not None:
        if found[0] == b"<!--":
            # "<!-->" is a comment, too
            end = COMMENT_END.search(markup, found.end() - 2)
            position = len(markup) if end is None else end.end()
            continue
        tag = TAG.match(markup, found.start())
        if tag is None:  # a declaration, or what is taken for a comment: up to the next ">"
            position = markup.find(b">", found.end()) + 1 or len(markup)
            continue
        if len(tag[2]) >= _SHORTEST_ATTRIBUTE * MAX_ATTRIBUTES:
            most = max(most, len(_ATTRIBUTES.findall(tag[2])))
        position = _end_of_content(markup, tag)
    return most


def _end_of_content(markup: bytes, tag: re.Match[bytes]) -> int:
    """Return where markup goes on: behind the tag, or at the end tag of an element that contains text alone."""
    name = tag[1].lower()
    if name not in _RAW_ELEMENTS or tag[0].startswith(b"</"):
        return tag.end()
    end = RAW_END[name].search(markup, tag.end())
    return len(markup) if end is None else end.start()


def check_depth(root: Any) -> None:
    """Raise MarkupLimitError for a tree that ends where libxml2 stopped: the rest of the page is not in it."""
    depth, element = 1, root
    while len(element):
        element = element[-1]
        depth += 1
    if depth >= MAX_DEPTH:
        raise MarkupLimitError(f"elements nested {MAX_DEPTH:,} deep: what follows them cannot be read")
