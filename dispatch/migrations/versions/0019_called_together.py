"""In a medical emergency those who can be there first and her own people are called together with the clinic."""

import sqlalchemy as sa
from alembic import op

from dispatch.migrations.words import has_words_now

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

RUNGS = ("operators", "supervisor", "on_call", "contacts", "responders")


def upgrade() -> None:
    with op.batch_alter_table("ladder_call", schema=None) as batch_op:
        has_words_now(batch_op, "ladder_call", "rung", "rung", RUNGS)
        batch_op.add_column(sa.Column("merchant_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("together", sa.Boolean(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_ladder_call_merchant_id"), "merchant", ["merchant_id"], ["id"])
    op.execute("UPDATE ladder_call SET together = false")
    with op.batch_alter_table("ladder_call", schema=None) as batch_op:
        batch_op.alter_column("together", existing_type=sa.Boolean(), nullable=False)
