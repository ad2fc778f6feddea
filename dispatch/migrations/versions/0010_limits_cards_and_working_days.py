"""Limits have a warning, a yellow card and a red one; a service may have working days as its limit."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from dispatch.migrations.words import has_words, has_words_now

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SUBJECTS = (
    *("call", "case", "offer", "visit", "message", "resident", "merchant", "operator", "exchange"),
    *("ladder", "care_plan", "care_check", "centre", "card"),
)
TIMER_KINDS = (
    *("offer_expires", "arrival_due", "finish_due", "wanted_soon", "progress_call", "ladder_step", "responder_due"),
    *("survey_due", "care_due", "after_call", "call_back_due", "phone_again", "near_limit", "case_due", "red_limit"),
)
MESSAGE_KINDS = (
    *("offer", "job_details", "offer_withdrawn", "reply", "progress", "ladder", "survey", "care", "notice"),
)
RULE_KINDS = (
    *("matching_weights", "offer_policy", "policies", "ladder", "quiet_hours", "survey", "care", "outgoing_brake"),
    *("recording", "presence_policy", "daily_proof", "heartbeat", "targets", "working_days"),
)


def upgrade() -> None:
    _cards()
    with op.batch_alter_table("case") as batch:
        batch.add_column(sa.Column("complex", sa.Boolean(), nullable=True))
        batch.add_column(sa.Column("counts_from", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("due_at", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("late", sa.String(length=32), nullable=True))
        has_words(batch, "case", "late", "lateness", ["near", "yellow", "red"])
    op.execute('UPDATE "case" SET complex = false')
    with op.batch_alter_table("case") as batch:
        batch.alter_column("complex", existing_type=sa.Boolean(), nullable=False)
    with op.batch_alter_table("service") as batch:
        batch.add_column(sa.Column("working_days", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("working_days_complex", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE service SET working_days = 3, working_days_complex = 7 WHERE code IN ('repair', 'information')"
    )
    with op.batch_alter_table("visit") as batch:
        batch.add_column(sa.Column("arrive_by", UTCDateTime(), nullable=True))
    with op.batch_alter_table("timer") as batch:
        has_words_now(batch, "timer", "kind", "timerkind", TIMER_KINDS)
        has_words_now(batch, "timer", "subject", "subject", SUBJECTS)
    with op.batch_alter_table("message") as batch:
        has_words_now(batch, "message", "kind", "messagekind", MESSAGE_KINDS)
    with op.batch_alter_table("rule") as batch:
        has_words_now(batch, "rule", "kind", "rulekind", RULE_KINDS)
    with op.batch_alter_table("journal", table_kwargs={"sqlite_autoincrement": True}) as batch:
        has_words_now(batch, "journal", "subject", "subject", SUBJECTS)


def _cards() -> None:
    op.create_table(
        "card",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=True),
        sa.Column("visit_id", sa.Integer(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=True),
        sa.Column("colour", sa.String(length=32), nullable=False),
        sa.Column("limit", sa.String(length=32), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("given_at", UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("dispute", sa.String(length=1000), nullable=False),
        sa.Column("disputed_at", UTCDateTime(), nullable=True),
        sa.Column("decision", sa.String(length=1000), nullable=False),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("colour IN ('yellow', 'red')", name=op.f("ck_card_cardcolour")),
        sa.CheckConstraint("\"limit\" IN ('arrival', 'finish', 'case')", name=op.f("ck_card_limit")),
        sa.CheckConstraint(
            "state IN ('standing', 'disputed', 'upheld', 'withdrawn')", name=op.f("ck_card_cardstate")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_card_area_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_card_case_id")),
        sa.ForeignKeyConstraint(["centre_id"], ["centre.id"], name=op.f("fk_card_centre_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["operator.id"], name=op.f("fk_card_decided_by_id")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_card_merchant_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_card_offer_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_card_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
    )
    op.create_index("ix_card_case", "card", ["case_id"])
    op.create_index("ix_card_merchant", "card", ["merchant_id", "given_at"])
    op.create_index("uq_card_visit", "card", ["visit_id", "limit", "colour"], unique=True)
