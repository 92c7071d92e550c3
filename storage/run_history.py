"""Questions about past crawls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING

from sqlalchemy import select

from storage.answers import PastRun
from storage.models import CrawlRunRow

if TYPE_CHECKING:
    from storage.store import Store

crawl_runs = CrawlRunRow.__table__
_COLUMNS = tuple(crawl_runs.c[field.name] for field in fields(PastRun))


def past_runs(store: Store, *, source: str | None = None, limit: int | None = None) -> Iterator[PastRun]:
    """The crawls of all sources or of one, the latest first. Raises StoreError."""
    statement = select(*_COLUMNS).order_by(crawl_runs.c.id.desc()).limit(limit)
    if source is not None:
        latest = (crawl_runs.c.started_at.desc(), crawl_runs.c.id.desc())
        statement = select(*_COLUMNS).where(crawl_runs.c.source == source).order_by(*latest).limit(limit)
    with store.read() as connection:
        for row in connection.execution_options(yield_per=200).execute(statement).mappings():
            yield PastRun(**row)
