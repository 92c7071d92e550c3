"""Plain words for stored values, and sections as rows"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


VALUES = (
    (
        "events",
        "kind",
        {"back": "restored", "untrusted": "bad_validators", "volatile": "noisy", "killed": "crawl_killed"},
    ),
    ("fetches", "why", {"re-look": "recrawl", "asked": "requested"}),
    (
        "fetches",
        "result",
        {"same": "unchanged", "reread": "reparsed", "suspect": "unconfirmed", "missing": "not found"},
    ),
)


COLUMNS = {
    "articles": {
        "relook_at": "recrawl_at",
        "same_as_id": "duplicate_of_id",
        "reader_version": "parser_version",
        "suspect_hash": "unconfirmed_hash",
        "suspect_at": "unconfirmed_since",
        "last_fetched_at": "fetched_at",
        "published_text": "published_raw",
    },
    "revisions": {
        "number": "revision_number",
        "kind": "edit_kind",
        "undeclared": "is_stealth",
        "published_text": "published_raw",
    },
    "view_readings": {"read_at": "measured_at"},
    "links": {
        "missing_at": "first_404_at",
        "read_at": "parsed_at",
        "attempts": "failed_attempts",
        "reason": "outcome_reason",
        "published_text": "published_raw",
    },
    "channels": {
        "failures": "consecutive_failures",
        "failure": "failure_stage",
        "last_looked_at": "polled_at",
        "last_good_at": "last_success_at",
        "unconditional_at": "last_unconditional_at",
        "fingerprint": "parser_fingerprint",
    },
    "crawl_runs": {
        "same_count": "unchanged_count",
        "recounted_count": "view_update_count",
        "fresh_count": "new_link_count",
        "relook_due_count": "recrawl_due_count",
        "relook_count": "recrawl_count",
        "beat_at": "heartbeat_at",
        "process": "process_start_time",
        "changed": "channels_changed",
    },
    "fetches": {"why": "purpose", "stage": "failure_stage"},
    "events": {"told_at": "open_notified_at", "end_told_at": "close_notified_at"},
    "schedules": {
        "due_at": "next_poll_at",
        "asked_at": "crawl_requested_at",
        "alone": "run_isolated",
        "failures": "consecutive_failures",
    },
    "leases": {"beat_at": "heartbeat_at", "process": "process_start_time"},
    "sources": {"held_until": "rate_limited_until", "held_base": "rate_limited_base_url"},
    "watches": {"telling": "delivery_mode", "seen_article_id": "last_article_id", "told_at": "last_notified_at"},
    "alerts": {"watch_id": "saved_search_id"},
}
TABLES = {"watches": "saved_searches", "search_index": "search_index_state"}
CONSTRAINTS = {
    "articles": {"fk_articles_same_as_id": "fk_articles_duplicate_of_id"},
    "revisions": {"uq_revisions_article_id_number": "uq_revisions_article_id_revision_number"},
    "alerts": {"fk_alerts_watch_id": "fk_alerts_saved_search_id"},
    "saved_searches": {"pk_watches": "pk_saved_searches", "uq_watches_name": "uq_saved_searches_name"},
    "search_index_state": {"pk_search_index": "pk_search_index_state"},
}
"""Constraints named after a renamed table or column, by the new name of their table."""


def upgrade() -> None:
    _stored_values()
    _sections_as_rows()
    _plain_names()


def _plain_names() -> None:
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            op.alter_column(table, old, new_column_name=new)
    for old, new in TABLES.items():
        op.rename_table(old, new)
    _rename_constraints()
    op.drop_index("ix_articles_source_relook_at", "articles")
    op.create_index("ix_articles_source_recrawl_at", "articles", ["source", "recrawl_at"])


def _rename_constraints() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    statements = [
        f"UPDATE sqlite_master SET sql = replace(sql, '{old} ', '{new} ') WHERE type = 'table' AND name = '{table}'"  # noqa: S608
        if is_sqlite
        else f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}"
        for table, names in CONSTRAINTS.items()
        for old, new in names.items()
    ]
    if is_sqlite:  # it cannot rename a constraint, and to build `saved_searches` anew would empty references to it
        statements = ["PRAGMA writable_schema = ON", *statements, "PRAGMA writable_schema = RESET"]
    for statement in statements:
        op.execute(statement)


def _stored_values() -> None:
    for table, column, values in VALUES:
        changed = sa.column(column, sa.Text())
        renamed = sa.case(values, value=changed)
        op.execute(sa.update(sa.table(table, changed)).where(changed.in_(list(values))).values({column: renamed}))


COVERING = {
    "ix_articles_published_at_id": ["published_at", "id"],
    "ix_articles_source_published_at_id": ["source", "published_at", "id"],
}


def _sections_as_rows() -> None:
    """Move `articles.sections`, kept as `|politics|economy|`, to a table of its own."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    text = sa.Text() if is_sqlite else sa.Text(collation="C")
    op.create_table(
        "article_sections",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("section", text, nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_sections_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "position", name=op.f("pk_article_sections")),
        sqlite_with_rowid=False,
    )
    op.execute(SPLIT_ON_SQLITE if is_sqlite else SPLIT_ON_POSTGRESQL)
    # A section that the article was stored under though its page does not name it has position 0.
    op.execute(
        "INSERT INTO article_sections (article_id, section, position, published_at)"
        " SELECT id, replace(section, '|', '/'), 0, published_at FROM articles WHERE section <> '' AND NOT EXISTS"
        " (SELECT 1 FROM article_sections named"
        " WHERE named.article_id = id AND named.section = replace(articles.section, '|', '/'))"
    )
    op.create_index(
        "ix_article_sections_section_published_at_article_id",
        "article_sections",
        ["section", "published_at", "article_id"],
    )
    for name, columns in COVERING.items():
        op.drop_index(name, "articles")
        op.create_index(name, "articles", [*columns, "section", "language"])
    op.drop_column("articles", "sections")
    if is_sqlite:
        _rename_column_of_index()


SPLIT_ON_SQLITE = """
INSERT INTO article_sections (article_id, section, position, published_at)
WITH RECURSIVE named (id, published_at, section, rest, position) AS (
    SELECT id, published_at, NULL, substr(sections, 2), 0 FROM articles WHERE sections LIKE '|%|'
    UNION ALL
    SELECT id, published_at, substr(rest, 1, instr(rest, '|') - 1), substr(rest, instr(rest, '|') + 1), position + 1
    FROM named WHERE rest <> ''
)
SELECT id, section, min(position), min(published_at) FROM named WHERE section <> '' GROUP BY id, section
"""
SPLIT_ON_POSTGRESQL = """
INSERT INTO article_sections (article_id, section, position, published_at)
SELECT id, named.name, min(named.place), published_at
FROM articles, unnest(string_to_array(trim(both '|' from sections), '|')) WITH ORDINALITY AS named (name, place)
WHERE named.name <> '' GROUP BY id, named.name
"""


def _rename_column_of_index() -> None:
    """Name the column of the full-text index after `articles.section`: FTS5 reads `articles` by the names it declares.

    The names are in the declaration alone, so that nothing has to be indexed anew.
    """
    op.execute("PRAGMA writable_schema = ON")
    op.execute("UPDATE sqlite_master SET sql = replace(sql, ' sections,', ' section,') WHERE name = 'articles_fts'")
    op.execute("PRAGMA writable_schema = RESET")
