"""Random ids of processes, and the causes of crawls that fail"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sa.Text() if op.get_bind().dialect.name == "sqlite" else sa.Text(collation="C")
    # Rows of before get an empty machine, which is nobody's: their processes are judged by their heartbeat.
    op.add_column("leases", sa.Column("owner_id", text, nullable=False, server_default=sa.text("''")))
    op.add_column("leases", sa.Column("machine", text, nullable=False, server_default=sa.text("''")))
    op.add_column("leases", sa.Column("problem", text, nullable=True))
    op.add_column("crawl_runs", sa.Column("process_id", text, nullable=False, server_default=sa.text("''")))
    op.add_column("crawl_runs", sa.Column("machine", text, nullable=False, server_default=sa.text("''")))
    op.add_column("crawl_runs", sa.Column("failure_cause", sa.String(length=20), nullable=True))
    op.add_column("crawl_runs", sa.Column("stderr_tail", text, nullable=True))
    op.add_column("schedules", sa.Column("local_failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("schedules", sa.Column("local_failure_cause", sa.String(length=20), nullable=True))
    op.add_column("schedules", sa.Column("first_local_failure_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_crawl_runs_process_id", "crawl_runs", ["process_id"])
