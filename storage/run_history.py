"""Questions about past crawls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from sqlalchemy import select

from storage.answers import PastRun
from storage.articles import CHUNK, at_once
from storage.models import CrawlRunRow
from storage.session import Database

crawl_runs = CrawlRunRow.__table__
_COLUMNS = tuple(crawl_runs.c[field.name] for field in fields(PastRun))


def past_runs(database: Database, *, source: str | None = None, limit: int | None = None) -> Iterator[PastRun]:
    """The crawls of all sources or of one, the latest first. Raises StoreError.

    At most CHUNK are read at once; a longer list holds its transaction until it ends or is closed.
    """
    found = _read(database, source, limit)
    return at_once(found) if limit is not None and limit <= CHUNK else found


def _read(database: Database, source: str | None, limit: int | None) -> Iterator[PastRun]:
    statement = select(*_COLUMNS).order_by(crawl_runs.c.id.desc()).limit(limit)
    if source is not None:
        latest = (crawl_runs.c.started_at.desc(), crawl_runs.c.id.desc())
        statement = select(*_COLUMNS).where(crawl_runs.c.source == source).order_by(*latest).limit(limit)
    with database.read() as connection, connection.execution_options(yield_per=CHUNK).execute(statement) as found:
        for row in found.mappings():
            yield PastRun(**row)
