"""Render the body of an article as plain text, block by block; never raises, whatever the tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import IntEnum
from itertools import count
from typing import Any

from selectolax.lexbor import LexborNode

from scraper.parsing.html_tree import attribute
from scraper.reading.tree_walk import Kind, TreeWalker
from storage.text.sanitize import clean_text

MAX_DEPTH = 16
"""Maximum nesting of lists and quotes that is indented: deeper indentation would make text size quadratic."""
MAX_LABEL_LENGTH = 60
"""Characters of a line that may be a label alone."""

_NOTHING: frozenset[int] = frozenset()
_CELLS_OF_BLOCKS = ("td li, td blockquote, td h2, td h3, td > p ~ p, th li",)


class Separator(IntEnum):
    """Separator between a line and the line before it."""

    NONE = 0
    LINE = 1
    BLANK = 2


def body_text(
    element: LexborNode,
    *,
    dropped: Collection[int] = _NOTHING,
    stray: re.Pattern[str] | None = None,
    labels: re.Pattern[str] | None = None,
) -> str:
    """Render the blocks of `element` in page order, separated by blank lines.

    Elements whose `mem_id` is in `dropped` are omitted.
    List items are consecutive lines with "1. " (numbered by `start` and `value`) or "- ", nested items are indented;
    each line of a quote starts with "> "; a table row is one line, its cells separated by " | "; `<br>` is a line
    end. Lines that `stray` matches in full are omitted, and those outside lists and tables that `labels` does.
    """
    return BlockRenderer(dropped, stray, labels).render(element)


class BlockRenderer(TreeWalker):
    """Renders a tree as text lines with list marks, quote marks and table cells."""

    def __init__(self, dropped: Collection[int], stray: re.Pattern[str] | None, labels: re.Pattern[str] | None) -> None:
        self.dropped = dropped
        self.stray = stray
        self.labels = labels
        self.output: list[str] = []
        self.words: list[str] = []  # of the current line
        self.separator = Separator.NONE
        self.marks: list[str] = []  # line prefixes of the open quotes and list items
        self.numbers: list[Iterator[int] | None] = []  # of the open lists; None: bullets
        self.tables: list[bool] = []  # of the open tables: whether each only lays out blocks
        self.row: LexborNode | None = None
        self.cells: list[str] = []

    def render(self, root: LexborNode) -> str:
        """Return the text of a tree."""
        self.walk(root)
        self._end_line()
        return "".join(self.output)

    def is_dropped(self, node: LexborNode, tag: str | None) -> bool:
        return super().is_dropped(node, tag) or node.mem_id in self.dropped

    def add_text(self, text: str) -> None:
        self.words.append(text)

    def open(self, element: LexborNode, kind: Kind) -> None:
        if self.row is not None:
            self.words.append(" ")
        elif kind is Kind.BREAK:
            self._break()
        else:
            self._edge()
            opens = _OPENERS.get(kind)
            if opens is not None:
                opens(self, element)

    def close(self, element: LexborNode, kind: Kind) -> None:
        if self.row is not None and self.row is not element:
            self._within_row(kind)
        elif kind is not Kind.BREAK:
            if self.row is None:
                self._end_line()
            else:
                self._end_row()
            closes = _CLOSERS.get(kind)
            if closes is not None:
                closes(self).pop()
            self._edge()

    def open_list(self, element: LexborNode) -> None:
        """Start numbering for `ol`, bullets for other lists."""
        self.numbers.append(_numbers(element) if element.tag == "ol" else None)

    def open_item(self, element: LexborNode) -> None:
        """Add the number or bullet of a list item to the line prefixes."""
        numbers = self.numbers[-1] if self.numbers else None
        if numbers is None:
            self.marks.append("- ")
            return
        value = _integer(attribute(element, "value"))
        if value is not None:
            self.numbers[-1] = numbers = count(value)
        self.marks.append(f"{next(numbers)}. ")

    def open_quote(self, element: LexborNode) -> None:
        """Add "> " to the line prefixes."""
        self.marks.append("> ")

    def open_table(self, element: LexborNode) -> None:
        """Record whether a table only lays out blocks."""
        self.tables.append(_is_layout_table(element))

    def open_row(self, element: LexborNode) -> None:
        """Start a row, unless its table only lays out blocks."""
        if not (self.tables and self.tables[-1]):
            self.row, self.cells = element, []

    def _within_row(self, kind: Kind) -> None:
        if kind is Kind.CELL:
            self.cells.append(self._flush_words())
        else:
            self.words.append(" ")

    def _end_row(self) -> None:
        self.row = None
        cells = [*self.cells, *filter(None, [self._flush_words()])]
        if any(cells):
            self._write(" | ".join(cells).strip())

    def _edge(self) -> None:
        """End the line; the next text starts a block, or a line of the open list or table."""
        self._end_line()
        tight = self.numbers or (self.tables and not self.tables[-1])
        self.separator = max(self.separator, Separator.LINE if tight else Separator.BLANK)

    def _break(self) -> None:
        """Handle `<br>`: one ends a line, two start a block; in a list two also end a line."""
        ended = self._end_line()
        self.separator = max(self.separator, Separator.LINE if ended or self.numbers else Separator.BLANK)

    def _flush_words(self) -> str:
        if not self.words:
            return ""
        words = "".join(self.words)
        self.words.clear()
        return "" if not words or words.isspace() else clean_text(words)

    def _end_line(self) -> bool:
        """Write the current line; return whether it had text."""
        line = self._flush_words()
        if not line or self._is_omitted(line):
            return False
        self._write(line)
        return True

    def _is_omitted(self, line: str) -> bool:
        if self.stray is not None and self.stray.fullmatch(line):
            return True
        is_short = len(line) <= MAX_LABEL_LENGTH and not self.numbers and not self.tables
        return is_short and self.labels is not None and self.labels.fullmatch(line) is not None

    def _write(self, line: str) -> None:
        separator = ("", "\n", "\n\n")[self.separator] if self.output else ""
        self.output.append(f"{separator}{''.join(self.marks[:MAX_DEPTH])}{line}")
        self.marks[:MAX_DEPTH] = [mark if mark == "> " else " " * len(mark) for mark in self.marks[:MAX_DEPTH]]
        self.separator = Separator.NONE


_OPENERS: Mapping[Kind, Callable[[BlockRenderer, LexborNode], None]] = {
    Kind.LIST: BlockRenderer.open_list,
    Kind.ITEM: BlockRenderer.open_item,
    Kind.QUOTE: BlockRenderer.open_quote,
    Kind.TABLE: BlockRenderer.open_table,
    Kind.ROW: BlockRenderer.open_row,
}
_CLOSERS: Mapping[Kind, Callable[[BlockRenderer], list[Any]]] = {
    Kind.LIST: lambda blocks: blocks.numbers,
    Kind.ITEM: lambda blocks: blocks.marks,
    Kind.QUOTE: lambda blocks: blocks.marks,
    Kind.TABLE: lambda blocks: blocks.tables,
}


def _is_layout_table(table: LexborNode) -> bool:
    """Return whether a table only lays out blocks: it holds a table, or cells of several blocks.

    The search for a table within ends at the first, so that nested tables cost no more than their size.
    """
    nodes = table.traverse()
    next(nodes, None)
    return any(node.tag == "table" for node in nodes) or table.any_css_matches(_CELLS_OF_BLOCKS)


def _numbers(element: LexborNode) -> Iterator[int]:
    """Return the item numbers of an ordered list, counted as in HTML."""
    attributes = element.attributes
    start, backwards = _integer(attributes.get("start")), "reversed" in attributes
    if start is None:
        start = sum(child.tag == "li" for child in element.iter()) if backwards else 1
    return count(start, -1 if backwards else 1)


def _integer(text: str | None) -> int | None:
    match = re.fullmatch(r"\s*([+-]?[0-9]{1,9})\s*", text or "")
    return int(match[1]) if match else None
