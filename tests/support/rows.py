"""Insert real rows through the tables for tests of queries; columns that a test does not name have defaults."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import delete, insert

from storage.database.article_sections import add_sections, without_sections
from storage.database.tables import METADATA
from storage.model.records import EditKind, FetchPurpose, FetchResult, Outcome, RunStatus, Trigger
from storage.search import index
from storage.store import Store, open_store

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TERMS = "Any use of materials is allowed only if there is a hyperlink to Caliber.az"


def address_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'news.db'}"


@cache
def empty_database() -> bytes:
    """A database as the first command makes it; made once, because the migrations take a while."""
    with TemporaryDirectory() as folder:
        open_store(address_of(Path(folder))).close()
        return (Path(folder) / "news.db").read_bytes()


class Rows:
    """A store, and one short method a kind of row; each returns the id of its row."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.store: Store = open_store(self.database)
        self.source("caliber", title="Caliber.az")

    def _insert(self, table: str, values: dict[str, Any]) -> int:
        with self.store.write() as connection:
            key = connection.execute(insert(METADATA.tables[table]).values(values)).inserted_primary_key
        return int(key[0]) if key and isinstance(key[0], int) else 0

    def clear(self, table: str) -> None:
        with self.store.write() as connection:
            if table == "articles":
                connection.execute(delete(METADATA.tables["article_sections"]))
            connection.execute(delete(METADATA.tables[table]))
            if table == "articles" and connection.dialect.name == "sqlite":
                connection.exec_driver_sql("INSERT INTO articles_fts (articles_fts) VALUES ('delete-all')")

    def source(self, name: str, *, title: str, terms: str = TERMS) -> None:
        facts = {"home": f"https://{name}.az", "timezone": "Asia/Baku"}
        self._insert("sources", {"name": name, "title": title, "terms": terms, **facts})

    def article(self, slug: str, **values: Any) -> int:
        """An article stored at NOON; `slug` makes its address and its title."""
        title = slug.replace("-", " ").capitalize()
        facts: dict[str, Any] = {
            "source": "caliber",
            "url": f"https://caliber.az/en/post/{slug}",
            "language": "en",
            "section": "politics",
            "sections": ("politics",),
            "title": title,
            "body": f"{title}, in full.",
            "published_at": NOON - HOUR,
            "view_count": 100,
            "content_hash": f"hash of {slug}",
            "problems": (),
            "first_seen_at": NOON,
            "last_seen_at": NOON,
            "stored_at": NOON,
            "fetched_at": NOON,
            "parser_version": 1,
        }
        facts |= values
        article_id = self._insert("articles", without_sections(facts))
        with self.store.write() as connection:
            add_sections(connection, [(article_id, facts)])
            index.add(connection, article_id, index.index_document({"subtitle": None} | facts))
        return article_id

    def revision(self, article_id: int, number: int, **values: Any) -> int:
        facts: dict[str, Any] = {
            "title": f"Version {number}",
            "body": f"Body {number}.",
            "sections": ("politics",),
            "content_hash": f"hash {number}",
            "seen_from": NOON + (number - 1) * HOUR,
            "seen_until": NOON + number * HOUR,
            "edit_kind": EditKind.MINOR,
            "is_stealth": False,
        }
        return self._insert("revisions", {"article_id": article_id, "revision_number": number, **facts, **values})

    def readings(self, article_id: int, *counts: int) -> None:
        """View counts an hour apart, the first at NOON."""
        for hours, count in enumerate(counts):
            row = {"article_id": article_id, "measured_at": NOON + hours * HOUR, "view_count": count}
            self._insert("view_readings", row)

    def link(self, url: str, **values: Any) -> int:
        facts: dict[str, Any] = {
            "source": "caliber",
            "sections": (),
            "first_listed_at": NOON,
            "last_listed_at": NOON,
            "outcome": Outcome.PENDING,
            "failed_attempts": 0,
        }
        return self._insert("links", {"url": url, **facts, **values})

    def listing(self, link_id: int, channel: str, **values: Any) -> None:
        """Insert a listing of a link and the row of its channel."""
        state = {"source": "caliber", "url": channel, "validators_trusted": True, "consecutive_failures": 0}
        seen = {"first_listed_at": NOON, "last_listed_at": NOON}
        self._insert("listings", {"link_id": link_id, "channel_id": self._insert("channels", state), **seen, **values})

    def run(self, **values: Any) -> int:
        """A crawl that began at NOON and succeeded within a minute."""
        facts: dict[str, Any] = {
            "source": "caliber",
            "trigger": Trigger.MANUAL,
            "status": RunStatus.SUCCEEDED,
            "started_at": NOON,
            "finished_at": NOON + timedelta(seconds=42),
            "heartbeat_at": NOON,
            "channels_changed": True,
            "host": "newsroom",
            "pid": 4711,
        }
        return self._insert("crawl_runs", facts | values)

    def fetch(self, link_id: int, **values: Any) -> int:
        facts: dict[str, Any] = {"fetched_at": NOON, "purpose": FetchPurpose.NEW, "result": FetchResult.NEW}
        return self._insert("fetches", {"link_id": link_id, **facts, **values})
