"""Medicines and allergies beside the health note; lift, lock and dog beside the entrance note."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("medicines", "allergies"):
        op.add_column("resident", sa.Column(name, sa.LargeBinary(), nullable=True))
    op.add_column("resident", sa.Column("lift", sa.Boolean(), nullable=True))
    for name in ("lock", "dog"):
        op.add_column("resident", sa.Column(name, sa.String(80), nullable=False, server_default=""))
    with op.batch_alter_table("resident") as batch:
        for name in ("lock", "dog"):
            batch.alter_column(name, existing_type=sa.String(80), existing_nullable=False, server_default=None)
