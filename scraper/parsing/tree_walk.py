"""One pass over a tree of elements; an element as one line; a headline in its parts.

Inline tags add no space; the edges of block elements do. What no reader of the page sees is left out. Nothing here
raises, whatever the tree; and a line or a headline is given up once it is longer than any: elements nested a thousand
deep, each read to its end, would cost the square of the page.
"""

from __future__ import annotations

import re
from contextlib import suppress
from enum import IntEnum, auto

from lxml.etree import _Element

from storage.text.sanitize import clean_text

MAX_LINE_LENGTH = 200
"""Characters of a date, a count or a byline with its label."""

MAX_HEADLINE_LENGTH = 1_000
"""Characters of a title and its subtitle."""

MAX_STEPS_PER_CHAR = 50
"""Elements and characters, blanks included, that may be read for each character of a line: far more than any has."""

_HIDDEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)


class Kind(IntEnum):
    BLOCK = auto()
    BREAK = auto()
    LIST = auto()
    ITEM = auto()
    QUOTE = auto()
    TABLE = auto()
    ROW = auto()
    CELL = auto()


_TAGS = {
    Kind.BLOCK: "address article aside body caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer h1 h2 h3 h4 h5 h6 header hgroup hr html legend main p pre section summary tbody tfoot thead",
    Kind.BREAK: "br",
    Kind.LIST: "ol ul menu dir",
    Kind.ITEM: "li",
    Kind.QUOTE: "blockquote",
    Kind.TABLE: "table",
    Kind.ROW: "tr",
    Kind.CELL: "td th",
}
_KINDS = {tag: kind for kind, tags in _TAGS.items() for tag in tags.split()}
_DROPPED_TAGS = (
    "script style iframe frame frameset ins form noscript noframes template head title meta link base object embed "
    "applet param audio video canvas svg map area nav button input select option optgroup textarea"
)
_DROPPED = frozenset(_DROPPED_TAGS.split())


def single_line(element: _Element, longest: int = MAX_LINE_LENGTH) -> str | None:
    """All that `element` says, as one line; None if that is more than `longest` characters."""
    line = LineText(longest * MAX_STEPS_PER_CHAR)
    line.walk(element)
    text = clean_text("".join(line.words))
    return text if line.steps >= 0 and len(text) <= longest else None


def headline_parts(element: _Element) -> list[str]:
    """A headline as the parts that its elements make of it: title, then subtitle if there is one.

    Inline formatting parts nothing. A block, a line break and a class that says "subtitle" do; so do `span` and
    `small`, unless the sentence goes on after them.
    """
    parts = HeadlineParts(MAX_HEADLINE_LENGTH * MAX_STEPS_PER_CHAR)
    parts.walk(element)
    return [part for words in parts.parts if (part := clean_text("".join(words)))]


def first_block_line(element: _Element) -> str:
    """What `element` says up to the first edge of another block; one never closed has swallowed what follows it."""
    line = FirstBlock(MAX_LINE_LENGTH * MAX_STEPS_PER_CHAR)
    line.walk(element)
    return clean_text("".join(line.parts[-1])) if line.steps >= 0 else ""


class TreeWalker:
    """One pass over a tree in page order, without recursion: pages can be nested deeper than Python's stack."""

    def walk(self, root: _Element) -> None:
        kind = self.kind_of(root)
        self._enter(root, kind)
        stack = [(root, kind, iter(root))]
        while stack:
            element, kind, children = stack[-1]
            child = next(children, None)
            if child is None:
                stack.pop()
                self._leave(element, kind, tail=bool(stack))
            elif self.is_dropped(child):
                self.add_text(child.tail)
            else:
                kind = self.kind_of(child)
                self._enter(child, kind)
                stack.append((child, kind, iter(child)))

    def kind_of(self, element: _Element) -> Kind | None:
        """None: an inline element, as any that is not known."""
        return _KINDS.get(element.tag)

    def is_dropped(self, element: _Element) -> bool:
        tag: object = element.tag
        # Comments, processing instructions and entities have functions for tags.
        return tag in _DROPPED or not isinstance(tag, str) or _is_hidden(element)

    def _enter(self, element: _Element, kind: Kind | None) -> None:
        if kind is not None:
            self.open(element, kind)
        self.add_text(element.text)

    def _leave(self, element: _Element, kind: Kind | None, *, tail: bool) -> None:
        if kind is not None:
            self.close(element, kind)
        if tail:
            self.add_text(element.tail)

    def add_text(self, words: str | None) -> None:
        raise NotImplementedError

    def open(self, element: _Element, kind: Kind) -> None:
        raise NotImplementedError

    def close(self, element: _Element, kind: Kind) -> None:
        self.open(element, kind)


def _is_hidden(element: _Element) -> bool:
    attributes = element.attrib
    if not attributes:
        return False
    return "hidden" in attributes or _HIDDEN_STYLE.search(attributes.get("style", "")) is not None


class StopWalk(Exception):  # noqa: N818  (no error: the end of a walk)
    """Ends a walk before the end of its tree."""


class BoundedWalker(TreeWalker):
    """A walk that ends when its steps are used up: each element is one, and each character."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def walk(self, root: _Element) -> None:
        with suppress(StopWalk):
            super().walk(root)

    def add_text(self, words: str | None) -> None:
        self.steps -= 1 + len(words or "")
        if self.steps < 0:
            raise StopWalk
        if words:
            self.add_text_part(words)

    def add_text_part(self, words: str) -> None:
        raise NotImplementedError


class LineText(BoundedWalker):
    def __init__(self, steps: int) -> None:
        super().__init__(steps)
        self.words: list[str] = []

    def add_text_part(self, words: str) -> None:
        self.words.append(words)

    def open(self, element: _Element, kind: Kind) -> None:
        self.words.append(" ")


class HeadlineParts(BoundedWalker):
    def __init__(self, steps: int) -> None:
        super().__init__(steps)
        self.parts: list[list[str]] = [[]]
        self.has_begun = False  # whether the last part has words

    def kind_of(self, element: _Element) -> Kind | None:
        kind = super().kind_of(element)
        return Kind.BLOCK if kind is None and self._parts_a_title(element) else kind

    def _parts_a_title(self, element: _Element) -> bool:
        if "subtitle" in element.get("class", ""):
            return True
        if element.tag not in {"span", "small"}:
            return False
        after = element.tail or ""
        # Words on both sides, or a space before the rest: a word made to stand out, not a part of its own.
        goes_on = self.has_begun or after[:1].isspace()
        return not (after.strip() and goes_on)

    def add_text_part(self, words: str) -> None:
        self.parts[-1].append(words)
        self.has_begun = self.has_begun or not words.isspace()

    def open(self, element: _Element, kind: Kind) -> None:
        self.parts.append([])
        self.has_begun = False


class FirstBlock(HeadlineParts):
    def open(self, element: _Element, kind: Kind) -> None:
        if clean_text("".join(self.parts[-1])):
            raise StopWalk
        super().open(element, kind)
