"""Walk element trees in one pass; extract an element as one line, or a headline in parts.

Inline tags add no space, block boundaries do. Invisible elements are omitted. Nothing here raises, whatever the tree;
and lines and headlines have a maximum length, because deeply nested elements, each read to its end, cost quadratic
time.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from enum import IntEnum, auto

from selectolax.lexbor import LexborNode

from scraper.parsing.html_tree import attribute, is_shadow_root
from storage.text.sanitize import clean_text

MAX_LINE_LENGTH = 200
"""Maximum characters of a date, a count or a byline with its label."""

MAX_HEADLINE_LENGTH = 1_000
"""Maximum characters of a title and its subtitle."""

MAX_STEPS_PER_CHAR = 50
"""Maximum elements and characters, whitespace included, walked per character of a line."""

TEXT, COMMENT = "-text", "-comment"
"""Names that Lexbor gives to nodes that are no elements."""

_HIDDEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)


class Kind(IntEnum):
    """Kind of an element that is not inline."""

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


def single_line(element: LexborNode, max_length: int = MAX_LINE_LENGTH) -> str | None:
    """Return the text of `element` as one line; None if it exceeds `max_length` characters."""
    line = LineText(max_length * MAX_STEPS_PER_CHAR)
    line.walk(element)
    text = clean_text("".join(line.words))
    return text if line.steps >= 0 and len(text) <= max_length else None


def headline_parts(element: LexborNode) -> list[str]:
    """Split a headline into title and, if there is one, subtitle.

    Parts end at blocks, line breaks and elements with "subtitle" in their class; also at `span` and `small`, unless
    the sentence continues after them. Other inline elements do not split.
    """
    parts = HeadlineParts(MAX_HEADLINE_LENGTH * MAX_STEPS_PER_CHAR)
    parts.walk(element)
    return [part for words in parts.parts if (part := clean_text("".join(words)))]


def first_block_line(element: LexborNode) -> str:
    """Return the text of `element` up to the next block boundary, since an unclosed element contains what follows."""
    line = FirstBlock(MAX_LINE_LENGTH * MAX_STEPS_PER_CHAR)
    line.walk(element)
    return clean_text("".join(line.parts[-1])) if line.steps >= 0 else ""


def with_ancestors(element: LexborNode) -> Iterator[LexborNode]:
    """Yield an element and its ancestors, the nearest first."""
    node: LexborNode | None = element
    while node is not None:
        yield node
        node = node.parent


class TreeWalker(ABC):
    """Walks a tree in page order, without recursion: pages can be nested deeper than Python's stack."""

    def walk(self, root: LexborNode) -> None:
        """Visit the visible elements and texts of a tree."""
        kind = self.kind_of(root, root.tag)
        if kind is not None:
            self.open(root, kind)
        stack = [(root, kind)]
        node = root.first_child
        while stack:
            if node is None:
                element, kind = stack.pop()
                if kind is not None:
                    self.close(element, kind)
                node = element.next if stack else None
                continue
            tag = node.tag
            if tag == TEXT:
                self.add_text(node.text_content or "")
                node = node.next
            elif self.is_dropped(node, tag):
                node = node.next
            else:
                kind = self.kind_of(node, tag)
                if kind is not None:
                    self.open(node, kind)
                stack.append((node, kind))
                node = _first_child(node, tag)

    def kind_of(self, element: LexborNode, tag: str | None) -> Kind | None:
        """Return the kind of an element; None: inline, as are unknown elements."""
        return _KINDS.get(tag or "")

    def is_dropped(self, node: LexborNode, tag: str | None) -> bool:
        """Return whether a node is skipped with its descendants: an element that is not shown, a comment."""
        if tag in _DROPPED:
            return tag != "template" or not is_shadow_root(node)
        return tag is None or tag[0] == "-" or _is_hidden(node)

    @abstractmethod
    def add_text(self, text: str) -> None:
        """Handle a text node."""

    @abstractmethod
    def open(self, element: LexborNode, kind: Kind) -> None:
        """Handle the start of an element that is not inline."""

    def close(self, element: LexborNode, kind: Kind) -> None:
        """Handle the end of an element that is not inline; by default like its start."""
        self.open(element, kind)


def _first_child(element: LexborNode, tag: str | None) -> LexborNode | None:
    if tag != "template":
        return element.first_child
    fragments = element.template_fragments()
    return fragments[0].first_child if fragments else None


def _is_hidden(element: LexborNode) -> bool:
    attributes = element.attributes
    if not attributes:
        return False
    return "hidden" in attributes or _HIDDEN_STYLE.search(attributes.get("style") or "") is not None


def _text_after(element: LexborNode) -> str:
    """Return the text between an element and the next one."""
    texts: list[str] = []
    node = element.next
    while node is not None and node.tag in {TEXT, COMMENT}:
        texts.append(node.text_content or "")
        node = node.next
    return "".join(texts)


class StopWalk(Exception):  # noqa: N818  (not an error)
    """Raised to end a walk early."""


class BoundedWalker(TreeWalker):
    """Tree walker that stops after a number of steps: one per node and one per character."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def walk(self, root: LexborNode) -> None:
        with suppress(StopWalk):
            super().walk(root)

    def is_dropped(self, node: LexborNode, tag: str | None) -> bool:
        self._take(1)
        return super().is_dropped(node, tag)

    def add_text(self, text: str) -> None:
        self._take(1 + len(text))
        self.add_text_part(text)

    def _take(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise StopWalk

    @abstractmethod
    def add_text_part(self, text: str) -> None:
        """Handle a text node."""


class LineText(BoundedWalker):
    """Collects the text of a tree as one line."""

    def __init__(self, steps: int) -> None:
        super().__init__(steps)
        self.words: list[str] = []

    def add_text_part(self, text: str) -> None:
        self.words.append(text)

    def open(self, element: LexborNode, kind: Kind) -> None:
        self.words.append(" ")


class HeadlineParts(BoundedWalker):
    """Collects the parts of a headline."""

    def __init__(self, steps: int) -> None:
        super().__init__(steps)
        self.parts: list[list[str]] = [[]]
        self.has_text = False  # whether the last part has text

    def kind_of(self, element: LexborNode, tag: str | None) -> Kind | None:
        kind = super().kind_of(element, tag)
        return Kind.BLOCK if kind is None and self._splits_title(element, tag) else kind

    def _splits_title(self, element: LexborNode, tag: str | None) -> bool:
        if "subtitle" in attribute(element, "class"):
            return True
        if tag not in {"span", "small"}:
            return False
        after = _text_after(element)
        # Text on both sides, or a space before the rest: emphasis within the title, not a separate part.
        continues = self.has_text or after[:1].isspace()
        return not (after.strip() and continues)

    def add_text_part(self, text: str) -> None:
        self.parts[-1].append(text)
        self.has_text = self.has_text or not text.isspace()

    def open(self, element: LexborNode, kind: Kind) -> None:
        self.parts.append([])
        self.has_text = False


class FirstBlock(HeadlineParts):
    """Collects text up to the first block boundary after it."""

    def open(self, element: LexborNode, kind: Kind) -> None:
        if clean_text("".join(self.parts[-1])):
            raise StopWalk
        super().open(element, kind)
