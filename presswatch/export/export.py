"""Export articles to a file atomically, with a JSON file beside it that describes the export."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from presswatch.output.formats import as_dict, as_json
from storage.articles.counts import count_with
from storage.articles.export_rows import iter_export_rows
from storage.articles.filters import ArticleFilter
from storage.database.tables import SCHEMA_VERSION
from storage.model.errors import ConfigError, PresswatchError
from storage.model.version import VERSION
from storage.store import Store

Rows = Iterable[list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What is exported and to where. `columns` are fields of ArticleFull, the attribution among them."""

    file: Path
    columns: tuple[str, ...]
    wanted: ArticleFilter
    raw: bool = False
    force: bool = False

    @property
    def about(self) -> Path:
        return self.file.with_name(f"{self.file.name}.about.json")


@dataclass(slots=True)
class ExportNotes:
    """What a writer had to leave out, for the person to know."""

    notes: Counter[str] = field(default_factory=Counter)


Writer = Callable[[IO[bytes], Rows, ExportRequest, ExportNotes], None]
ProgressWrapper = Callable[[Iterator[list[Any]], int], Iterator[list[Any]]]
"""Lets rows through and shows how many of how many have passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """What was exported."""

    plan: ExportRequest
    article_count: int
    notes: tuple[str, ...]


def export(
    store: Store, plan: ExportRequest, writer: Writer, *, watch: ProgressWrapper, most: int | None, now: datetime
) -> ExportResult:
    """Write the articles and the file that tells about them, in one look at the database.

    `most` is how many rows the format has room for. Raises ConfigError if a file of that name is there and is not to
    be overwritten, or is the database itself; PresswatchError if there are too many and for a file that cannot be
    written; StoreError. None of them leaves half a file, or one without the other.
    """
    _refuse_to_overwrite(store, plan)
    tally = ExportNotes()
    per_source: Counter[str] = Counter()
    # The file that tells is opened first: where there is no room for it, there is none for the articles.
    with store.read() as connection, atomic_write(plan.about) as about, atomic_write(plan.file) as output:
        total = count_with(connection, plan.wanted)
        if most is not None and total > most:
            raise PresswatchError(f"{total} articles are more than {most}, which is all that {plan.file.suffix} holds")
        rows = _count_rows(watch(iter_export_rows(connection, plan.wanted, plan.columns), total), plan, per_source)
        writer(output, rows, plan, tally)
        notes = tuple(f"{count} {what}" for what, count in tally.notes.items())
        done = ExportResult(plan=plan, article_count=per_source.total(), notes=notes)
        about.write(as_json(_about(done, per_source, now), indent=2).encode() + b"\n")
        about.flush()
        _refuse_to_overwrite(store, plan)
    return done


def _refuse_to_overwrite(store: Store, plan: ExportRequest) -> None:
    for file in (plan.file, plan.about):
        if file.is_dir():
            raise ConfigError(f"{file} is a folder; write to another name")
        # By whatever name, be it a link: an export has a part of what the database has, and none of its tables.
        if store.is_file_of(file):
            raise ConfigError(f"{file} is the database itself; write to another name")
        if file.exists() and not plan.force:
            raise ConfigError(f"{file} is there already; --force overwrites it")


def _count_rows(rows: Iterator[list[Any]], plan: ExportRequest, per_source: Counter[str]) -> Iterator[list[Any]]:
    place = plan.columns.index("source")
    for row in rows:
        per_source[row[place]] += 1
        yield row


@contextmanager
def atomic_write(file: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name when all is written and on the disk; one that fails is taken away.

    Raises PresswatchError for one that cannot be written.
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
            part.chmod(0o666 & ~_umask())
            part.replace(file)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _umask() -> int:
    """What the person's other files are made with; temporary ones are for their maker alone."""
    now = os.umask(0o077)
    os.umask(now)
    return now


def _about(done: ExportResult, per_source: Counter[str], now: datetime) -> dict[str, Any]:
    wanted = done.plan.wanted
    fields = as_dict(wanted) | {"query": wanted.query and wanted.query.text}
    query = {name: value for name, value in fields.items() if value not in (None, (), False)}
    return {
        "file": done.plan.file.name,
        "query": query,
        "fields": list(done.plan.columns),
        "exported_at": now,
        "program": f"presswatch {VERSION}",
        "tables": SCHEMA_VERSION,
        "article_count": done.article_count,
        "article_count_by_source": dict(per_source),
        "notes": ["Times are UTC.", "Each row has the terms its article may be used on.", *done.notes],
    }


def column_positions(columns: Sequence[str], *wanted: str) -> list[int]:
    """At which places these columns stand."""
    return [place for place, name in enumerate(columns) if name in wanted]
