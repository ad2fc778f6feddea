"""A merchant may carry more jobs at some hours of the day than at others."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("merchant") as batch:
        batch.add_column(sa.Column("capacity_plan", sa.JSON(), nullable=True))
    op.execute("UPDATE merchant SET capacity_plan = '[]'")
    with op.batch_alter_table("merchant") as batch:
        batch.alter_column("capacity_plan", existing_type=sa.JSON(), nullable=False)
