"""Cases that are alike and have no cause in common are told apart by an operator."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.add_column(sa.Column("apart", sa.Boolean(), nullable=True))
    op.execute('UPDATE "case" SET apart = false')
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.alter_column("apart", existing_type=sa.Boolean(), nullable=False)
