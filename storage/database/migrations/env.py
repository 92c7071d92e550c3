"""Alembic's entry: the steps run on the connection, and in the transaction, that the caller brings."""

from alembic import context

from storage.database import daemon_tables, tables  # noqa: F401  (they fill the metadata)
from storage.database.declarative import Model
from storage.database.schema import include_object

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Model.metadata,
    render_as_batch=True,
    include_name=include_object,
)
context.run_migrations()
