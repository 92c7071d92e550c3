"""Test that a crawl whose run was closed by another one writes nothing any more, whatever it writes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text

from storage.crawling.fencing import LEASE, fenced_write
from storage.crawling.fetches import FetchAttempt
from storage.crawling.quarantine import ParsingMarks
from storage.crawling.runs import CrawlCounts, RunFailure
from storage.database.tables import METADATA, crawl_runs
from storage.model.errors import AlreadyRunningError, LostLeaseError
from storage.model.failure_causes import FailureCause
from storage.model.records import ArticleData, FailureStage, FetchFailure, FetchPurpose, Link, RunStatus, Trigger
from storage.saving.requests import SaveRequest
from tests.support.processes import own_process
from tests.support.rows import NOON, Rows

URL = "https://caliber.az/en/post/one"
SECOND = timedelta(seconds=1)


def attempt(run_id: int, url: str = URL) -> FetchAttempt:
    return FetchAttempt(url=url, purpose=FetchPurpose.NEW, fetched_at=NOON, run_id=run_id)


def failure(**values: Any) -> FetchFailure:
    return FetchFailure(url=URL, failure_stage=FailureStage.NETWORK, reason="no answer", **values)


def request(run: int, url: str = URL) -> SaveRequest:
    page: dict[str, Any] = {"url": url, "source": "caliber", "title": "One", "body": "They met.", "language": "en"}
    data = ArticleData(**page, sections=("politics",), parser_version=1, fetched_at=NOON)
    return SaveRequest(data=data, attempt=attempt(run, url), section="politics")


def record_polls(rows: Rows, run: int) -> None:
    link = Link(url=f"{URL}-more", channel="https://caliber.az/rss.xml")
    rows.store.crawls.record_polls("caliber", [], {link.url: link}, now=NOON, run_id=run)


def record_selection(rows: Rows, run: int) -> None:
    marks = ParsingMarks(run_id=run, urls=())
    rows.store.crawls.record_selection([], filtered={URL: "of sports"}, pending={}, now=NOON, marks=marks)


def record_filtered(rows: Rows, run: int) -> None:
    rows.store.links.record_filtered(attempt(run), reason="of sports", sections=("sport",), language="en")


def ensure(rows: Rows, run: int) -> None:
    rows.store.links.ensure("caliber", [f"{URL}-more"], now=NOON, marks=ParsingMarks(run_id=run, urls=(URL,)))


def end(rows: Rows, run: int) -> None:
    rows.store.crawls.end(run, RunStatus.SUCCEEDED, now=NOON + 9 * SECOND, counts=CrawlCounts(requests=9))


WRITES: dict[str, Callable[[Rows, int], object]] = {
    "a save": lambda rows, run: rows.store.saving.save_all([request(run)]),
    "the polls": record_polls,
    "the selection": record_selection,
    "a filtered page": record_filtered,
    "a failed fetch": lambda rows, run: rows.store.links.record_failure(attempt(run), failure()),
    "a missing page": lambda rows, run: rows.store.links.record_failure(attempt(run), failure(http_status=404)),
    "requested links": ensure,
    "marks": lambda rows, run: rows.store.links.mark(ParsingMarks(run_id=run, urls=(URL,))),
    "a heartbeat": lambda rows, run: rows.store.runs.heartbeat(run, now=NOON + 9 * SECOND),
    "the end": end,
    "the end without a crawl": lambda rows, run: rows.store.runs.close(run, RunStatus.SUCCEEDED, now=NOON),
}


def contents(rows: Rows) -> dict[str, list[str]]:
    with rows.store.read() as connection:
        return {name: sorted(map(repr, connection.execute(select(table)))) for name, table in METADATA.tables.items()}


def taken_over(rows: Rows) -> tuple[int, int]:
    """Open a run, and another one once the lease of the first is over; return both."""
    with own_process():
        first = rows.store.runs.open("caliber", Trigger.SCHEDULED, now=NOON)
    with own_process():
        return first, rows.store.runs.open("caliber", Trigger.SCHEDULED, now=NOON + LEASE)


@pytest.mark.dialect
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_run_that_was_taken_over_writes_nothing_and_the_one_that_took_over_does(
    write: Callable[[Rows, int], object], rows: Rows
) -> None:
    rows.link(URL)
    old, new = taken_over(rows)
    before = contents(rows)
    with pytest.raises(LostLeaseError, match=f"caliber: run {old} lost its lease: .*took over.*refused"):
        write(rows, old)
    assert contents(rows) == before
    write(rows, new)
    assert contents(rows) != before


@pytest.mark.dialect
def test_a_run_that_was_taken_over_is_shown_as_such_whatever_its_process_does_later(rows: Rows) -> None:
    with own_process() as process:
        old = rows.store.runs.open("caliber", Trigger.SCHEDULED, now=NOON)
    with own_process():
        rows.store.runs.open("caliber", Trigger.SCHEDULED, now=NOON + LEASE)
    for status in (RunStatus.FAILED, RunStatus.TIMED_OUT, RunStatus.INTERRUPTED):
        late = RunFailure(status=status, cause=FailureCause.LIMIT, error="it was ended")
        assert rows.store.runs.close_for_process(process, late, now=NOON + 2 * LEASE) == []
    with rows.store.read() as connection:
        run = connection.execute(select(crawl_runs).where(crawl_runs.c.id == old)).one()
    assert (run.status, run.failure_cause, run.finished_at) == (
        RunStatus.INTERRUPTED,
        FailureCause.LEASE,
        NOON + LEASE,
    )
    assert "no heartbeat of process" in run.error


def test_a_heartbeat_keeps_the_lease(rows: Rows) -> None:
    with own_process():
        run = rows.store.runs.open("caliber", Trigger.SCHEDULED, now=NOON)
    rows.store.runs.heartbeat(run, now=NOON + LEASE - SECOND)
    with own_process(), pytest.raises(AlreadyRunningError):
        rows.store.runs.open("caliber", Trigger.SCHEDULED, now=NOON + LEASE)


def test_a_worker_that_is_started_again_under_the_same_name_takes_over_nothing(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two containers have the host name and the pid in common: neither gives one the run of the other."""
    monkeypatch.setattr("storage.crawling.processes.machine", lambda: "the container before")
    with own_process():
        run = rows.store.runs.open("caliber", Trigger.SCHEDULED, now=NOON)
    monkeypatch.setattr("storage.crawling.processes.machine", lambda: "the container after")
    with own_process() as again:
        with pytest.raises(AlreadyRunningError):
            rows.store.runs.open("caliber", Trigger.SCHEDULED, now=NOON + LEASE - SECOND)
        ended = RunFailure(status=RunStatus.CRASHED, cause=FailureCause.CRASH, error="it died")
        assert rows.store.runs.close_for_process(again, ended, now=NOON) == []
    rows.store.runs.heartbeat(run, now=NOON + LEASE)


@pytest.mark.dialect
def test_the_check_is_one_statement_of_a_transaction_however_many_articles_it_saves(rows: Rows) -> None:
    run = rows.store.runs.open("caliber", Trigger.SCHEDULED, now=NOON)
    urls = [f"{URL}-{number}" for number in range(20)]
    for url in urls:
        rows.link(url)
    checks: list[str] = []

    def count(*given: Any) -> None:
        if "crawl_runs" in given[2]:
            checks.append(given[2])

    event.listen(rows.store.engine, "before_cursor_execute", count)
    rows.store.saving.save_all([request(run, url) for url in urls])
    assert len(checks) == 1


def test_postgresql_ends_the_transaction_of_a_crawl_that_sends_nothing(postgres_database: str) -> None:
    """A process that is stopped in mid-transaction would hold up the next crawl for ever."""
    limit = text("SHOW idle_in_transaction_session_timeout")
    with closing(Rows(postgres_database).store) as store:
        run = store.runs.open("caliber", Trigger.SCHEDULED, now=NOON)
        with fenced_write(store, run) as connection:
            assert connection.scalar(limit) == "20s"
        with store.write() as connection:
            assert connection.scalar(limit) == "0"
