"""The authors of an article, each by name"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    text = sa.Text() if is_sqlite else sa.Text(collation="C")
    op.add_column("articles", sa.Column("authors", text, nullable=True))
    # One name until the page is read again: a byline as printed cannot be split by a rule for all.
    op.execute("UPDATE articles SET authors = '|' || replace(author, '|', '/') || '|' WHERE author <> ''")
