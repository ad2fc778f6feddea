"""The daily proof and the heartbeat; telephones that are out of the ring."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from dispatch.migrations.words import has_words_now

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIMER_KINDS = (
    *("offer_expires", "arrival_due", "finish_due", "wanted_soon", "progress_call"),
    *("ladder_step", "responder_due", "survey_due", "care_due", "after_call", "call_back_due", "phone_again"),
)
RULE_KINDS = (
    *("matching_weights", "offer_policy", "ladder", "quiet_hours", "survey", "care", "outgoing_brake"),
    *("recording", "presence_policy", "daily_proof", "heartbeat"),
)


def upgrade() -> None:
    with op.batch_alter_table("timer", schema=None) as batch_op:
        has_words_now(batch_op, "timer", "kind", "timerkind", TIMER_KINDS)
    with op.batch_alter_table("rule", schema=None) as batch_op:
        has_words_now(batch_op, "rule", "kind", "rulekind", RULE_KINDS)
    op.create_table(
        "proof",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("exchange", sa.String(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("trunk", "telephone", name="proofkind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column(
            "way",
            sa.Enum(
                "call",
                "auto_answer",
                "qualify",
                name="proofway",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column(
            "problem",
            sa.Enum(
                "busy",
                "no_answer",
                "unreachable",
                "rejected",
                "invalid",
                "congested",
                "failed",
                "not_back",
                "not_queued",
                "not_heard",
                "not_registered",
                "no_result",
                name="proofproblem",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("worked_at", UTCDateTime(), nullable=True),
        sa.Column("needs_since", UTCDateTime(), nullable=True),
        sa.Column("seen_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["centre_id"], ["centre.id"], name=op.f("fk_proof_centre_id")),
        sa.ForeignKeyConstraint(["seen_by_id"], ["operator.id"], name=op.f("fk_proof_seen_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof")),
    )
    with op.batch_alter_table("proof", schema=None) as batch_op:
        batch_op.create_index("ix_proof_newest", ["centre_id", "exchange", "kind", "name", "id"], unique=False)

    with op.batch_alter_table("exchange_position", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proved_at", UTCDateTime(), nullable=True))

    with op.batch_alter_table("mirrored", schema=None) as batch_op:
        batch_op.alter_column(
            "value",
            existing_type=sa.VARCHAR(length=10),
            type_=sa.String(length=24),
            existing_nullable=False,
        )

    with op.batch_alter_table("operator", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phone_changed_at", UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("phone_refuses_since", UTCDateTime(), nullable=True))
