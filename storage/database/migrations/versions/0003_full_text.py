"""The full-text index, and what was edited when"""

import sqlalchemy as sa
from alembic import op

from storage.text.analyzer import ANALYZER_VERSION

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# content= names the table that Datasette and sqlite-utils find the index by. What is indexed are the words of our own
# analyser, which the tokenizer only has to take apart at blanks, and leave as they are; unicode61 folds what is typed
# into those two (the ascii one, no faster, would leave Реформы with its capital).
FTS5 = """
CREATE VIRTUAL TABLE articles_fts USING fts5(
    body, title, subtitle, sections, source, language,
    content="articles", content_rowid="id",
    tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co' tokenchars '_'"
)
"""
SETTINGS = (
    # A word in the title counts ten times one in the body, in the subtitle four times; names do not count. The body
    # comes first because what is in the first column takes two bytes less an entry, a third of the index.
    ("rank", "'bm25(1.0, 10.0, 4.0, 0.0, 0.0, 0.0)'"),
    # Each article is a segment of its own at first. Merged by eights instead of fours and on pages that hold one whole,
    # it takes a sixth less time to store; crisismerge must be higher, for what is merged by it is merged at one go.
    ("automerge", "8"),
    ("crisismerge", "64"),
    ("pgsz", "8000"),
)


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute(FTS5)
        for name, value in SETTINGS:
            op.execute(f"INSERT INTO articles_fts (articles_fts, rank) VALUES ('{name}', {value})")  # noqa: S608
    else:
        _vectors()
    _state()
    _what_was_edited()


def _what_was_edited() -> None:
    """Few articles ever are: what asks for them begins with them, and what asks of a past moment sets them apart."""
    op.create_index(
        "ix_articles_revised_at",
        "articles",
        ["revised_at"],
        sqlite_where=sa.text("revised_at IS NOT NULL"),
        postgresql_where=sa.text("revised_at IS NOT NULL"),
    )
    op.create_index("ix_revisions_seen_until_article_id", "revisions", ["seen_until", "article_id"])


def _vectors() -> None:
    # Beside the articles, not in their table: each view count that is written would bring all words to the index anew.
    op.execute(
        "CREATE TABLE articles_fts (article_id INTEGER PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,"
        " vector TSVECTOR NOT NULL)"
    )
    op.execute("CREATE INDEX ix_articles_fts_vector ON articles_fts USING GIN (vector)")


def _state() -> None:
    state = op.create_table(
        "search_index",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("analyser_version", sa.Integer(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_index")),
    )
    # What an older database holds is indexed by `presswatch db upgrade` and `db reindex`, a batch at a time.
    empty = op.get_bind().execute(sa.text("SELECT 1 FROM articles LIMIT 1")).first() is None
    op.bulk_insert(state, [{"id": 1, "analyser_version": ANALYZER_VERSION, "complete": empty}])
