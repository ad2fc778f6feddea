"""Who goes to the door for a merchant, and when she is away."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("away", sa.Boolean(), nullable=False),
        sa.Column("away_first", sa.Date(), nullable=True),
        sa.Column("away_last", sa.Date(), nullable=True),
        sa.CheckConstraint("away OR (away_first IS NULL AND away_last IS NULL)", name=op.f("ck_staff_member_away")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_staff_member_merchant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_member")),
        sa.UniqueConstraint("merchant_id", "name", name=op.f("uq_staff_member_merchant_id_name")),
    )
