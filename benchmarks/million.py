"""`python -m benchmarks.million FILE [--articles N]`: generate a seeded SQLite database of realistic sizes.

Eight years of three sources in three languages: day and night, weekdays and weekends, several sections an article,
bodies of about 400 words with a long tail, view readings, revisions, articles that are gone, and the links, fetches and
crawls behind them. The tables are made by the program itself. The full-text index stays empty until `prepare()` or
`presswatch db reindex` fills it.
"""

from __future__ import annotations

import argparse
import math
import random
import sqlite3
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from benchmarks.vocabulary import FOREIGN, Language, languages, line, text, topic_of

ARTICLES = 1_000_000
END = datetime.fromisoformat("2026-11-24 12:00")  # UTC, and as SQLite keeps it: without a zone
YEARS = 8
HOURS = YEARS * 365 * 24
BATCH = 5_000
WORKERS = 2

HOUR_SHAPE = (3, 2, 1, 1, 1, 2, 5, 9, 13, 15, 16, 16, 16, 16, 15, 15, 14, 12, 10, 9, 8, 7, 6, 4)
DAY_SHAPE = (1.15, 1.2, 1.2, 1.2, 1.1, 0.55, 0.5)
SOURCES = ("caliber", "varenia", "herald")
SOURCE_SHARE = (5, 3, 2)
LANGUAGE_SHARE = {"en": 60, "ru": 25, "az": 15}
SECTIONS = {
    "politics": 300,
    "economy": 180,
    "world": 160,
    "society": 120,
    "sport": 90,
    "culture": 60,
    "analytics": 40,
    "science": 25,
    "opinion": 12,
    "interview": 8,
    "elections": 4,
    "weather": 0.9,
    "archive": 0.1,
}
"""Number of articles a thousand that have it as their first section."""
MEDIAN_WORDS, SPREAD = 350, 0.5
EDITED, GONE, UNDATED, TO_THE_DAY = 0.04, 0.005, 0.005, 0.01
KINDS = ("minor", "minor", "minor", "numbers", "quote", "title", "substantive", "date moved")
READING_AGES = tuple(timedelta(hours=hours) for hours in (0.25, 1, 3, 6, 12, 24, 48, 168, 720))
RUN_HOURS = 2
RUNS = HOURS // RUN_HOURS  # a source

Row = tuple[Any, ...]
TABLES = {
    "articles": "id, source, url, language, section, title, subtitle, body, description, published_at,"
    " published_raw, published_precision, author, view_count, image_url, content_hash, problems, first_seen_at,"
    " last_seen_at, stored_at, fetched_at, revised_at, gone_at, parser_version, recrawl_at",
    "article_sections": "article_id, position, section, published_at",
    "revisions": "article_id, revision_number, title, body, sections, published_at, content_hash, seen_from,"
    " seen_until, edit_kind, is_stealth",
    "view_readings": "article_id, measured_at, view_count",
    "links": "id, source, url, title, published_at, sections, language, first_listed_at, last_listed_at, outcome,"
    " failed_attempts, parsed_at, article_id",
    "listings": "link_id, channel_id, first_listed_at, last_listed_at",
    "fetches": "link_id, run_id, fetched_at, purpose, result, reason, http_status, byte_count, view_count",
    "events": "source, kind, subject, details, opened_at, open_notified_at, closed_at",
}
Rows = dict[str, list[Row]]


def insert(table: str) -> str:
    """Write the INSERT statement of a table."""
    return f"INSERT INTO {table} ({TABLES[table]}) VALUES ({', '.join('?' * len(TABLES[table].split(',')))})"


def make(file: Path, articles: int) -> None:
    """Generate a new database of `articles` articles; the same at every call."""
    from storage.store import open_store  # here: the processes that make text need none of it

    open_store(f"sqlite:///{file}").close()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        # A crash leaves a file that nobody keeps: it needs no journal.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -2000000", "foreign_keys = OFF"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        _add_sources(connection)
        for rows in _batches(articles):
            for table, values in rows.items():
                connection.executemany(insert(table), values)
        connection.execute("COMMIT")
    open_store(f"sqlite:///{file}").close()  # which sets the journal as the program has it


def _add_sources(connection: sqlite3.Connection) -> None:
    """Insert sources, channels and crawl runs."""
    connection.executemany(
        "INSERT INTO sources (name, title, home, terms, timezone) VALUES (?, ?, ?, ?, 'Asia/Baku')",
        [(name, name.title(), f"https://{name}.example", f"Use with a link to {name.title()}") for name in SOURCES],
    )
    connection.executemany(
        "INSERT INTO channels (id, source, url, validators_trusted, consecutive_failures) VALUES (?, ?, ?, 1, 0)",
        [(place + 1, name, f"https://{name}.example/rss.xml") for place, name in enumerate(SOURCES)],
    )
    connection.executemany(
        "INSERT INTO crawl_runs (id, source, trigger, status, started_at, finished_at, heartbeat_at, host, pid,"
        " listed_count, new_count, revised_count, unchanged_count, view_update_count, filtered_count, failed_count,"
        " gone_count, pending_count, request_count, byte_count)"
        " VALUES (?, ?, 'scheduled', 'succeeded', ?, ?, ?, 'newsroom', 1, 24, 10, 0, 3, 0, 0, 0, 0, 0, 15, 300000)",
        (_run(source, number) for source in range(len(SOURCES)) for number in range(RUNS)),
    )


def _run(source: int, number: int) -> Row:
    began = END - timedelta(hours=HOURS - number * RUN_HOURS)
    ended = sqlite_time(began + timedelta(seconds=42))
    return source * RUNS + number + 1, SOURCES[source], sqlite_time(began), ended, ended


def _batches(articles: int) -> Iterator[Rows]:
    """Generate the batches in order, by several processes that are a few batches ahead of the insertion."""
    starts = iter(range(1, articles + 1, BATCH))
    with ProcessPoolExecutor(WORKERS) as pool:
        waiting: deque[Future[Rows]] = deque()
        while True:
            while len(waiting) < 2 * WORKERS and (start := next(starts, None)) is not None:
                waiting.append(pool.submit(batch, start, min(start + BATCH, articles + 1), articles))
            if not waiting:
                return
            yield waiting.popleft().result()


def batch(start: int, until: int, articles: int) -> Rows:
    """Generate the rows of some articles, `start` inclusive to `until` exclusive; `articles` is the number of all."""
    rows: Rows = {table: [] for table in TABLES}
    for number in range(start, until):
        _article(rows, number, articles)
    return rows


def _article(rows: Rows, number: int, articles: int) -> None:
    """Generate one article and the rows that refer to it."""
    dice = random.Random(number)
    born = published(number / articles)
    seen = min(born + timedelta(seconds=dice.randrange(60, 1500)), END - timedelta(minutes=1))
    source = dice.choices(range(3), SOURCE_SHARE)[0]
    language = dice.choices(list(LANGUAGE_SHARE), list(LANGUAGE_SHARE.values()))[0]
    sections = _sections(dice)
    title, body = title_and_body(dice, language, sections[0])
    listed = f"|{'|'.join(sections)}|"
    url = f"https://{SOURCES[source]}.example/{language}/post/{slug(title)}-{number}"
    readings = _readings(dice, seen)
    edit = next((at for at, _ in readings[1:]), None) if dice.random() < EDITED else None
    gone = sqlite_time(seen + timedelta(days=40)) if dice.random() < GONE else None
    precision, date = _date(dice, born)
    rows["articles"].append((
        number, SOURCES[source], url, language, sections[0], title,
        text(language_of(language), dice, 14), body, text(language_of(language), dice, 25), date,
        f"{born:%d %B %Y, %H:%M}", precision, title.split()[2] if dice.random() < 0.3 else None,
        readings[-1][1], f"https://{SOURCES[source]}.example/media/{number}.jpg", dice.randbytes(32).hex(), "[]",
        sqlite_time(seen), sqlite_time(seen + timedelta(hours=5)), sqlite_time(seen), readings[-1][0], edit, gone, 1,
        sqlite_time(seen + READING_AGES[-1]) if articles - number < articles // 100 else None,
    ))  # fmt: skip
    rows["article_sections"] += [(number, place, name, date) for place, name in enumerate(sections, 1)]
    _add_references(rows, dice, number, source, url, readings, edit, gone, listed)


def _add_references(
    rows: Rows, dice: random.Random, number: int, source: int, url: str, readings: list[tuple[str, int]],
    edit: str | None, gone: str | None, listed: str,
) -> None:  # fmt: skip
    """Generate the link, listing, view readings, fetches, revision and events of the last article of `rows`."""
    article = rows["articles"][-1]
    language, title, body, date, seen, last = (article[place] for place in (3, 5, 7, 9, 17, 18))
    run = source * RUNS + run_of(datetime.fromisoformat(seen)) + 1
    rows["view_readings"] += [(number, at, count) for at, count in readings]
    rows["links"].append(
        (number, SOURCES[source], url, title, date, listed, language, seen, last, "stored", 0, readings[-1][0], number)
    )
    rows["listings"].append((number, source + 1, seen, last))
    for place, (at, count) in enumerate(readings):
        purpose, result = ("recrawl", "revised" if at == edit else "unchanged") if place else ("new", "new")
        rows["fetches"].append((number, run, at, purpose, result, result, 200, 5 * len(body), count))
    if edit is not None:
        kind = dice.choice(KINDS)
        before = body.replace(" ", " not ", 1)
        hashed = dice.randbytes(32).hex()
        is_stealth = dice.random() < 0.7
        rows["revisions"].append((number, 1, title, before, listed, date, hashed, seen, edit, kind, is_stealth))
        rows["events"].append((SOURCES[source], "edited", url, "{}", edit, edit, edit))
    if gone is not None:
        rows["events"].append((SOURCES[source], "gone", url, "{}", gone, gone, gone))


def title_and_body(dice: random.Random, language: str, section: str) -> tuple[str, str]:
    """Generate a title of 60 to 90 characters and a body."""
    words = min(max(round(dice.lognormvariate(math.log(MEDIAN_WORDS), SPREAD)), 40), 4000)
    vocabulary, topic = language_of(language), topic_words(language, section)
    return line(vocabulary, dice, dice.randrange(66, 91), topic), text(vocabulary, dice, words, topic)


def slug(title: str) -> str:
    """Write a title as the last part of a URL."""
    return title.lower().translate(FOREIGN).replace(" ", "-")


@cache
def language_of(language: str) -> Language:
    """Look up the vocabulary of a language code."""
    return languages()[language]


@cache
def topic_words(language: str, section: str) -> list[str]:
    """Choose the words that articles of a section have in common."""
    return topic_of(language_of(language), list(SECTIONS).index(section))


def _sections(dice: random.Random) -> list[str]:
    """Draw the first section by frequency, and none to three more."""
    drawn = dice.choices(list(SECTIONS), list(SECTIONS.values()), k=dice.choice((1, 2, 2, 3, 4)))
    return list(dict.fromkeys(drawn))


def _readings(dice: random.Random, seen: datetime) -> list[tuple[str, int]]:
    """Draw the times of its fetches and the view counts then: when it is first seen and at some of READING_AGES."""
    later = sorted(dice.sample(READING_AGES, dice.choice((0, 1, 2, 3, 3, 4, 5))))
    fame = dice.lognormvariate(4, 1.2)
    ages = (timedelta(minutes=1), *later)
    counted = ((seen + age, round(fame * math.log1p(age / timedelta(minutes=20)))) for age in ages)
    return [(sqlite_time(at), count) for at, count in counted if at <= END]


def _date(dice: random.Random, born: datetime) -> tuple[str | None, str | None]:
    """Draw the precision of the date on a page, and the date itself."""
    share = dice.random()
    if share < UNDATED:
        return None, None
    if share < UNDATED + TO_THE_DAY:
        return "day", sqlite_time(born.replace(hour=0, minute=0, second=0))
    return "minute", sqlite_time(born.replace(second=0))


def published(share: float) -> datetime:
    """Compute the time by which this share of all articles was published, with the hours of the week and growth."""
    bounds = _bounds()
    place = min(share, 1) * bounds[-1]
    hour = min(bisect_right(bounds, place), HOURS - 1)
    before = bounds[hour - 1] if hour else 0.0
    into = (place - before) / (bounds[hour] - before)
    return END - timedelta(seconds=round(3600 * (HOURS - hour - into)))


@cache
def _bounds() -> list[float]:
    """Sum the weights of the hours."""
    return list(accumulate(_weight(END - timedelta(hours=HOURS - hour), hour) for hour in range(HOURS)))


def _weight(moment: datetime, hour: int) -> float:
    return HOUR_SHAPE[moment.hour] * DAY_SHAPE[moment.weekday()] * (1 + hour / HOURS)


def run_of(moment: datetime) -> int:
    """Number the crawl of a source that runs at this time."""
    return min(int((moment - END) / timedelta(hours=RUN_HOURS)) + RUNS, RUNS - 1)


def sqlite_time(moment: datetime) -> str:
    """Write a time as SQLite has it in our tables: text without a zone."""
    return moment.isoformat(" ", "microseconds")


def prepare(file: Path, articles: int, *, full_text: bool) -> None:
    """Generate the database unless the file is there, and fill the full-text index if `full_text`."""
    from storage.search.index import reindex  # here, for the reason in `make`
    from storage.store import open_store

    if not file.exists():
        make(file, articles)
    if full_text:
        with open_store(f"sqlite:///{file}") as store:
            reindex(store)


def main() -> None:
    """Generate a database and print the time it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    chosen = parser.parse_args()
    began = time.perf_counter()
    make(chosen.file, chosen.articles)
    took = time.perf_counter() - began
    print(f"{chosen.articles} articles in {took:.0f} s, {chosen.file.stat().st_size / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
