"""Plain words for stored values"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

EVENT_KINDS = {"back": "restored", "untrusted": "bad_validators", "volatile": "noisy", "killed": "crawl_killed"}


def upgrade() -> None:
    _event_kinds()


def _event_kinds() -> None:
    events = sa.table("events", sa.column("kind", sa.Text()))
    renamed = sa.case(EVENT_KINDS, value=events.c.kind)
    op.execute(sa.update(events).where(events.c.kind.in_(list(EVENT_KINDS))).values(kind=renamed))
