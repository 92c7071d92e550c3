"""A state of delivery for each recipient and each message"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sa.Text() if op.get_bind().dialect.name == "sqlite" else sa.Text(collation="C")
    moment = sa.DateTime(timezone=True)
    op.add_column("alerts", sa.Column("refused_since", moment, nullable=True))
    op.add_column("alerts", sa.Column("given_up_at", moment, nullable=True))
    _hash_targets()
    op.create_table(
        "alert_receipts",
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("receipt", text, nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name=op.f("fk_alert_receipts_alert_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert_id", "receipt", name=op.f("pk_alert_receipts")),
    )
    op.create_table(
        "alert_targets",
        sa.Column("target_hash", text, nullable=False),
        sa.Column("target", text, nullable=False),
        sa.Column("consecutive_failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", moment, nullable=False),
        sa.Column("next_attempt_at", moment, nullable=False),
        sa.Column("error", text, nullable=False),
        sa.PrimaryKeyConstraint("target_hash", name=op.f("pk_alert_targets")),
    )


def _hash_targets() -> None:
    """Replace the URLs of targets by their hashes."""
    alerts = sa.table("alerts", sa.column("target", sa.Text()))
    connection = op.get_bind()
    for target in connection.scalars(sa.select(alerts.c.target).distinct()).all():
        connection.execute(sa.update(alerts).where(alerts.c.target == target).values(target=_hash(target)))
    op.alter_column("alerts", "target", new_column_name="target_hash")


def _hash(target: str) -> str:
    text = target.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(text, salt=b"presswatch target", n=2**13, r=8, p=1, dklen=16).hex()
