"""An SMS keeps what it was worded from; receipts that came before their message was known wait in a table."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from dispatch.migrations.words import has_words

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SMS_STATES = ("never_seen", "under_way", "sent", "delivered", "failed")


def upgrade() -> None:
    op.create_table(
        "early_receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("reference", sqlmodel.sql.sqltypes.AutoString(length=128), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("received_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_early_receipt")),
        sa.UniqueConstraint("gateway", "reference", "status", name=op.f("uq_early_receipt_gateway_reference_status")),
    )
    with op.batch_alter_table("early_receipt") as batch:
        has_words(batch, "early_receipt", "status", "smsstate", SMS_STATES)
    with op.batch_alter_table("attempt") as batch:
        batch.create_index("ix_attempt_reference", ["via", "reference"], unique=False)
    with op.batch_alter_table("message") as batch:
        batch.add_column(sa.Column("text_key", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=True))
        batch.add_column(sa.Column("text_values", sa.JSON(), nullable=True))
    op.execute("UPDATE message SET text_key = '', text_values = '{}'")
    with op.batch_alter_table("message") as batch:
        batch.alter_column("text_key", existing_type=sa.String(length=40), nullable=False)
        batch.alter_column("text_values", existing_type=sa.JSON(), nullable=False)
