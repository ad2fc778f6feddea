"""How well a resident sees: until somebody says otherwise, well."""

import sqlalchemy as sa
from alembic import op

from dispatch.migrations.words import has_words

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

SIGHTS = ("good", "poor", "blind")


def upgrade() -> None:
    op.add_column("resident", sa.Column("sight", sa.String(32), nullable=False, server_default="good"))
    with op.batch_alter_table("resident") as batch:
        batch.alter_column("sight", existing_type=sa.String(32), existing_nullable=False, server_default=None)
        has_words(batch, "resident", "sight", "sight", SIGHTS)
