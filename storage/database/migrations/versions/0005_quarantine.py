"""Links that are being parsed, and those of which a parser died"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("links", sa.Column("parsing_run_id", sa.Integer(), nullable=True))
    op.add_column("links", sa.Column("parser_deaths", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("links", sa.Column("quarantined_at", sa.DateTime(timezone=True), nullable=True))
    quarantined = sa.text("quarantined_at IS NOT NULL")
    op.create_index("ix_links_quarantined", "links", ["source"], sqlite_where=quarantined, postgresql_where=quarantined)
