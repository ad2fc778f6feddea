"""A merchant that calls in hears its jobs and reports by key."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from dispatch.migrations.words import has_words_now

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

CALL_ENDS = (
    *("answered", "too_short", "abandoned", "timed_out", "cut_off", "forwarded"),
    *("call_back", "message", "ordered", "reported", "not_reached"),
)
ORDERS = (
    *("take", "hold", "resume", "hand_over", "bring_in", "drop"),
    *("hang_up", "dial", "listen", "presence", "ask"),
)
ABOUT = ("job", "word", "record", "end")


def upgrade() -> None:
    with op.batch_alter_table("call", schema=None) as batch_op:
        has_words_now(batch_op, "call", "end", "callend", CALL_ENDS)
    with op.batch_alter_table("phone_order", schema=None) as batch_op:
        has_words_now(batch_op, "phone_order", "kind", "orderkind", ORDERS)
    op.create_table(
        "call_menu",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=32), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("out", sa.String(length=4), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("key", sa.String(length=8), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("inbound_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_call_menu_call_id")),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], name=op.f("fk_call_menu_inbound_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_call_menu_message_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_call_menu_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_menu")),
        sa.CheckConstraint(sa.column("about").in_(ABOUT), name=op.f("ck_call_menu_about")),
    )
    with op.batch_alter_table("call_menu", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_call_menu_call_id"), ["call_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_call_menu_inbound_id"), ["inbound_id"], unique=False)
