"""A merchant may say when it does not keep its week: single days, public holidays, weekends that are worked."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("merchant") as batch:
        batch.add_column(sa.Column("special_hours", sa.JSON(), nullable=True))
    op.execute("UPDATE merchant SET special_hours = '[]'")
    with op.batch_alter_table("merchant") as batch:
        batch.alter_column("special_hours", existing_type=sa.JSON(), nullable=False)
