"""The daemon's tables"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _what_a_crawl_leaves()
    _schedules()
    _leases()
    _watches()
    _alerts()
    _what_lists_are_asked_by()
    if op.get_bind().dialect.name == "postgresql":
        _as_sqlite_keeps_them()


def _what_lists_are_asked_by() -> None:
    """The two indexes a list by date comes out of know the sections and the language, too."""
    for name, columns in (
        ("ix_articles_published_at_id", ["published_at", "id"]),
        ("ix_articles_source_published_at_id", ["source", "published_at", "id"]),
    ):
        op.drop_index(name, "articles")
        op.create_index(name, "articles", [*columns, "section", "sections", "language"])


LARGE = (
    ("articles", "view_count"),
    ("view_readings", "view_count"),
    ("fetches", "view_count"),
    ("fetches", "byte_count"),
    ("crawl_runs", "byte_count"),
)


def _as_sqlite_keeps_them() -> None:
    """Counts above 2³¹, and the order of code points for every text."""
    for table, column in LARGE:
        op.alter_column(table, column, type_=sa.BigInteger())
    there = sa.inspect(op.get_bind())
    for table in there.get_table_names():
        texts = [column["name"] for column in there.get_columns(table) if isinstance(column["type"], sa.Text)]
        for column in texts:
            op.alter_column(table, column, type_=sa.Text(collation="C"))


def _what_a_crawl_leaves() -> None:
    op.add_column("sources", sa.Column("held_base", sa.Text(), nullable=True))
    for name in ("fresh_count", "relook_due_count", "relook_count"):
        op.add_column("crawl_runs", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("crawl_runs", sa.Column("changed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("events", sa.Column("end_told_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "uq_events_open",
        "events",
        ["source", "kind", "subject"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.add_column("channels", sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=True))
    for name in ("interval", "due_at", "reason"):  # a crawl looks at all channels of a source: it has one schedule
        op.drop_column("channels", name)


def _schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("interval", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("first_failure_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_schedules_source")),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_schedules")),
    )


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("process", sa.Text(), nullable=True),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )


def _watches() -> None:
    op.create_table(
        "watches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("telling", sa.String(length=20), nullable=False),
        sa.Column("digest_every", sa.Float(), nullable=True),
        sa.Column("quiet_from", sa.Text(), nullable=True),
        sa.Column("quiet_until", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_article_id", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watches")),
        sa.UniqueConstraint("name", name=op.f("uq_watches_name")),
    )


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("watch_id", sa.Integer(), nullable=True),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["watch_id"], ["watches.id"], name=op.f("fk_alerts_watch_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_alerts_article_id")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_alerts_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("key", name=op.f("uq_alerts_key")),
    )
    op.create_index("ix_alerts_delivered_at_next_attempt_at", "alerts", ["delivered_at", "next_attempt_at"])
