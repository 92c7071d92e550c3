"""Crawls that read every channel of their source, from which coverage is computed

What a list had when all of it was read is known; a run that succeeded tells that only if it polled, which one of single
URLs does not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    read = sa.Column("channels_read", sa.Boolean, server_default=sa.false(), nullable=False)
    op.add_column("crawl_runs", read)
    op.execute(
        "UPDATE crawl_runs SET channels_read = TRUE WHERE status = 'succeeded' AND NOT EXISTS"
        " (SELECT 1 FROM fetches WHERE fetches.run_id = crawl_runs.id AND fetches.purpose = 'requested')"
    )
    op.create_index(
        "ix_crawl_runs_channels_read",
        "crawl_runs",
        ["source", "started_at"],
        sqlite_where=sa.text("channels_read = 1"),
        postgresql_where=sa.text("channels_read"),
    )
