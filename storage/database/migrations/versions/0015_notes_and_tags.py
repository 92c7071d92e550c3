"""Notes and tags of readers, apart from what a site said"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sa.Text() if op.get_bind().dialect.name == "sqlite" else sa.Text(collation="C")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("text", text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_notes_article_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index("ix_notes_article_id", "notes", ["article_id"])
    op.create_table(
        "tags",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("tag", text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_tags_article_id")),
        sa.PrimaryKeyConstraint("article_id", "tag", name=op.f("pk_tags")),
    )
    op.create_index("ix_tags_tag_article_id", "tags", ["tag", "article_id"])
