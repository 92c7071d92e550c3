"""The body of an article as text: its blocks in page order. Nothing here raises, whatever the tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import IntEnum
from itertools import count
from typing import Any

from lxml.etree import XPath, _Element

from scraper.parsing.tree_walk import Kind, TreeWalker
from storage.text.sanitize import clean_text

MAX_DEPTH = 16
"""Nested lists and quotes that indent: deeper ones are an accident, and would make a text grow with its square."""

_NOTHING: frozenset[_Element] = frozenset()
_LAYOUT_TABLE = XPath("boolean(.//table or .//td[p[2] or .//li or .//blockquote or .//h2 or .//h3] or .//th//li)")


class Separator(IntEnum):
    """What parts a line from the one before it."""

    NONE = 0
    LINE = 1
    BLANK = 2


def body_text(
    element: _Element, *, dropped: Collection[_Element] = _NOTHING, stray: re.Pattern[str] | None = None
) -> str:
    """The blocks of `element` in page order, parted by one blank line, without the elements in `dropped`.

    List items stand one below another as "1. " (their own numbers, from `start` and `value`) or "- ", nested ones
    indented; each line of a quote starts with "> "; a table's row is one line, its cells parted by " | "; `<br>` is a
    line end. Lines that `stray` matches in full are left out.
    """
    return BlockRenderer(dropped, stray).text_of(element)


class BlockRenderer(TreeWalker):
    def __init__(self, dropped: Collection[_Element], stray: re.Pattern[str] | None) -> None:
        self.dropped = dropped
        self.stray = stray
        self.written: list[str] = []
        self.words: list[str] = []  # of the line being read
        self.gap = Separator.NONE
        self.marks: list[str] = []  # what the open quotes and list items put before a line
        self.numbers: list[Iterator[int] | None] = []  # of the open lists; None: bullets
        self.tables: list[bool] = []  # of the open tables: whether they only lay out blocks
        self.row: _Element | None = None
        self.cells: list[str] = []

    def text_of(self, root: _Element) -> str:
        self.walk(root)
        self._end_line()
        return "".join(self.written)

    def is_dropped(self, element: _Element) -> bool:
        return super().is_dropped(element) or element in self.dropped

    def add_text(self, words: str | None) -> None:
        if words:
            self.words.append(words)

    def open(self, element: _Element, kind: Kind) -> None:
        if self.row is not None:
            self.words.append(" ")
        elif kind is Kind.BREAK:
            self._break()
        else:
            self._edge()
            opens = _OPENERS.get(kind)
            if opens is not None:
                opens(self, element)

    def close(self, element: _Element, kind: Kind) -> None:
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

    def open_list(self, element: _Element) -> None:
        self.numbers.append(_numbers(element) if element.tag == "ol" else None)

    def open_item(self, element: _Element) -> None:
        numbers = self.numbers[-1] if self.numbers else None
        if numbers is None:
            self.marks.append("- ")
            return
        value = _integer(element.get("value"))
        if value is not None:
            self.numbers[-1] = numbers = count(value)
        self.marks.append(f"{next(numbers)}. ")

    def open_quote(self, element: _Element) -> None:
        self.marks.append("> ")

    def open_table(self, element: _Element) -> None:
        self.tables.append(bool(_LAYOUT_TABLE(element)))

    def open_row(self, element: _Element) -> None:
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
        """Whatever comes next is another block, or another line of the list or table that is open."""
        self._end_line()
        tight = self.numbers or (self.tables and not self.tables[-1])
        self.gap = max(self.gap, Separator.LINE if tight else Separator.BLANK)

    def _break(self) -> None:
        """One is a line end, two are a new block; in a list both are a line end."""
        ended = self._end_line()
        self.gap = max(self.gap, Separator.LINE if ended or self.numbers else Separator.BLANK)

    def _flush_words(self) -> str:
        words = "".join(self.words)
        self.words.clear()
        return "" if not words or words.isspace() else clean_text(words)

    def _end_line(self) -> bool:
        """Whether there were words to end."""
        line = self._flush_words()
        if not line or (self.stray is not None and self.stray.fullmatch(line)):
            return False
        self._write(line)
        return True

    def _write(self, line: str) -> None:
        parted = ("", "\n", "\n\n")[self.gap] if self.written else ""
        self.written.append(f"{parted}{''.join(self.marks[:MAX_DEPTH])}{line}")
        self.marks[:MAX_DEPTH] = [mark if mark == "> " else " " * len(mark) for mark in self.marks[:MAX_DEPTH]]
        self.gap = Separator.NONE


_OPENERS: Mapping[Kind, Callable[[BlockRenderer, _Element], None]] = {
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


def _numbers(element: _Element) -> Iterator[int]:
    """The numbers of an ordered list, as HTML counts them."""
    start, backwards = _integer(element.get("start")), "reversed" in element.attrib
    if start is None:
        start = sum(child.tag == "li" for child in element) if backwards else 1
    return count(start, -1 if backwards else 1)


def _integer(written: str | None) -> int | None:
    found = re.fullmatch(r"\s*([+-]?[0-9]{1,9})\s*", written or "")
    return int(found[1]) if found else None
