"""Render the text versions of an article as text or JSON, with word diffs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from presswatch.output.formats import as_dict
from presswatch.output.tables import UTC_NOTE, credit
from storage.articles.results import ArticleFull
from storage.articles.revision_history import TextVersion
from storage.text.durations import NO_DURATION, format_time
from storage.text.sanitize import sanitize
from storage.text.word_diff import DiffOp, DiffSegment, diff, paragraphs, word_count

HISTORY_INDENT = "   "
DIFF_MARKS = {DiffOp.DELETE: ("[-", "-]"), DiffOp.INSERT: ("{+", "+}")}
DIFF_COLOURS = {DiffOp.DELETE: ("\x1b[31;9m", "\x1b[0m"), DiffOp.INSERT: ("\x1b[32;4m", "\x1b[0m")}
"""Red and struck through, green and underlined: told apart without colours too."""


def render_history(
    article: ArticleFull, told: Sequence[TextVersion], *, with_diff: bool, colour: bool
) -> Iterator[str]:
    """Each wording with when it was seen and what sort of edit led to it; `with_diff`: and with what changed."""
    yield sanitize(article.title)
    yield sanitize(article.url)
    yield f"published {format_time(article.published_at, article.published_precision)}"
    yield ""
    yield from _first_version(told[0])
    for before, wording in pairwise(told):
        yield ""
        yield from _edit(before, wording, colour=colour) if with_diff else _short_value(before, wording)
    if article.gone_at is not None:
        yield ""
        yield f"gone since {format_time(article.gone_at)}"
    yield ""
    yield credit(article.source_title, article.source, article.terms)
    yield f"fetched {format_time(article.fetched_at)}"
    yield UTC_NOTE


def _first_version(wording: TextVersion) -> Iterator[str]:
    yield f"{_version_time(wording)}: as first stored, {_words(word_count(_text(wording)))}"
    yield f"{HISTORY_INDENT}{sanitize(wording.title)}"


def _version_time(wording: TextVersion) -> str:
    until = "until now" if wording.seen_until is None else f"until {format_time(wording.seen_until)}"
    return f"{wording.revision_number}. seen from {format_time(wording.seen_from)} {until}"


def _headline(wording: TextVersion) -> str:
    mark = ", UNDECLARED: the page's own date did not move" if wording.is_stealth else ""
    return f"{_version_time(wording)}: edited, {wording.edit_kind}{mark}"


def _short_value(before: TextVersion, wording: TextVersion) -> Iterator[str]:
    pieces = diff(_text(before), _text(wording))
    gone, come = (_count(pieces, mark) for mark in (DiffOp.DELETE, DiffOp.INSERT))
    yield f"{_headline(wording)}; {_words(gone)} went, {come} came"
    yield f"{HISTORY_INDENT}{sanitize(wording.title)}"


def _count(pieces: Iterable[DiffSegment], mark: DiffOp) -> int:
    return sum(word_count(piece.text) for piece in pieces if piece.op is mark)


def _words(count: int) -> str:
    return f"{count} word" if count == 1 else f"{count} words"


def _text(wording: TextVersion) -> str:
    return "\n\n".join(filter(None, (wording.title, wording.subtitle, wording.body)))


def _edit(before: TextVersion, wording: TextVersion, *, colour: bool) -> Iterator[str]:
    yield _headline(wording)
    changed = False
    for label, old, new in _fields(before, wording):
        if old != new:
            changed = True
            yield f"{HISTORY_INDENT}{label:<9}  {mark_diff(diff(sanitize(old), sanitize(new)), colour=colour)}"
    body = list(render_diff(diff(_safe_body(before), _safe_body(wording)), colour=colour))
    if before.body != wording.body:
        yield from (f"{HISTORY_INDENT}{line}".rstrip() for line in body)
    elif not changed:
        yield f"{HISTORY_INDENT}(nothing a reader sees)"


def _safe_body(wording: TextVersion) -> str:
    return sanitize(wording.body, lines=True)


def _fields(before: TextVersion, wording: TextVersion) -> Iterator[tuple[str, str, str]]:
    for name in ("title", "subtitle", "author"):
        yield name, getattr(before, name) or "", getattr(wording, name) or ""
    yield "sections", ", ".join(before.sections), ", ".join(wording.sections)
    yield "published", _published(before), _published(wording)


def _published(wording: TextVersion) -> str:
    shown = format_time(wording.published_at)
    return wording.published_raw or ("" if shown == NO_DURATION else shown)


def mark_diff(pieces: Iterable[DiffSegment], *, colour: bool) -> str:
    """The text with what went and what came marked; white space at the beginning of a change stays outside."""
    signs = DIFF_COLOURS if colour else DIFF_MARKS
    return "".join(_signed_count(piece, signs) for piece in pieces)


def _signed_count(piece: DiffSegment, signs: dict[DiffOp, tuple[str, str]]) -> str:
    if piece.op is DiffOp.EQUAL:
        return piece.text
    words = piece.text.strip()
    if not words:
        return piece.text if piece.op is DiffOp.INSERT else ""
    start = piece.text.index(words)
    opening, closing = signs[piece.op]
    return f"{piece.text[:start]}{opening}{words}{closing}{piece.text[start + len(words) :]}"


def render_diff(pieces: Iterable[DiffSegment], *, colour: bool) -> Iterator[str]:
    """The paragraphs that changed, with marks; of those that did not, how many were left out."""
    left_out = 0
    for line in _by_line(pieces):
        if all(piece.op is DiffOp.EQUAL for piece in line):
            left_out += any(piece.text.strip() for piece in line)
            continue
        if left_out:
            yield _skipped_lines(left_out)
            left_out = 0
        yield mark_diff(line, colour=colour)
    if left_out:
        yield _skipped_lines(left_out)


def _skipped_lines(count: int) -> str:
    return f"({count} paragraph{'s' * (count != 1)} as before)"


def _by_line(pieces: Iterable[DiffSegment]) -> Iterator[list[DiffSegment]]:
    """The pieces cut at line ends: a mark that ran over one would colour or bracket what lies between."""
    line: list[DiffSegment] = []
    for piece in pieces:
        for text in paragraphs(piece.text):
            words = text.rstrip("\n")
            if words:
                line.append(DiffSegment(piece.op, words))
            if words != text and line:
                yield line
                line = []
    if line:
        yield line


def to_json(article: ArticleFull, told: Sequence[TextVersion], *, with_diff: bool) -> dict[str, Any]:
    """The article and its wordings as one mapping; `with_diff`: each with what changed, as [mark, text] pairs."""
    facts = {name: getattr(article, name) for name in ("id", "source", "source_title", "url", "fetched_at", "terms")}
    entries = [as_dict(wording) for wording in told]
    if with_diff:
        for before, after, entry in zip(told, told[1:], entries[1:], strict=False):
            entry["diff"] = {name: _diff(getattr(before, name), getattr(after, name)) for name in DIFFED_FIELDS}
    return {**facts, "gone_at": article.gone_at, "wordings": entries}


DIFFED_FIELDS = ("title", "subtitle", "body")


def _diff(old: str | None, new: str | None) -> list[tuple[str, str]]:
    return [(piece.op.value, piece.text) for piece in diff(old or "", new or "")]
