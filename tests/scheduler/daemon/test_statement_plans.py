"""Read by index whatever grows: no statement of the daemon or of a crawl scans or sorts a table that never shrinks.

The statements are recorded while crawls and a daemon's tasks run on a database with some thousand articles, then
explained by the database itself. A plan that reads or sorts more with each stored row costs nothing in any other test.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg.errors import IntegrityError
from sqlalchemy import Connection, Engine
from sqlalchemy.event import listen, remove

from benchmarks.grown import END, MAIN, fill
from scheduler.daemon.crawl_exit import CrawlExit
from scheduler.daemon.jobs import DaemonTasks
from scheduler.daemon.planner import Planner
from scheduler.health.status import status_report
from scraper.crawl.selection import RecrawlMode
from scraper.sources.caliber import SOURCE
from storage.config.settings import AlertSettings, Config, StorageSettings
from storage.crawling.runs import RunFailure
from storage.crawling.worker_messages import CrawlReport
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus, Trigger
from storage.retention.pruning import RetentionLimits, prune
from storage.store import Store, open_store
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import plain_article
from tests.support.processes import own_process
from tests.support.site import Site
from tests.support.site import misbehaviour as bad

ARTICLES = 3_000
READS_MANY = {
    r"articles\.url = links\.url WHERE articles\.source = \S+ COLLATE \"C\"$|WHERE articles\.source = \S+$": (
        "--recrawl all asks for every article of the source"
    ),
    r"WHERE (fetches\.link|view_readings\.article)_id IN": "a batch of pages is pruned",
}
MANY_ARTICLES = 30_000
MOST_PAGES = 700
"""Pages of 8 KB: a health check reads up to 340 articles."""
GROWING = frozenset({
    "alerts", "article_sections", "articles", "crawl_runs", "events", "fetches", "links", "listings", "revisions",
    "view_readings",
})  # fmt: skip

BOUNDED = {
    "FROM events WHERE events.closed_at IS NULL": "events that are open",
    "FROM events WHERE events.source = ? AND events.closed_at IS NULL": "events of a source that are open",
    "FROM events WHERE events.kind IN": "events that wait for their alert",
    "FROM links WHERE links.quarantined_at IS NOT NULL": "pages that are quarantined",
    "FROM alerts LEFT OUTER JOIN saved_searches": "alerts that are due",
    "SELECT DISTINCT alerts.target_hash": "targets of alerts that are due",
    "SELECT alerts.error FROM alerts WHERE alerts.delivered_at IS NULL": "alerts that are not delivered",
    "FROM articles WHERE articles.content_hash IN": "articles of equal texts",
    "FROM fetches WHERE fetches.run_id = ?": "fetches of one crawl",
    "AS named) AS sections": "sections of one article",
}
"""Statements that sort rows of such a table, or read all of a partial index, by a part of them: what those rows are."""
PARTIAL = ("uq_crawl_runs_open", "uq_events_open", "ix_links_quarantined", "ix_events_unnotified")
"""Indexes of few rows."""
READS_ALL = {
    r"articles\.url = links\.url WHERE articles\.source = \?$": "--recrawl all asks for every article of the source",
    r"\(SELECT max\(listings\.last_listed_at\)": "no row but the last of its index is read",
}
"""Statements whose plans read all rows of a source or a channel, by a pattern in them, and the reason."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as it was executed, with the first of its values."""

    text: str
    values: Any


class Recorder:
    """Record each kind of statement of all databases once."""

    def __init__(self) -> None:
        self.statements: dict[str, Statement] = {}

    def __enter__(self) -> dict[str, Statement]:
        listen(Engine, "before_cursor_execute", self._record)
        return self.statements

    def __exit__(self, *_error: object) -> None:
        remove(Engine, "before_cursor_execute", self._record)

    def _record(self, _connection: Connection, _cursor: Any, text: str, values: Any, *_rest: Any) -> None:
        if text.split(maxsplit=1)[0] in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}:
            is_of_many = (
                isinstance(values, list | tuple) and bool(values) and isinstance(values[0], tuple | list | dict)
            )
            self.statements.setdefault(text, Statement(text, values[0] if is_of_many else values))


def crawl(env: CrawlEnv) -> None:
    """Crawl what is new, known, edited, gone, broken and due, and answer 304."""
    site = env.site
    site.publish_many(plain_article(f"story-{number}") for number in range(12))
    env.crawl()
    env.crawl()
    site.edit("story-1", title="Another title")
    site.withdraw("story-2")
    site.publish(plain_article("fails"))
    site.misbehave("fails", bad.server_error())
    site.publish(plain_article("broken"))
    site.misbehave("broken", bad.cut())
    env.crawl(recrawl=RecrawlMode.ALL)
    env.crawl(urls=(site.url_of("story-3"),))


def watch(store: Store) -> None:
    """Run the tasks of a daemon around a crawl that succeeds, one that is killed and one that never opens a run."""
    alerts = AlertSettings(targets=("json://127.0.0.1:9/never",))
    age = datetime.now(UTC) - END
    kept = StorageSettings(keep_fetches=age, keep_readings=age)
    config, sources = Config(alerts=alerts, storage=kept), {MAIN: replace(SOURCE, name=MAIN)}
    now = datetime.now(UTC)
    store.leases.acquire(process=None, version="1", now=now)
    store.leases.heartbeat(now=now)
    planner = Planner(store, config, sources)
    planner.startup_schedules(now=now, spread=False)
    planner.repair(now=now)
    store.schedules.request_crawl(MAIN, now=now)
    tasks = DaemonTasks(store, config, sources, planner, clock=lambda: datetime.now(UTC))
    for status, is_opened in ((RunStatus.SUCCEEDED, True), (RunStatus.CRASHED, True), (RunStatus.FAILED, False)):
        with own_process() as process:
            if is_opened:
                run = store.runs.open(MAIN, Trigger.SCHEDULED, now=now)
                store.runs.heartbeat(run, now=now)
                if status is RunStatus.SUCCEEDED:
                    store.runs.close(run, status, now=now)
        cause = None if status is RunStatus.SUCCEEDED else FailureCause.CRASH
        report = None if cause else CrawlReport(crawl_id=process, source=MAIN)
        ending = CrawlExit(
            source=MAIN, crawl_id=process, exit_code=-9 if cause else None, status=None if cause is None else status,
            error=cause and "it crashed", cause=cause, report=report, stderr_tail="trace",
        )  # fmt: skip
        asyncio.run(tasks.begin(MAIN))
        asyncio.run(tasks.finish(ending, launched_at=now))
    failure = RunFailure(status=RunStatus.FAILED, cause=FailureCause.CRASH, error="it crashed")
    store.runs.record_unopened(MAIN, "none", failure, started_at=now, now=now)
    asyncio.run(tasks.check_health())
    asyncio.run(tasks.notify())
    asyncio.run(tasks.notify())
    asyncio.run(tasks.prune())
    prune(store, RetentionLimits(fetches_before=datetime.now(UTC), readings_before=datetime.now(UTC)))
    planner.schedules()
    status_report(store, now=now)
    store.leases.release()


@pytest.fixture(scope="module")
def executed(
    tmp_path_factory: pytest.TempPathFactory, shared_site: Site
) -> Iterator[tuple[Store, Sequence[Statement]]]:
    env = CrawlEnv(tmp_path_factory.mktemp("plans"), shared_site)
    with open_store(env.database) as store:
        yield store, run_all(env, store, ARTICLES)


def run_all(env: CrawlEnv, store: Store, articles: int) -> tuple[Statement, ...]:
    """Fill a database, crawl, run the daemon's tasks, and return the statements."""
    env.site.reset()
    fill(store, articles)
    with Recorder() as statements:
        crawl(env)
        watch(store)
    return tuple(statements.values())


def faults(store: Store, statements: Sequence[Statement]) -> list[str]:
    """Return what the plans of these statements scan or sort that grows."""
    store.engine.dispose()  # a connection keeps the plans that it has explained
    with store.read() as connection:
        return [
            f"{step}: {' '.join(statement.text.split())}"
            for statement in statements
            for step in _plan(connection, statement)
            if _is_fault(step, statement.text)
        ]


def _plan(connection: Connection, statement: Statement) -> list[str]:
    cursor = connection.connection.cursor()
    cursor.execute(f"EXPLAIN QUERY PLAN {statement.text}", statement.values)
    return [row[3] for row in cursor.fetchall()]


def _is_fault(step: str, statement: str) -> bool:
    words = " ".join(statement.split())
    if words.startswith("INSERT INTO") and " SELECT " not in words:
        return False  # rows that refer to a new one are looked for only while a foreign key is violated
    tables = {alias: table for table, alias in re.findall(r"(\w+) AS (\w+)", words)}
    is_bounded = any(known in words for known in BOUNDED)
    if step.startswith("USE TEMP B-TREE"):
        return not is_bounded and not GROWING.isdisjoint(re.findall(r"\w+", words))
    kind, name = step.split()[:2]
    if tables.get(name, name) not in GROWING:
        return False
    if kind == "SCAN":
        return not (is_bounded and step.endswith(PARTIAL))
    is_whole = re.search(r"\((source|channel_id)=\?\)$", step) is not None and not any(map(step.count, PARTIAL))
    # Of rows in the order of the index, with no other condition, the limit reads no more than it returns.
    is_limited = re.search(r"WHERE \w+\.source = (\?|sources\.name) ORDER BY [^()]+ LIMIT", words) is not None
    is_excused = any(re.search(known, words) for known in READS_ALL)
    return is_whole and not is_limited and not is_excused


def test_nothing_that_grows_is_scanned_or_sorted(executed: tuple[Store, Sequence[Statement]]) -> None:
    store, statements = executed
    assert len(statements) > 80
    found = faults(store, statements)
    assert not found, "\n".join(found)


def test_nor_without_statistics(executed: tuple[Store, Sequence[Statement]]) -> None:
    """Hold the same for a database that nobody has analysed, as each is at first."""
    store, statements = executed
    with store.write() as connection:
        connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    try:
        found = faults(store, statements)
        assert not found, "\n".join(found)
    finally:
        with store.write() as connection:
            connection.exec_driver_sql("ANALYZE")


def test_each_exception_is_a_statement_that_is_executed(executed: tuple[Store, Sequence[Statement]]) -> None:
    known = [*map(re.escape, BOUNDED), *READS_ALL]
    texts = [" ".join(statement.text.split()) for statement in executed[1]]
    assert [one for one in known if not any(re.search(one, text) for text in texts)] == []


@pytest.mark.parametrize(
    "index",
    [
        "ix_articles_content_hash",
        "ix_articles_source_recrawl_at",
        "ix_articles_source_stored_at",
        "ix_crawl_runs_process_id",
        "ix_crawl_runs_source_id",
        "ix_crawl_runs_source_started_at",
        "ix_crawl_runs_source_status_id",
        "ix_events_unnotified",
        "ix_fetches_link_id",
        "ix_fetches_run_id",
        "ix_links_parsing_run_id",
        "ix_links_source_first_listed_at",
        "ix_links_source_outcome",
        "ix_listings_channel_id_last_listed_at",
        "uq_events_open",
    ],
)
@pytest.mark.long_after(5)
def test_without_an_index_something_is_scanned_or_sorted(
    executed: tuple[Store, Sequence[Statement]], index: str
) -> None:
    store, statements = executed
    with store.write() as connection:
        (made,) = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (index,)).one()
        connection.exec_driver_sql(f"DROP INDEX {index}")
    try:
        assert faults(store, statements)
    finally:
        with store.write() as connection:
            connection.exec_driver_sql(made)
            connection.exec_driver_sql("ANALYZE")


@pytest.mark.long
def test_postgresql_reads_few_pages_for_any_statement(
    tmp_path: Path, postgres_database: str, shared_site: Site
) -> None:
    """Count pages, for its planner rightly scans what is small: a table of 30,000 articles has thousands."""
    env = CrawlEnv(tmp_path, shared_site, postgres_database)
    with open_store(postgres_database) as store:
        statements = run_all(env, store, MANY_ARTICLES)
        assert len(statements) > 80
        read = {" ".join(one.text.split()): pages_read(store, one) for one in statements}
    found = [
        f"{pages}: {text}"
        for text, pages in read.items()
        if pages > MOST_PAGES and not any(re.search(known, text) for known in READS_MANY)
    ]
    assert not found, "\n".join(found)


def pages_read(store: Store, statement: Statement) -> int:
    """Execute a statement once more, roll it back, and return the pages that PostgreSQL looked at."""
    with store.engine.connect() as connection:
        cursor = connection.connection.cursor()
        try:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement.text}", statement.values)
        except IntegrityError:  # a row that is there by now
            return 0
        finally:
            connection.connection.rollback()
        ((((plan,)),),) = cursor.fetchall()
    return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])
