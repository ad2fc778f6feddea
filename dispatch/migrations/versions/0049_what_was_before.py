"""What a resident's record held before each change, sealed under her own data key."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "resident_before",
        sa.Column("resident_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=True),
        sa.Column("sensitive", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name="fk_resident_before_resident_id"),
        sa.PrimaryKeyConstraint("resident_id", "version", name="pk_resident_before"),
    )
