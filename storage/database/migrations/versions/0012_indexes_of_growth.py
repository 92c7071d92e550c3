"""Indexes of what is asked at every poll, health check and status, however many rows are stored

Each serves the statement named beside it, which read or sorted all rows of a source or of a table before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The newest pages of a source (drift), and the articles stored since a time (status, detection latency).
    op.create_index("ix_articles_source_stored_at", "articles", ["source", "stored_at"])
    # The links listed in the last weeks (silence, publication rates).
    op.create_index("ix_links_source_first_listed_at", "links", ["source", "first_listed_at"])
    # The links that a channel which answers 304 listed last.
    op.create_index("ix_listings_channel_id_last_listed_at", "listings", ["channel_id", "last_listed_at"])
    # The last crawl of a source, by its id, which no clock sets back.
    op.create_index("ix_crawl_runs_source_id", "crawl_runs", ["source", "id"])
    # The first and the last successful crawl of a source, however many failed before or since.
    op.create_index("ix_crawl_runs_source_status_id", "crawl_runs", ["source", "status", "id"])
    # The pages that a crawl which died had marked; few rows, for the marks are removed as pages are parsed.
    marked = sa.text("parsing_run_id IS NOT NULL")
    op.create_index(
        "ix_links_parsing_run_id", "links", ["parsing_run_id"], sqlite_where=marked, postgresql_where=marked
    )
    # The events of notified kinds that wait for an alert: looked for every 15 s.
    waiting = sa.text("close_notified_at IS NULL")
    op.create_index("ix_events_unnotified", "events", ["kind"], sqlite_where=waiting, postgresql_where=waiting)
