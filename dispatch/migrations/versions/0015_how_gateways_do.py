"""How each SMS gateway does, and how many SMS it was handed lately."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateway_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("worked_at", UTCDateTime(), nullable=True),
        sa.Column("failing_since", UTCDateTime(), nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["centre_id"], ["centre.id"], name=op.f("fk_gateway_state_centre_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_state")),
        sa.UniqueConstraint("centre_id", "name", name=op.f("uq_gateway_state_centre_id_name")),
    )
    with op.batch_alter_table("attempt") as batch:
        batch.create_index("ix_attempt_pace", ["via", "handed_over_at"], unique=False)
