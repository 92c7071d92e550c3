"""Add what could not be seen to the answer of a command that lists or counts articles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import click

from presswatch.output import formats
from presswatch.output.coverage_text import coverage_note, coverage_record
from presswatch.output.records import print_notice
from storage.articles.filters import ArticleFilter
from storage.coverage.coverage import SourceCoverage, coverage
from storage.store import Store

F = TypeVar("F", bound=Callable[..., Any])


def coverage_option(command: F) -> F:
    return click.option(
        "--coverage",
        "with_coverage",
        is_flag=True,
        help="Add what could not be seen of the period: below a table or Markdown, in JSON as an object with articles "
        "and coverage, with any other format on stderr.",
    )(command)


def covered(store: Store, wanted: ArticleFilter, *, until: datetime, now: datetime) -> tuple[SourceCoverage, ...]:
    """Return the coverage of the sources of a filter, in its period up to `until`. Raises StoreError."""
    names = () if wanted.source is None else (wanted.source,)
    return coverage(store, since=wanted.since, until=until, sources=names, as_of=wanted.as_of, now=now)


@contextmanager
def coverage_beside(store: Store, wanted: ArticleFilter, form: str, *, now: datetime) -> Iterator[None]:
    """Write the coverage of a filter beside what is written meanwhile. Raises StoreError.

    The period ends now, or at `as_of`, if the filter sets no end.
    """
    until = wanted.until or wanted.as_of or now
    has_begun = wanted.since is None or wanted.since < until
    found = covered(store, wanted, until=until, now=now) if has_begun else ()
    if form == "json":
        formats.write_stdout(['{"articles": '])
        yield
        records = [coverage_record(one) for one in found]
        formats.write_stdout([', "coverage": ', formats.as_json(records), "}\n"])
        return
    yield
    if form in {"table", "md"}:
        formats.print_lines(["", *coverage_note(found)])
        return
    for line in coverage_note(found):
        print_notice(line.strip())
