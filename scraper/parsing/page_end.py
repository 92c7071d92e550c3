"""Tell a document that ends too early from one that only omits end tags, as HTML allows it.

A document has a proper end if `</body>` or `</html>` was read, or if every element is closed whose end tag HTML
requires (HTML Standard, 13.1.2.4). An end inside a tag, a comment, a script or a character is that of no template; one
inside an element is that of a cut page or of a careless template.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from scraper.parsing.markup_limits import COMMENT_END, NEXT_MARKUP, RAW_END, TAG
from storage.model.page_end import CUT_KINDS, UNCLOSED, page_end_problem
from storage.model.records import Problem

_CUT_IN_TAG, _CUT_IN_COMMENT, _CUT_IN_SCRIPT, _CUT_IN_STYLE, _CUT_IN_CHARACTER = CUT_KINDS
_CUT_IN_RAW = {b"script": _CUT_IN_SCRIPT, b"style": _CUT_IN_STYLE}
_END_TAG = b"</html>"
_LAST_TAGS = frozenset({b"html", b"body"})

_CLOSED_ELEMENTS = frozenset(
    b"address article aside blockquote dl div figure footer h1 h2 h3 h4 h5 h6 header main nav ol pre section table ul"
    b" title".split()
)
"""Elements that hold text or others and whose end tag may not be omitted."""

_EMPTY_ELEMENTS = frozenset(b"html head body title meta link base script style noscript template".split())
"""Elements of which alone no page is made."""


_QUOTED_SIZE = 500
"""Characters at the end of a document from which its problem quotes."""


def find_early_end(markup: bytes, body: bytes = b"") -> Problem | None:
    """Return the problem of a document that ends too early; None if its end is proper.

    `markup` is the document in UTF-8, and `body` its bytes as received, of which the last may be half a character.
    """
    if markup[-200:].rstrip().lower().endswith(_END_TAG):
        return None
    kind = _CUT_IN_CHARACTER if _ends_inside_character(body) else _kind_of_end(markup)
    return None if kind is None else page_end_problem(kind, _quoted_end(markup))


def _quoted_end(markup: bytes) -> str:
    return markup[-4 * _QUOTED_SIZE :].decode("utf-8", "ignore")[-_QUOTED_SIZE:]


class _CutError(Exception):
    """Raised at the end of a document that is inside something; `kind` names it."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def _kind_of_end(markup: bytes) -> str | None:
    """Return the kind of a document's early end; None if it is proper."""
    open_elements: Counter[bytes] = Counter()
    has_content = False
    try:
        for tag in _iter_tags(markup):
            name, is_end = tag[1].lower(), tag[0].startswith(b"</")
            if is_end and name in _LAST_TAGS:
                return None
            has_content = has_content or name not in _EMPTY_ELEMENTS
            if name in _CLOSED_ELEMENTS:
                open_elements[name] = max(0, open_elements[name] + (-1 if is_end else 1))
            elif name in _LAST_TAGS and not tag[2].strip():  # tools that omit its end tag omit this start tag, too
                open_elements[name] = 1
    except _CutError as error:
        return error.kind
    if markup.endswith(b"<"):
        return _CUT_IN_TAG
    return None if has_content and not any(open_elements.values()) else UNCLOSED


def _iter_tags(markup: bytes) -> Iterator[re.Match[bytes]]:
    """Yield the tags of a document, but those in comments, scripts and other raw text. Raises _CutError at its end."""
    position = 0
    unended: set[bytes] = set()  # looked for once each
    while (found := NEXT_MARKUP.search(markup, position)) is not None:
        tag = TAG.match(markup, found.start())
        if tag is None or tag.end() == tag.end(2) < len(markup):
            position = _end_of_other(markup, found)
            continue
        if tag.end() == tag.end(2):
            raise _CutError(_CUT_IN_TAG)
        yield tag
        position = _end_of_content(markup, tag, unended)


def _end_of_other(markup: bytes, found: re.Match[bytes]) -> int:
    """Return where markup goes on behind a comment, a declaration or a tag of garbage. Raises _CutError."""
    if found[0] == b"<!--":
        end = COMMENT_END.search(markup, found.end() - 2)  # "<!-->" is a comment, too
        if end is None:
            raise _CutError(_CUT_IN_COMMENT)
        return end.end()
    position = markup.find(b">", found.end()) + 1
    if position == 0:
        raise _CutError(_CUT_IN_TAG)
    return position


def _end_of_content(markup: bytes, tag: re.Match[bytes], unended: set[bytes]) -> int:
    """Return where markup goes on behind a tag, and the raw text that it begins. Raises _CutError.

    Elements of raw text but scripts and styles are taken for empty if they have no end tag, as some sites write them;
    their names are added to `unended`.
    """
    name = tag[1].lower()
    if name not in RAW_END or name in unended or tag[0].startswith(b"</"):
        return tag.end()
    end = RAW_END[name].search(markup, tag.end())
    if end is None and name in _CUT_IN_RAW:
        raise _CutError(_CUT_IN_RAW[name])
    if end is None:
        unended.add(name)
        return tag.end()
    return end.start()


def _ends_inside_character(body: bytes) -> bool:
    """Return whether UTF-8 ends with the first bytes of a character."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return False
