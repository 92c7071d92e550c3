"""Render the text versions of an article as text or JSON, with word diffs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from presswatch.output.display_zone import format_time, zone_note
from presswatch.output.formats import as_dict
from presswatch.output.tables import credit, listed_note
from storage.articles.results import ArticleFull
from storage.articles.revision_history import TextVersion
from storage.model.published import is_day
from storage.model.records import DatePrecision
from storage.text.counts import counted
from storage.text.sanitize import sanitize
from storage.text.word_diff import DiffOp, DiffSegment, diff, paragraphs, word_count

HISTORY_INDENT = "   "
DIFF_MARKS = {DiffOp.DELETE: ("[-", "-]"), DiffOp.INSERT: ("{+", "+}")}
DIFF_COLOURS = {DiffOp.DELETE: ("\x1b[31;9m", "\x1b[0m"), DiffOp.INSERT: ("\x1b[32;4m", "\x1b[0m")}
"""Red and struck through, green and underlined: distinct without colours too."""


def render_history(
    article: ArticleFull, versions: Sequence[TextVersion], *, with_diff: bool, colour: bool
) -> Iterator[str]:
    """Render each text version: the period it was seen, the kind of edit before it and, `with_diff`, the word diff."""
    yield sanitize(article.title)
    yield sanitize(article.url)
    yield f"published {format_time(article.published_at, article.published_precision)}{listed_note(article)}"
    yield ""
    yield from _first_version(versions[0])
    for before, version in pairwise(versions):
        yield ""
        yield from _edit(before, version, colour=colour) if with_diff else _edit_summary(before, version)
    if article.gone_at is not None:
        yield ""
        yield f"gone since {format_time(article.gone_at)}"
    yield ""
    yield credit(article.source_title, article.source, article.terms)
    yield f"fetched {format_time(article.fetched_at)}"
    yield zone_note()


def _first_version(version: TextVersion) -> Iterator[str]:
    yield f"{_version_time(version)}: as first stored, {counted(word_count(_text(version)), 'word')}"
    yield f"{HISTORY_INDENT}{sanitize(version.title)}"


def _version_time(version: TextVersion) -> str:
    until = "until now" if version.seen_until is None else f"until {format_time(version.seen_until)}"
    return f"{version.revision_number}. seen from {format_time(version.seen_from)} {until}"


def _headline(version: TextVersion) -> str:
    mark = ", STEALTH EDIT: the date on the page did not change" if version.is_stealth else ""
    return f"{_version_time(version)}: edited, {version.edit_kind}{mark}"


def _edit_summary(before: TextVersion, version: TextVersion) -> Iterator[str]:
    pieces = diff(_text(before), _text(version))
    deleted, inserted = (_count(pieces, op) for op in (DiffOp.DELETE, DiffOp.INSERT))
    yield f"{_headline(version)}; {counted(deleted, 'word')} deleted, {inserted} inserted"
    yield f"{HISTORY_INDENT}{sanitize(version.title)}"


def _count(pieces: Iterable[DiffSegment], op: DiffOp) -> int:
    return sum(word_count(piece.text) for piece in pieces if piece.op is op)


def _text(version: TextVersion) -> str:
    return "\n\n".join(filter(None, (version.title, version.subtitle, version.body)))


def _edit(before: TextVersion, version: TextVersion, *, colour: bool) -> Iterator[str]:
    yield _headline(version)
    changed = False
    for label, old, new in version_fields(before, version):
        if old != new:
            changed = True
            yield f"{HISTORY_INDENT}{label:<9}  {mark_diff(diff(sanitize(old), sanitize(new)), colour=colour)}"
    body = list(render_diff(diff(_safe_body(before), _safe_body(version)), colour=colour))
    if before.body != version.body:
        yield from (f"{HISTORY_INDENT}{line}".rstrip() for line in body)
    elif not changed:
        yield f"{HISTORY_INDENT}(no visible change)"


def _safe_body(version: TextVersion) -> str:
    return sanitize(version.body, lines=True)


def version_fields(before: TextVersion, version: TextVersion) -> Iterator[tuple[str, str, str]]:
    """Yield the name of each field but the body, with its text in both versions."""
    for name in ("title", "subtitle", "author"):
        yield name, getattr(before, name) or "", getattr(version, name) or ""
    yield "sections", ", ".join(before.sections), ", ".join(version.sections)
    yield "published", _published(before), _published(version)


def _published(version: TextVersion) -> str:
    at = version.published_at
    if version.published_raw or at is None:
        return version.published_raw or ""
    return format_time(at, DatePrecision.DAY if is_day(at, None) else None)


def mark_diff(pieces: Iterable[DiffSegment], *, colour: bool) -> str:
    """Return the new text with deletions and insertions marked; white space around a change stays unmarked."""
    marks = DIFF_COLOURS if colour else DIFF_MARKS
    return "".join(_mark_piece(piece, marks) for piece in pieces)


def _mark_piece(piece: DiffSegment, marks: dict[DiffOp, tuple[str, str]]) -> str:
    if piece.op is DiffOp.EQUAL:
        return piece.text
    words = piece.text.strip()
    if not words:
        return piece.text if piece.op is DiffOp.INSERT else ""
    start = piece.text.index(words)
    opening, closing = marks[piece.op]
    return f"{piece.text[:start]}{opening}{words}{closing}{piece.text[start + len(words) :]}"


def render_diff(pieces: Iterable[DiffSegment], *, colour: bool) -> Iterator[str]:
    """Yield the changed paragraphs with marks, and the number of unchanged paragraphs between them."""
    unchanged = 0
    for line in segments_by_line(pieces):
        if all(piece.op is DiffOp.EQUAL for piece in line):
            unchanged += any(piece.text.strip() for piece in line)
            continue
        if unchanged:
            yield _skipped_lines(unchanged)
            unchanged = 0
        yield mark_diff(line, colour=colour)
    if unchanged:
        yield _skipped_lines(unchanged)


def _skipped_lines(count: int) -> str:
    return f"({count} unchanged paragraph{'s' * (count != 1)})"


def segments_by_line(pieces: Iterable[DiffSegment]) -> Iterator[list[DiffSegment]]:
    """Split the segments at line ends, because a mark must not span lines."""
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


def to_json(article: ArticleFull, versions: Sequence[TextVersion], *, with_diff: bool) -> dict[str, Any]:
    """Return an article and its text versions as one mapping, `with_diff` with the diff as [op, text] pairs."""
    fields = {name: getattr(article, name) for name in ("id", "source", "source_title", "url", "fetched_at", "terms")}
    entries = [as_dict(version) for version in versions]
    if with_diff:
        for before, after, entry in zip(versions, versions[1:], entries[1:], strict=False):
            entry["diff"] = {name: _diff(getattr(before, name), getattr(after, name)) for name in DIFFED_FIELDS}
    return {**fields, "gone_at": article.gone_at, "text_versions": entries}


DIFFED_FIELDS = ("title", "subtitle", "body")


def _diff(old: str | None, new: str | None) -> list[tuple[str, str]]:
    return [(piece.op.value, piece.text) for piece in diff(old or "", new or "")]
