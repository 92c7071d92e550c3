"""Alembic's entry: the steps run on the connection, and in the transaction, that the caller brings."""

from alembic import context

from storage.database import daemon_tables, note_tables, tables  # noqa: F401  (their tables join METADATA)
from storage.database.schema import include_object
from storage.database.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    include_name=include_object,
)
context.run_migrations()
