"""Run by Alembic. The connection comes with its transaction already begun: whoever gave it commits."""

from alembic import context
from sqlmodel import SQLModel

import dispatch.models  # noqa: F401  the tables
import registry.models  # noqa: F401

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
