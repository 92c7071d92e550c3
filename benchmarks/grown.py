"""Fill a database as after years of watching, in SQL that both databases take: a million articles in a minute.

Thirty sources, the first with two articles in five. What a daemon looks at again and again is the same at every size:
the thousand articles of the last eight weeks, the crawls of the last three days, links that wait. All others are older,
an article every five minutes. Bodies have `BODY` characters, a fifth of real ones; each article has a link, a listing,
two sections at most, two fetches and two view readings; one in twenty has a revision, an event and an alert.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, insert, text

from storage.database.daemon_tables import saved_searches, schedules
from storage.database.tables import METADATA, channels, sources
from storage.model.records import DeliveryMode
from storage.store import Store

END = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SOURCES = 30
BODY = 600
RECENT = 1_000
"""Articles of the last eight weeks."""
PENDING = 20
"""Links of the first source that wait for a retry."""
RECENT_RUNS = 3 * 24
"""Crawls of each source in the last three days."""
MAIN = "caliber"
"""Source with two articles in five; the others have numbers."""

RECENT_STEP = timedelta(weeks=8) // RECENT
OLD_STEP = timedelta(minutes=5)
RUN_STEP = timedelta(hours=1)


def fill(store: Store, articles: int) -> None:
    """Insert all rows of a database of `articles` articles, and gather the statistics of the planner."""
    with store.write() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA cache_size = -500000")  # the keys of URLs come in no order
        _add_sources(connection)
        connection.execute(text(_runs(connection, articles)))
        for table, columns, where in _TABLES:
            connection.execute(text(_insert(connection, table, columns, where, articles)))
        _raise_sequences(connection)
        connection.exec_driver_sql("ANALYZE")


def _add_sources(connection: Connection) -> None:
    names = [MAIN, *(f"s{number:02}" for number in range(1, SOURCES))]
    empty = {"terms": "", "timezone": "Asia/Baku"}
    connection.execute(
        insert(sources), [{"name": name, "title": name, "home": f"https://{name}.example", **empty} for name in names]
    )
    polled = {"validators_trusted": True, "consecutive_failures": 0, "polled_at": END, "last_success_at": END}
    connection.execute(
        insert(channels),
        [
            {"id": number, "source": name, "url": f"https://{name}.example/rss.xml", **polled}
            for number, name in enumerate(names, 1)
        ],
    )
    planned = {"next_poll_at": END + timedelta(hours=1), "interval": timedelta(hours=1), "reason": "of the benchmark"}
    connection.execute(insert(schedules), [{"source": name, **planned} for name in names])
    watch = {"id": 1, "name": "gas", "query": "gas", "target": "json://127.0.0.1:9", "timezone": "UTC"}
    watch |= {"delivery_mode": DeliveryMode.IMMEDIATE, "created_at": END, "last_article_id": 10**9}
    connection.execute(insert(saved_searches), watch)


_OTHERS = SOURCES - 1
_OTHER = f"'s' || substr('0' || (i % {_OTHERS} + 1), length('0' || (i % {_OTHERS} + 1)) - 1)"
_SOURCE = f"CASE WHEN i % 5 < 2 THEN '{MAIN}' ELSE {_OTHER} END"
_URL = f"'https://' || {_SOURCE} || '.example/post/a-headline-of-some-words-' || i"
_TEXT = "Ministers met in the capital and agreed on a paper. "
_BODY = (_TEXT * (BODY // len(_TEXT) + 1))[:BODY]

_TABLES: tuple[tuple[str, dict[str, str], str], ...] = (
    (
        "articles",
        {
            "id": "i",
            "source": _SOURCE,
            "url": _URL,
            "language": "'en'",
            "section": "CASE WHEN i % 3 = 0 THEN 'economy' ELSE 'politics' END",
            "title": "'Round ' || i || ' of the talks in the capital'",
            "body": f"'{_BODY}' || i",
            "published_at": "{at}",
            "published_precision": "'minute'",
            "view_count": "i % 5000",
            "image_url": "'https://media.example/' || i",
            "content_hash": "'hash-of-thirty-two-characters-' || i",
            "problems": "'[]'",
            "first_seen_at": "{at}",
            "last_seen_at": "{at}",
            "stored_at": "{at}",
            "fetched_at": "{at}",
            "revised_at": "CASE WHEN i % 20 = 0 THEN {at} END",
            "parser_version": "1",
            "recrawl_at": "CASE WHEN {age} < 86400 THEN {later} END",
        },
        "",
    ),
    (
        "article_sections",
        {"article_id": "i", "position": "1", "section": "'politics'", "published_at": "{at}"},
        "i % 3 > 0",
    ),
    (
        "links",
        {
            "id": "i",
            "source": _SOURCE,
            "url": _URL,
            "title": "'Round ' || i || ' of the talks in the capital'",
            "published_at": "{at}",
            "sections": "'|politics|'",
            "language": "'en'",
            "first_listed_at": "{at}",
            "last_listed_at": "{at}",
            "outcome": "'stored'",
            "failed_attempts": "0",
            "parsed_at": "{at}",
            "article_id": "i",
        },
        "",
    ),
    (
        "links",
        {
            "id": "{articles} + i",
            "source": f"'{MAIN}'",
            "url": f"'https://{MAIN}.example/post/that-waits-' || i",
            "sections": "''",
            "first_listed_at": "{at}",
            "last_listed_at": "{at}",
            "outcome": "'pending'",
            "failed_attempts": "1",
            "next_attempt_at": "{later}",
        },
        f"i > {{articles}} - {PENDING}",
    ),
    (
        "listings",
        {
            "link_id": "i",
            "channel_id": f"CASE WHEN i % 5 < 2 THEN 1 ELSE i % {_OTHERS} + 2 END",
            "first_listed_at": "{at}",
            # What the channels list at the end of the time: the newest fifty.
            "last_listed_at": "CASE WHEN i > {articles} - 50 THEN {end} ELSE {at} END",
        },
        "",
    ),
    *(
        (
            "fetches",
            {
                "link_id": "i",
                "run_id": "i",
                "fetched_at": at,
                "purpose": f"'{purpose}'",
                "result": f"'{result}'",
                "reason": f"'{result}'",
                "http_status": "200",
                "byte_count": "40000",
                "view_count": "i % 5000",
            },
            "",
        )
        for at, purpose, result in (("{at}", "new", "new"), ("{later}", "recrawl", "unchanged"))
    ),
    *(
        ("view_readings", {"article_id": "i", "measured_at": at, "view_count": count}, "")
        for at, count in (("{at}", "i % 500"), ("{later}", "i % 5000"))
    ),
    (
        "revisions",
        {
            "article_id": "i",
            "revision_number": "1",
            "title": "'Round ' || i",
            "body": f"'{_BODY}'",
            "sections": "'|politics|'",
            "published_at": "{at}",
            "content_hash": "'before-' || i",
            "seen_from": "{at}",
            "seen_until": "{later}",
            "edit_kind": "'minor'",
            "is_stealth": "FALSE",
        },
        "i % 20 = 0",
    ),
    *(
        (
            "events",
            {
                "source": _SOURCE,
                "kind": f"'{kind}'",
                "subject": _URL,
                "details": "'{{}}'",
                "opened_at": "{at}",
                "closed_at": "{at}",
                "open_notified_at": notified,
                "close_notified_at": notified,
            },
            f"i % 20 = {number}",
        )
        for number, (kind, notified) in enumerate((("edited", "NULL"), ("crawl_killed", "{at}")))
    ),
    (
        "alerts",
        {
            "key": "'watch:1:article:' || i",
            "target_hash": "'hash'",
            "title": "'Title'",
            "body": "'Body'",
            "created_at": "{at}",
            "attempts": "1",
            "next_attempt_at": "{at}",
            "delivered_at": "{at}",
            "saved_search_id": "1",
            "article_id": "i",
        },
        "i % 20 = 0",
    ),
)
"""Table, expression by column, and condition of each statement, over the numbers `i` of the articles."""


def _insert(connection: Connection, table: str, columns: dict[str, str], where: str, articles: int) -> str:
    recent, old = (int(step.total_seconds()) for step in (RECENT_STEP, OLD_STEP))
    behind = f"({articles} - i)"
    age = f"(CASE WHEN {behind} < {RECENT} THEN {behind} * {recent} ELSE {RECENT * recent} + {behind} * {old} END)"
    end = int(END.timestamp())
    words = {
        "age": age,
        "articles": articles,
        "end": _moment(connection, str(end)),
        "at": _moment(connection, f"{end} - {age} - 3600"),
        "later": _moment(connection, f"{end} - {age} + 3600"),
    }
    values = ", ".join(columns.values()).format_map(words)
    condition = f" WHERE {where.format_map(words)}" if where else ""
    return _over_numbers(f"{table} ({', '.join(columns)})", f"{values} FROM numbers{condition}", articles)


def _runs(connection: Connection, articles: int) -> str:
    """Write the crawls of the last three days, and as many older ones as there are articles; one in ten has failed."""
    count = articles + RECENT_RUNS * SOURCES
    ended = f"{int(END.timestamp())} - ({count} - i) / {SOURCES} * {int(RUN_STEP.total_seconds())}"
    began, finished = _moment(connection, f"{ended} - 60"), _moment(connection, ended)
    zeros = ", ".join(["0"] * 8)
    columns = (
        "id, source, trigger, status, started_at, finished_at, heartbeat_at, process_id, host, pid, listed_count,"
        " new_count, revised_count, unchanged_count, view_update_count, filtered_count, failed_count, gone_count,"
        " pending_count, request_count, byte_count"
    )
    source = (
        f"CASE WHEN i % {SOURCES} = 0 THEN '{MAIN}' ELSE {_OTHER.replace(f'i % {_OTHERS} + 1', f'i % {SOURCES}')} END"
    )
    status = f"CASE WHEN i / {SOURCES} % 10 = 5 THEN 'failed' ELSE 'succeeded' END"
    values = f"i, {source}, 'scheduled', {status}, {began}, {finished}, {finished}, 'run-' || i, 'newsroom', 1, 24"
    return _over_numbers(f"crawl_runs ({columns})", f"{values}, {zeros}, 2, 30000 FROM numbers", count)


def _over_numbers(into: str, values: str, count: int) -> str:
    first = "SELECT CAST(1 AS BIGINT)"  # PostgreSQL's INTEGER does not hold the seconds of ten million steps
    numbers = f"WITH RECURSIVE numbers (i) AS ({first} UNION ALL SELECT i + 1 FROM numbers WHERE i < {count})"
    return f"INSERT INTO {into} {numbers} SELECT {values}"


def _moment(connection: Connection, seconds: str) -> str:
    """Write a time, given in seconds since 1970, as the database keeps it."""
    if connection.dialect.name == "postgresql":
        return f"to_timestamp({seconds})"
    return f"strftime('%Y-%m-%d %H:%M:%f000', {seconds}, 'unixepoch')"


def _raise_sequences(connection: Connection) -> None:
    """Let PostgreSQL number new rows after those that came with their ids."""
    if connection.dialect.name != "postgresql":
        return
    for table in ("articles", "links", "crawl_runs", "channels", "saved_searches"):
        assert table in METADATA.tables
        connection.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        )
