"""Refuse markup that no article has and that costs a parser more than its size, before it is parsed.

Measured with Lexbor (selectolax 1.0.2) on thousands of random kinds of markup, repeated to 60 KB and to 120 KB. All
take time that grows with their size, but three:

- n elements nested in each other take n² · 1.5 ns, because start and end tags search the open elements;
- n attributes of one element take n² · 1.8 ns, as each name is compared with all before it. The attributes of every
  further `<html>` and `<body>` are added to those of the first;
- n formatting elements (`<font>`, `<i>`) that are never closed are made anew in each of m blocks that follow, n · m
  elements of 0.2 µs and 200 bytes. Of equal ones only three are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_ATTRIBUTES = 1_000
"""Attributes of one element: two milliseconds, and fifty times what a page builder makes."""
MAX_TAGS = 300_000
"""Tags of one page, each of which takes about 10 µs to read: six times the longest live blog known."""
MAX_DEPTH = 2_048
"""Nesting of elements; browsers stop at 512."""
MAX_REPEATED = 2_000_000
"""Formatting elements that are made anew, counted as those not closed times the other tags: half a second, 400 MB."""

COSTLY_SIZE = 256_000
"""Bytes of markup that are parsed in a process of their own; below, a page takes 0.4 s at most."""
COSTLY_TAGS = 10_000
"""Tags of a page that is parsed in a process of its own: nested ones take 0.15 s. A usual article has 500 to 3,000."""
COSTLY_REPEATED = 500_000
"""Formatting elements, as above, of a page that is parsed in a process of its own."""

FEW_TAGS = 1_400
"""Tags of markup whose formatting elements are not counted: half of them in each of the other half is below that."""
SMALL_SIZE = 32_000
"""Bytes of markup whose attributes are not counted: it has room for 8,000, which take 0.1 s."""
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

_MERGED = frozenset({b"html", b"body"})
"""Elements of which a page has one: attributes of further tags are added to it."""
_MAX_MERGED = 4
"""Tags of `html` and `body` with attributes from which smaller markup is examined."""

_FORMATTING = frozenset(b"b big code em font i s small strike strong tt u".split())
"""Formatting elements (HTML Standard, 13.2.4.3) but `a` and `nobr`, of which a second one closes the first."""


def _any_case(name: bytes) -> bytes:
    return b"".join(b"[%c%c]" % (letter, letter - 32) for letter in name)


# Neither a flag for case nor alternatives that begin alike: both cost twice the time.
_SUSPECT = re.compile(
    rb"<([BbCcEeFfHhIiSsTtUu](?:%b)?)[\s/]"
    % b"|".join(sorted({_any_case(name[1:]) for name in _FORMATTING | _MERGED if len(name) > 1}))
)
"""Tags with attributes of elements that are repeated or merged; and a few more, as `tody`."""
_UNPAIRED = re.compile(
    # Not one that is closed behind nothing but text, as icons are.
    rb"<(%b)[\s/](?!(?:\"[^\"]*+\"|'[^']*+'|[^\"'<>])*+>[^<]*+</\1[\s/>])" % b"|".join(sorted(_FORMATTING)),
    re.IGNORECASE,
)

_VOID = frozenset(b"area base br col embed hr img input link meta param source track wbr".split())
_CLOSED_BY_NEXT = frozenset(
    b"html head body p li dd dt tr td th tbody thead tfoot caption colgroup option optgroup".split()
)
"""Elements that are not nested in their own kind without another element between, or hardly ever."""

_FOREIGN = (b"svg", b"math")
"""Elements in which a slash at the end of a tag closes it."""


class MarkupLimitError(ValueError):
    """Raised for markup beyond a limit; the message completes "the answer is no page: it has …"."""


def is_costly(markup: bytes) -> bool:
    """Return whether a page should be parsed in a process of its own, for its size or what its tags may cost."""
    if len(markup) > COSTLY_SIZE:
        return True
    tags = markup.count(b"<")
    if tags <= FEW_TAGS:
        return False
    # NUL is in pages of UTF-16, and in those that hide the names of tags.
    return tags > COSTLY_TAGS or b"\0" in markup or _may_repeat(markup, _suspects(markup), tags, COSTLY_REPEATED)


def check_markup(markup: bytes) -> None:
    """Raise MarkupLimitError for markup with too many tags, attributes, nested or unclosed elements.

    `markup` is UTF-8 without NUL. Nesting that only a parser would find behind errors is left to the limits of the
    process that parses costly pages.
    """
    tags = markup.count(b"<")
    if tags <= FEW_TAGS and len(markup) < SMALL_SIZE:
        return
    if tags > MAX_TAGS:
        raise MarkupLimitError(f"{tags:,} tags; at most {MAX_TAGS:,} are read")
    suspects = _suspects(markup)
    if tags > FEW_TAGS and _may_repeat(markup, suspects, tags, MAX_REPEATED):
        unclosed = most_unclosed(markup)
        if _repeated(unclosed, tags) > MAX_REPEATED:
            raise MarkupLimitError(f"{unclosed:,} formatting elements that are not closed, and {tags:,} tags")
    if tags > COSTLY_TAGS and deepest(markup) > MAX_DEPTH:
        raise MarkupLimitError(f"elements nested more than {MAX_DEPTH:,} deep")
    if _may_have_many_attributes(markup, suspects):
        attributes = most_attributes(markup)
        if attributes > MAX_ATTRIBUTES:
            raise MarkupLimitError(f"a tag of {attributes:,} attributes; at most {MAX_ATTRIBUTES:,} are read")


def _suspects(markup: bytes) -> list[bytes]:
    """Return the names in lower case of the tags with attributes whose elements may be repeated or merged."""
    return [name.lower() for name in _SUSPECT.findall(markup)]


def _may_repeat(markup: bytes, suspects: list[bytes], tags: int, limit: int) -> bool:
    """Return whether formatting elements may be made anew more often than `limit`; the count of suspects is quick."""
    return _repeated(len(suspects), tags) > limit and _repeated(len(_UNPAIRED.findall(markup)), tags) > limit


def _repeated(formatting: int, tags: int) -> int:
    """Count the elements that may be made anew: formatting ones with attributes, in each of the other tags."""
    return formatting * max(0, tags - formatting)


def _may_have_many_attributes(markup: bytes, suspects: list[bytes]) -> bool:
    if len(markup) < SMALL_SIZE:
        return False
    return len(markup) >= SCANNED_SIZE or sum(map(_MERGED.__contains__, suspects)) > _MAX_MERGED or _has_gap(markup)


def _has_gap(markup: bytes) -> bool:
    """Return whether MAX_GAP bytes have no end of a tag."""
    position = 0
    while position + MAX_GAP <= len(markup):
        end = markup.rfind(b">", position, position + MAX_GAP)
        if end < 0:
            return True
        position = end + 1
    return False


def most_attributes(markup: bytes) -> int:
    """Count the attributes of the tag that has most of them, if any can have more than MAX_ATTRIBUTES; else return 0.

    Those of all tags of `html` and `body` are one. Comments and the content of scripts and other raw text are skipped.
    """
    most = 0
    merged: list[bytes] = []
    for tag in _iter_tags(markup):
        if tag[1].lower() in _MERGED:
            merged.append(tag[2])
        elif len(tag[2]) >= _SHORTEST_ATTRIBUTE * MAX_ATTRIBUTES:
            most = max(most, len(_ATTRIBUTES.findall(tag[2])))
    names = {name for attributes in merged for name in _ATTRIBUTES.findall(attributes)}
    return max(most, len(names)) if len(names) > MAX_ATTRIBUTES else most


def deepest(markup: bytes) -> int:
    """Count the elements that are open at once, at most; an end tag closes the elements within its own, too."""
    most = 0
    names: list[bytes] = []
    counts: dict[bytes, int] = {}
    for tag in _iter_tags(markup):
        name = tag[1].lower()
        if name in _VOID or name in _CLOSED_BY_NEXT:
            continue
        if not tag[0].startswith(b"</"):
            if tag[0].endswith(b"/>") and any(map(counts.get, _FOREIGN)):
                continue
            names.append(name)
            counts[name] = counts.get(name, 0) + 1
            most = max(most, len(names))
        elif counts.get(name):
            closed = b""
            while closed != name:
                closed = names.pop()
                counts[closed] -= 1
    return most


def most_unclosed(markup: bytes) -> int:
    """Count the formatting elements with attributes that are not closed, at most; an end tag closes one of its name."""
    open_elements: dict[bytes, int] = {}
    most = unclosed = 0
    for tag in _iter_tags(markup):
        name = tag[1].lower()
        if name not in _FORMATTING or (not tag[2].strip() and not tag[0].startswith(b"</")):
            continue
        if not tag[0].startswith(b"</"):
            open_elements[name] = open_elements.get(name, 0) + 1
            unclosed += 1
            most = max(most, unclosed)
        elif open_elements.get(name):
            open_elements[name] -= 1
            unclosed -= 1
    return most


def _iter_tags(markup: bytes) -> Iterator[re.Match[bytes]]:
    """Yield the tags of markup, without those in comments, scripts and other raw text."""
    position = 0
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
        yield tag
        position = _end_of_content(markup, tag)


def _end_of_content(markup: bytes, tag: re.Match[bytes]) -> int:
    """Return where markup goes on: behind the tag, or at the end tag of an element that contains text alone."""
    name = tag[1].lower()
    if name not in _RAW_ELEMENTS or tag[0].startswith(b"</"):
        return tag.end()
    end = RAW_END[name].search(markup, tag.end())
    return len(markup) if end is None else end.start()
