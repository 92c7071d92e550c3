"""Alembic's entry: the steps run on the connection, and in the transaction, that the caller brings."""

from alembic import context

from storage import duty_models, models  # noqa: F401  (they fill the metadata)
from storage.schema import is_modelled
from storage.tables import Model

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Model.metadata,
    render_as_batch=True,
    include_name=is_modelled,
)
context.run_migrations()
