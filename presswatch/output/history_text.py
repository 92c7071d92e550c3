"""Render the text versions of an article as text or JSON, with word diffs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from presswatch.output.formats import record
from presswatch.output.tables import UTC_NOTE, credit
from storage.answers import ArticleFull
from storage.durations import MISSING, format_time
from storage.history import SeenWording
from storage.printable import safe
from storage.word_diff import Mark, Piece, diff, paragraphs, word_count

INDENT = "   "
MARKS = {Mark.GONE: ("[-", "-]"), Mark.COME: ("{+", "+}")}
COLOURS = {Mark.GONE: ("\x1b[31;9m", "\x1b[0m"), Mark.COME: ("\x1b[32;4m", "\x1b[0m")}
"""Red and struck through, green and underlined: told apart without colours too."""


def history_lines(article: ArticleFull, told: Sequence[SeenWording], *, with_diff: bool, colour: bool) -> Iterator[str]:
    """Each wording with when it was seen and what sort of edit led to it; `with_diff`: and with what changed."""
    yield safe(article.title)
    yield safe(article.url)
    yield f"published {format_time(article.published_at, article.published_precision)}"
    yield ""
    yield from _first(told[0])
    for before, wording in pairwise(told):
        yield ""
        yield from _edit(before, wording, colour=colour) if with_diff else _brief(before, wording)
    if article.gone_at is not None:
        yield ""
        yield f"gone since {format_time(article.gone_at)}"
    yield ""
    yield credit(article.source_title, article.source, article.terms)
    yield f"fetched {format_time(article.fetched_at)}"
    yield UTC_NOTE


def _first(wording: SeenWording) -> Iterator[str]:
    yield f"{_when(wording)}: as first stored, {_words(word_count(_text(wording)))}"
    yield f"{INDENT}{safe(wording.title)}"


def _when(wording: SeenWording) -> str:
    until = "until now" if wording.seen_until is None else f"until {format_time(wording.seen_until)}"
    return f"{wording.number}. seen from {format_time(wording.seen_from)} {until}"


def _headline(wording: SeenWording) -> str:
    mark = ", UNDECLARED: the page's own date did not move" if wording.undeclared else ""
    return f"{_when(wording)}: edited, {wording.kind}{mark}"


def _brief(before: SeenWording, wording: SeenWording) -> Iterator[str]:
    pieces = diff(_text(before), _text(wording))
    gone, come = (_count(pieces, mark) for mark in (Mark.GONE, Mark.COME))
    yield f"{_headline(wording)}; {_words(gone)} went, {come} came"
    yield f"{INDENT}{safe(wording.title)}"


def _count(pieces: Iterable[Piece], mark: Mark) -> int:
    return sum(word_count(piece.text) for piece in pieces if piece.mark is mark)


def _words(count: int) -> str:
    return f"{count} word" if count == 1 else f"{count} words"


def _text(wording: SeenWording) -> str:
    return "\n\n".join(filter(None, (wording.title, wording.subtitle, wording.body)))


def _edit(before: SeenWording, wording: SeenWording, *, colour: bool) -> Iterator[str]:
    yield _headline(wording)
    changed = False
    for label, old, new in _fields(before, wording):
        if old != new:
            changed = True
            yield f"{INDENT}{label:<9}  {marked(diff(safe(old), safe(new)), colour=colour)}"
    body = list(diff_lines(diff(_safe_body(before), _safe_body(wording)), colour=colour))
    if before.body != wording.body:
        yield from (f"{INDENT}{line}".rstrip() for line in body)
    elif not changed:
        yield f"{INDENT}(nothing a reader sees)"


def _safe_body(wording: SeenWording) -> str:
    return safe(wording.body, lines=True)


def _fields(before: SeenWording, wording: SeenWording) -> Iterator[tuple[str, str, str]]:
    for name in ("title", "subtitle", "author"):
        yield name, getattr(before, name) or "", getattr(wording, name) or ""
    yield "sections", ", ".join(before.sections), ", ".join(wording.sections)
    yield "published", _published(before), _published(wording)


def _published(wording: SeenWording) -> str:
    shown = format_time(wording.published_at)
    return wording.published_text or ("" if shown == MISSING else shown)


def marked(pieces: Iterable[Piece], *, colour: bool) -> str:
    """The text with what went and what came marked; white space at the beginning of a change stays outside."""
    signs = COLOURS if colour else MARKS
    return "".join(_signed(piece, signs) for piece in pieces)


def _signed(piece: Piece, signs: dict[Mark, tuple[str, str]]) -> str:
    if piece.mark is Mark.SAME:
        return piece.text
    words = piece.text.strip()
    if not words:
        return piece.text if piece.mark is Mark.COME else ""
    start = piece.text.index(words)
    opening, closing = signs[piece.mark]
    return f"{piece.text[:start]}{opening}{words}{closing}{piece.text[start + len(words) :]}"


def diff_lines(pieces: Iterable[Piece], *, colour: bool) -> Iterator[str]:
    """The paragraphs that changed, with marks; of those that did not, how many were left out."""
    left_out = 0
    for line in _by_line(pieces):
        if all(piece.mark is Mark.SAME for piece in line):
            left_out += any(piece.text.strip() for piece in line)
            continue
        if left_out:
            yield _skipped(left_out)
            left_out = 0
        yield marked(line, colour=colour)
    if left_out:
        yield _skipped(left_out)


def _skipped(count: int) -> str:
    return f"({count} paragraph{'s' * (count != 1)} as before)"


def _by_line(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """The pieces cut at line ends: a mark that ran over one would colour or bracket what lies between."""
    line: list[Piece] = []
    for piece in pieces:
        for text in paragraphs(piece.text):
            words = text.rstrip("\n")
            if words:
                line.append(Piece(piece.mark, words))
            if words != text and line:
                yield line
                line = []
    if line:
        yield line


def as_one(article: ArticleFull, told: Sequence[SeenWording], *, with_diff: bool) -> dict[str, Any]:
    """The article and its wordings as one mapping; `with_diff`: each with what changed, as [mark, text] pairs."""
    facts = {name: getattr(article, name) for name in ("id", "source", "source_title", "url", "fetched_at", "terms")}
    entries = [record(wording) for wording in told]
    if with_diff:
        for before, after, entry in zip(told, told[1:], entries[1:], strict=False):
            entry["diff"] = {name: _diff(getattr(before, name), getattr(after, name)) for name in DIFFED}
    return {**facts, "gone_at": article.gone_at, "wordings": entries}


DIFFED = ("title", "subtitle", "body")


def _diff(old: str | None, new: str | None) -> list[tuple[str, str]]:
    return [(piece.mark.value, piece.text) for piece in diff(old or "", new or "")]
