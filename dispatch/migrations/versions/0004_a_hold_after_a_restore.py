"""After a restore nothing leaves the house until it is released: holds, and ladders that are held."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from dispatch.migrations.words import has_words_now

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SUBJECTS = (
    *("call", "case", "offer", "visit", "message", "resident", "merchant", "operator", "exchange"),
    *("ladder", "care_plan", "care_check", "centre"),
)
NOT_RELEASED = sa.text("released_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("backup_at", UTCDateTime(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("released_at", UTCDateTime(), nullable=True),
        sa.Column("released_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["centre_id"], ["centre.id"], name=op.f("fk_hold_centre_id")),
        sa.ForeignKeyConstraint(["released_by_id"], ["operator.id"], name=op.f("fk_hold_released_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(
        "uq_hold_centre",
        "hold",
        ["centre_id"],
        unique=True,
        sqlite_where=NOT_RELEASED,
        postgresql_where=NOT_RELEASED,
    )
    with op.batch_alter_table("ladder") as batch:
        has_words_now(batch, "ladder", "state", "ladderstate", ["climbing", "acknowledged", "held", "over"])
    with op.batch_alter_table("timer") as batch:
        has_words_now(batch, "timer", "subject", "subject", SUBJECTS)
    with op.batch_alter_table("journal", table_kwargs={"sqlite_autoincrement": True}) as batch:
        has_words_now(batch, "journal", "subject", "subject", SUBJECTS)
