"""Measure the elements of a page in one pass: text, links, prose, headings, images of each with all that it holds.

Prose is the text of lines long enough to be sentences, without that of links: what tells an article from the lists,
menus and teasers around it. A character of Chinese, Japanese or Korean counts twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from selectolax.lexbor import LexborNode

MIN_PROSE_LINE = 60
"""Minimum characters, outside links, of a line that counts as prose."""

MAX_DEPTH = 200
"""Nesting from which an element is taken for a part of the one around it: pages have a depth of 20 to 60."""

MAX_MARKS_LENGTH = 500
"""Characters of the class and id of an element that are read."""

_LEAF_NAMES = (
    "img br hr "
    "script style iframe frame frameset ins noscript noframes template head title meta link base object "
    "embed applet param audio canvas svg map area button input select option optgroup textarea"
)
_LEAVES = frozenset(_LEAF_NAMES.split())
_IMAGES = frozenset({"picture", "amp-img", "video"})
_LINE_BLOCK_NAMES = (
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup html legend li main menu nav ol p "
    "pre section summary table tbody td tfoot th thead tr ul"
)
_LINE_BLOCKS = frozenset(_LINE_BLOCK_NAMES.split())
_EMPHASIS_NAMES = "b strong em i u s small sub sup mark font abbr cite q bdi bdo"
_EMPHASIS = frozenset(_EMPHASIS_NAMES.split())
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})

_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SHOWN_AT_A_WIDTH = re.compile(r"[\w-]*:[\w-]+|d-\w+-\w+")
_FIRST_WIDE = "\u3000"


class Block:
    """Element of a page with the measures of its text; `dropped` is the reason why it is no part of the body."""

    __slots__ = (
        "anchors",
        "children",
        "dropped",
        "headings",
        "images",
        "is_hidden",
        "is_line_block",
        "line",
        "line_length",
        "line_links",
        "lines",
        "links",
        "marks",
        "node",
        "page_anchors",
        "parent",
        "prop",
        "prose",
        "quotes",
        "role",
        "tag",
        "text",
    )

    def __init__(self, node: LexborNode, tag: str, parent: Block | None) -> None:
        self.node = node
        self.tag = tag
        self.parent = parent
        self.children: list[Block] = []
        self.dropped = ""
        self.is_hidden = False
        self.is_line_block = parent is None or tag in _LINE_BLOCKS
        self.marks = ""  # class and id in lower case
        self.role = ""
        self.prop = ""  # itemprop
        self.line: list[str] = []  # texts of its own line, those of inline elements within it included
        self.line_length = 0
        self.line_links = 0  # characters of the line within links
        # Of the element with all that it holds and is not dropped:
        self.text = 0
        self.links = 0  # characters within links
        self.prose = 0
        self.anchors = 0  # links
        self.page_anchors = 0  # links to a place of the same page
        self.lines = 0  # line blocks with a text
        self.headings = 0  # but h1, which some sites take for captions
        self.quotes = 0
        # Of the element with all that it holds, dropped or not: a caption is known by its image.
        self.images = 0
        attributes = node.attributes
        if attributes:
            _read_attributes(self, attributes)

    def add_to(self, parent: Block, sign: int = 1) -> None:
        """Add the measures to those of an ancestor, or subtract them (`sign` -1)."""
        parent.text += sign * self.text
        parent.links += sign * self.links
        parent.prose += sign * self.prose
        parent.anchors += sign * self.anchors
        parent.page_anchors += sign * self.page_anchors
        parent.lines += sign * self.lines
        parent.headings += sign * self.headings
        parent.quotes += sign * self.quotes

    def drop(self, reason: str) -> None:
        """Leave the element out of the body and out of the measures of its ancestors."""
        if not self.is_within_dropped():
            self.dropped = reason
            for one in self.ancestors():
                self.add_to(one, -1)

    def ancestors(self) -> Iterator[Block]:
        """Yield the elements around this one, the nearest first."""
        one = self.parent
        while one is not None:
            yield one
            one = one.parent

    def is_within_dropped(self) -> bool:
        """Return whether the element, or one around it, is dropped."""
        return bool(self.dropped) or any(one.dropped for one in self.ancestors())

    def is_within(self, other: Block) -> bool:
        """Return whether the element is `other` or lies in it."""
        return self is other or any(one is other for one in self.ancestors())

    def shown(self) -> Iterator[Block]:
        """Yield the children that are not dropped."""
        return (child for child in self.children if not child.dropped)

    def walk(self, *, all_of_them: bool = False) -> Iterator[Block]:
        """Yield the element and its descendants in page order, those that are dropped only if asked for."""
        stack = [self]
        while stack:
            block = stack.pop()
            yield block
            stack.extend(child for child in reversed(block.children) if all_of_them or not child.dropped)

    def is_leaf(self) -> bool:
        """Return whether all text of the element is its own line."""
        return self.lines == bool(self.line_length)

    def line_text(self) -> str:
        """Return the text of the element's own line, its pieces apart: to be compared, not to be shown."""
        return " ".join(" ".join(self.line).split())

    @property
    def free_length(self) -> int:
        """Return the characters of the line outside links."""
        return self.line_length - self.line_links

    def close(self) -> None:
        """Complete the measures, once all children were measured."""
        if self.is_line_block:
            self.lines += bool(self.line_length)
            free = self.free_length
            if free >= MIN_PROSE_LINE and self.line_links <= free and self.tag not in HEADINGS:
                self.prose += free
        self.headings += self.tag in HEADINGS and self.tag != "h1"
        self.quotes += self.tag == "blockquote"
        if self.parent is not None:
            self.add_to(self.parent)
            self.parent.images += self.images


_Frame = tuple[Block, Block, bool, bool, Iterator[LexborNode]]
"""Element whose nodes are measured, block of its line, whether within a link, whether mere emphasis, its nodes left."""


def measure(root: LexborNode) -> Block:
    """Return the tree of measured elements; without what is never text, such as scripts and controls."""
    top = Block(root, root.tag or "", None)
    stack: list[_Frame] = [(top, top, False, False, _nodes_of(root))]
    while stack:
        block, line, is_link, is_emphasis, nodes = stack[-1]
        for node in nodes:
            tag = node.tag
            if tag == "-text":
                _add_text(block, line, node.text_content or "", is_link=is_link)
            elif tag in _EMPHASIS:
                stack.append((block, line, is_link, True, _nodes_of(node)))
                break
            elif tag in _LEAVES or tag is None or tag[0] == "-":
                block.images += tag == "img"
            elif len(stack) >= MAX_DEPTH:
                stack.append((block, line, is_link, True, _nodes_of(node)))
                break
            else:
                child = Block(node, tag, block)
                block.children.append(child)
                block.images += tag in _IMAGES
                is_within_link = is_link or child.anchors > 0
                own = child if child.is_line_block else line
                stack.append((child, own, is_within_link, False, _nodes_of(node)))
                break
        else:
            stack.pop()
            if not is_emphasis:
                block.close()
    return top


def _nodes_of(node: LexborNode) -> Iterator[LexborNode]:
    return node.iter(include_text=True, skip_empty=True)


def _add_text(block: Block, line: Block, text: str, *, is_link: bool) -> None:
    text = text.strip()
    if not text:
        return
    line.line.append(text)
    length = 2 * len(text) if text[0] >= _FIRST_WIDE else len(text)
    block.text += length
    line.line_length += length
    if is_link:
        block.links += length
        line.line_links += length


def _read_attributes(block: Block, attributes: Mapping[str, str | None]) -> None:
    classes, role = attributes.get("class") or "", attributes.get("role")
    # In lower case, for a pattern that ignores case takes four times as long.
    block.marks = f"{classes} {attributes.get('id') or ''}"[:MAX_MARKS_LENGTH].strip().lower()
    block.role = (role or "").lower()
    block.prop = attributes.get("itemprop") or ""
    style = attributes.get("style")
    block.is_hidden = (
        "hidden" in attributes
        or (style is not None and _HIDDEN_STYLE.search(style) is not None)
        or ("hidden" in classes and _is_hidden_by_class(classes, "hidden"))
        or ("d-none" in classes and _is_hidden_by_class(classes, "d-none"))
    )
    href = attributes.get("href") if block.tag == "a" else None
    if href:
        block.anchors = 1
        block.page_anchors = int(href.startswith("#"))


def _is_hidden_by_class(classes: str, name: str) -> bool:
    """Return whether a class hides the element at every width of the screen."""
    names = classes.split()
    return name in names and not any(_SHOWN_AT_A_WIDTH.fullmatch(one) for one in names)
