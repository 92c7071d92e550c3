"""A reader's engine: the database itself refuses its writes, and ends its queries at the time limit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from storage.database.reader import time_limit
from storage.model.errors import QueryTimeoutError, StoreError
from storage.store import open_reader
from tests.support.patience import patient_duration
from tests.support.rows import NOON, Rows

ENDLESS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")


@pytest.mark.dialect
def test_it_reads_and_cannot_write(rows: Rows) -> None:
    rows.article("one")
    with open_reader(rows.database) as reader:
        assert [article.title for article in reader.articles.find()] == ["One"]
        with pytest.raises(StoreError, match=r"readonly|read-only"):
            reader.events.add(source="caliber", kind="gap", subject="", details={}, now=NOON)
    assert rows.store.events.find() == []


@pytest.mark.dialect
def test_a_query_ends_at_the_time_limit_and_the_next_one_works(rows: Rows) -> None:
    rows.article("one")
    with open_reader(rows.database) as reader:
        with time_limit(timedelta(milliseconds=50)), pytest.raises(QueryTimeoutError, match="narrow it"):  # noqa: SIM117
            with reader.read() as connection:
                connection.execute(ENDLESS)
        with time_limit(patient_duration(60)):
            assert len(list(reader.articles.find())) == 1
        assert len(list(reader.articles.find())) == 1
