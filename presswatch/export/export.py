"""Export articles to a file atomically, with a JSON file beside it that describes the export."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from stat import S_IMODE
from tempfile import NamedTemporaryFile
from typing import IO, Any

from presswatch.output.coverage_text import coverage_record
from presswatch.output.formats import as_dict, as_json
from storage.articles.counts import count_with
from storage.articles.export_rows import iter_export_rows
from storage.articles.filters import ArticleFilter
from storage.coverage.coverage import read_coverage
from storage.database.tables import SCHEMA_VERSION
from storage.model.errors import ConfigError, PresswatchError
from storage.model.time_zones import zone_name
from storage.model.version import VERSION
from storage.store import Store

Rows = Iterable[list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """File, fields and filter of an export. `columns` are fields of ArticleFull, including the attribution fields."""

    file: Path
    columns: tuple[str, ...]
    article_filter: ArticleFilter
    raw: bool = False
    bom: bool = False
    force: bool = False

    @property
    def about(self) -> Path:
        """Path of the JSON file that describes the export."""
        return self.file.with_name(f"{self.file.name}.about.json")


@dataclass(slots=True)
class ExportNotes:
    """Notes of a writer about truncated or dropped values, with their counts."""

    notes: Counter[str] = field(default_factory=Counter)


Writer = Callable[[IO[bytes], Rows, ExportRequest, ExportNotes], None]
ProgressWrapper = Callable[[Iterator[list[Any]], int], Iterator[list[Any]]]
"""Yields the rows and shows progress against the total."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """Number of exported articles, and the notes of the writer."""

    request: ExportRequest
    article_count: int
    notes: tuple[str, ...]


def export(
    store: Store,
    request: ExportRequest,
    writer: Writer,
    *,
    progress: ProgressWrapper,
    row_limit: int | None,
    now: datetime,
) -> ExportResult:
    """Write the articles and the file that describes the export, in one read transaction.

    `row_limit` is the maximum number of rows of the file format. Raises ConfigError if the file exists and `force` is
    not set, or if it is the database itself; PresswatchError if there are too many articles or the file cannot be
    written; StoreError. After an error neither file is left.
    """
    _refuse_to_overwrite(store, request)
    export_notes = ExportNotes()
    per_source: Counter[str] = Counter()
    # The description is opened first: if it cannot be written, neither are the articles.
    with store.read() as connection, atomic_write(request.about) as about, atomic_write(request.file) as output:
        total = count_with(connection, request.article_filter)
        if row_limit is not None and total > row_limit:
            raise PresswatchError(
                f"{total} articles are too many for {request.file.suffix}, which holds {row_limit} rows"
            )
        rows = _count_rows(
            progress(iter_export_rows(connection, request.article_filter, request.columns), total), request, per_source
        )
        writer(output, rows, request, export_notes)
        notes = tuple(f"{count} {note}" for note, count in export_notes.notes.items())
        done = ExportResult(request=request, article_count=per_source.total(), notes=notes)
        description = _describe_export(done, per_source, now) | {"coverage": _coverage(connection, request, now)}
        about.write(as_json(description, indent=2).encode() + b"\n")
        about.flush()
        _refuse_to_overwrite(store, request)
    return done


def stream(
    store: Store, request: ExportRequest, writer: Writer, output: IO[bytes], *, progress: ProgressWrapper
) -> ExportResult:
    """Write the articles to a stream, as they are read. Raises StoreError; what was written by then stays written."""
    export_notes = ExportNotes()
    per_source: Counter[str] = Counter()
    with store.read() as connection:
        total = count_with(connection, request.article_filter)
        rows = progress(iter_export_rows(connection, request.article_filter, request.columns), total)
        writer(output, _count_rows(rows, request, per_source), request, export_notes)
    output.flush()
    notes = tuple(f"{count} {note}" for note, count in export_notes.notes.items())
    return ExportResult(request=request, article_count=per_source.total(), notes=notes)


def _refuse_to_overwrite(store: Store, request: ExportRequest) -> None:
    for file in (request.file, request.about):
        if file.is_dir():
            raise ConfigError(f"{file} is a directory; use another name")
        # Under any name, even a link: an export would replace the database by a part of it.
        if store.is_file_of(file):
            raise ConfigError(f"{file} is the database itself; use another name")
        if file.exists() and not request.force:
            raise ConfigError(f"{file} already exists; use --force to overwrite it")


def _count_rows(rows: Iterator[list[Any]], request: ExportRequest, per_source: Counter[str]) -> Iterator[list[Any]]:
    position = request.columns.index("source")
    for row in rows:
        per_source[row[position]] += 1
        yield row


@contextmanager
def atomic_write(file: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file that is renamed to `file` after it was written and synced, and deleted on an error.

    Only its owner may read it; in the place of an existing file it gets the mode of that file.
    Raises PresswatchError if it cannot be written.
    """
    try:
        with _temporary_file(file) as output:
            yield output
    except OSError as error:
        raise PresswatchError(f"{file}: {error.strerror or error}; nothing was written") from error


@contextmanager
def _temporary_file(file: Path) -> Iterator[IO[bytes]]:
    with NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", suffix=".part", delete=False) as output:
        part = Path(output.name)
        try:
            yield output
            output.flush()
            os.fsync(output.fileno())
            if file.exists():
                part.chmod(S_IMODE(file.stat().st_mode))
            part.replace(file)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _describe_export(done: ExportResult, per_source: Counter[str], now: datetime) -> dict[str, Any]:
    selection = done.request.article_filter
    zone = None if selection.timezone is UTC else zone_name(selection.timezone)
    fields = as_dict(selection) | {"query": selection.query and selection.query.text, "timezone": zone}
    query = {name: value for name, value in fields.items() if value not in (None, (), False)}
    return {
        "file": done.request.file.name,
        "query": query,
        "fields": list(done.request.columns),
        "exported_at": now,
        "program": f"presswatch {VERSION}",
        "tables": SCHEMA_VERSION,
        "article_count": done.article_count,
        "article_count_by_source": dict(per_source),
        "notes": ["Times are UTC.", "Each row has the terms of use of its article.", *done.notes],
    }


def _coverage(connection: Any, request: ExportRequest, now: datetime) -> list[dict[str, Any]]:
    """Return what could be seen of the sources in the period of the export, by default up to now."""
    wanted = request.article_filter
    until = wanted.until or now
    if wanted.since is not None and wanted.since >= until:
        return []
    names = () if wanted.source is None else (wanted.source,)
    found = read_coverage(connection, since=wanted.since, until=until, sources=names, known_at=now)
    return [coverage_record(one) for one in found]


def column_positions(columns: Sequence[str], *names: str) -> list[int]:
    """Return the positions of the columns that have one of these names."""
    return [position for position, name in enumerate(columns) if name in names]
