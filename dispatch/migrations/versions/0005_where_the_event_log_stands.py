"""Where an exchange's event log stands: the time of the last row read, and why it cannot be read."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("exchange_position") as batch:
        batch.add_column(sa.Column("stamp", sa.Float(), nullable=True))
        batch.add_column(sa.Column("cel_problem", sa.String(length=200), nullable=True))
    op.execute("UPDATE exchange_position SET stamp = 0, cel_problem = ''")
    with op.batch_alter_table("exchange_position") as batch:
        batch.alter_column("stamp", existing_type=sa.Float(), nullable=False)
        batch.alter_column("cel_problem", existing_type=sa.String(length=200), nullable=False)
