"""A call made again without knowing stays a double, whatever is heard of it later."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("attempt") as batch:
        batch.add_column(sa.Column("repeated", sa.Boolean(), nullable=True))
    op.execute("UPDATE attempt SET repeated = false")
    op.execute("UPDATE attempt SET repeated = true, result = 'unknown' WHERE result = 'repeated'")
    with op.batch_alter_table("attempt") as batch:
        batch.alter_column("repeated", existing_type=sa.Boolean(), nullable=False)
