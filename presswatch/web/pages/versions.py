"""Two versions of a text, word by word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from presswatch.output.history_text import segments_by_line, version_fields
from storage.articles.revision_history import TextVersion
from storage.text.word_diff import DiffOp, DiffSegment, diff, word_count

CONTEXT = 1
"""Unchanged paragraphs that are shown around a change."""


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A paragraph with its changes, or a number of paragraphs that are the same in both and left out."""

    segments: tuple[DiffSegment, ...] = ()
    skipped: int = 0

    @property
    def is_changed(self) -> bool:
        """Return whether the paragraph differs."""
        return any(one.op is not DiffOp.EQUAL for one in self.segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPair:
    """Two versions and their differences: by field, and in the body by paragraph."""

    old: TextVersion
    new: TextVersion
    fields: tuple[tuple[str, tuple[DiffSegment, ...]], ...]
    body: tuple[DiffLine, ...]
    deleted: int
    inserted: int

    @property
    def is_same(self) -> bool:
        """Return whether nothing that is shown differs."""
        return not self.fields and not self.body


def chosen_pair(versions: Sequence[TextVersion], old: int, new: int) -> VersionPair:
    """Compare two versions by their numbers, from 1; numbers outside become the first and the last."""
    latest = len(versions)
    first, second = (versions[min(max(number, 1), latest) - 1] for number in (old, new))
    fields = tuple(
        (name, diff(before, after)) for name, before, after in version_fields(first, second) if before != after
    )
    changed = diff(first.body, second.body)
    segments = [*changed, *(segment for name, parts in fields if name != "sections" for segment in parts)]
    return VersionPair(
        old=first,
        new=second,
        fields=fields,
        body=tuple(_with_context(changed)) if first.body != second.body else (),
        deleted=sum(word_count(one.text) for one in segments if one.op is DiffOp.DELETE),
        inserted=sum(word_count(one.text) for one in segments if one.op is DiffOp.INSERT),
    )


def _with_context(segments: Sequence[DiffSegment]) -> Iterator[DiffLine]:
    """Leave out the paragraphs that are far from any change, and say how many they are."""
    every = [DiffLine(tuple(line)) for line in segments_by_line(segments)]
    changed = [place for place, line in enumerate(every) if line.is_changed]
    shown = {near for place in changed for near in range(place - CONTEXT, place + CONTEXT + 1)}
    skipped = 0
    for place, line in enumerate(every):
        if place not in shown:
            skipped += 1
            continue
        if skipped:
            yield DiffLine(skipped=skipped)
            skipped = 0
        yield line
    if skipped:
        yield DiffLine(skipped=skipped)
