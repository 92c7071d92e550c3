"""Record the view counts that lists print beside articles which are stored already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, update

from storage.database.engine import upsert_insert_for
from storage.database.tables import articles, view_readings
from storage.model.records import KnownLink, Link

_UPDATE_COUNT = update(articles).where(articles.c.id == bindparam("row_id")).values(view_count=bindparam("count"))


def record_listed_views(
    connection: Connection, listed: Mapping[str, Link], known: Mapping[str, KnownLink], *, now: datetime
) -> None:
    """Add a reading of each listed article that has a count and is stored, and make it the article's last count."""
    counts = {
        article_id: link.view_count
        for url, link in listed.items()
        if link.view_count is not None and url in known and (article_id := known[url].article_id) is not None
    }
    if not counts:
        return
    readings = [
        {"article_id": article_id, "measured_at": now, "view_count": count}
        for article_id, count in sorted(counts.items())
    ]
    connection.execute(upsert_insert_for(connection.dialect.name, view_readings).on_conflict_do_nothing(), readings)
    connection.execute(_UPDATE_COUNT, [{"row_id": row["article_id"], "count": row["view_count"]} for row in readings])
