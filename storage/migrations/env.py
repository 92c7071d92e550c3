"""Alembic's entry: the steps run on the connection, and in the transaction, that the caller brings."""

from alembic import context

from storage.models import Model

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Model.metadata,
    render_as_batch=True,
)
context.run_migrations()
