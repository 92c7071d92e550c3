"""Ids beyond 2**31 on PostgreSQL; those of SQLite hold 63 bits as they are"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COUNTED = (
    *("articles", "revisions", "links", "channels", "crawl_runs", "fetches", "events", "saved_searches", "alerts"),
    "notes",
)
REFERENCES = {
    "articles": ("duplicate_of_id",),
    "article_sections": ("article_id",),
    "revisions": ("article_id",),
    "view_readings": ("article_id",),
    "articles_fts": ("article_id",),
    "links": ("article_id", "parsing_run_id"),
    "listings": ("link_id", "channel_id"),
    "fetches": ("link_id", "run_id"),
    "saved_searches": ("last_article_id",),
    "alerts": ("saved_search_id", "article_id", "event_id"),
    "alert_receipts": ("alert_id",),
    "notes": ("article_id",),
    "tags": ("article_id",),
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in dict.fromkeys((*COUNTED, *REFERENCES)):
        columns = (*(("id",) if table in COUNTED else ()), *REFERENCES.get(table, ()))
        # One statement a table, which is written anew once.
        op.execute(f"ALTER TABLE {table} {', '.join(f'ALTER COLUMN {name} TYPE BIGINT' for name in columns)}")
    for table in COUNTED:
        sequence = op.get_bind().scalar(sa.select(sa.func.pg_get_serial_sequence(table, "id")))
        op.execute(f"ALTER SEQUENCE {sequence} AS BIGINT")
