"""What the telephone side needs: call-backs, gaps, ladders, care calls, recordings, orders to the exchange."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from dispatch.migrations.words import has_words, has_words_now

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


# All the words of each `choice` that has new ones, as of this revision.
SUBJECTS = (
    *("call", "case", "offer", "visit", "message", "resident", "merchant", "operator", "exchange"),
    *("ladder", "care_plan", "care_check"),
)
RULE_KINDS = (
    *("matching_weights", "offer_policy", "ladder", "quiet_hours", "survey", "care", "outgoing_brake"),
    *("recording", "presence_policy"),
)
TIMER_KINDS = (
    *("offer_expires", "arrival_due", "finish_due", "wanted_soon", "progress_call"),
    *("ladder_step", "responder_due", "survey_due", "care_due", "after_call", "call_back_due"),
)
MESSAGE_KINDS = ("offer", "job_details", "offer_withdrawn", "reply", "progress", "ladder", "survey", "care")
LEG_ROLES = ("caller", "operator", "called", "third", "supervisor")
BREAK_REASONS = ("meal", "rest", "meeting", "training", "errand")
CALL_ENDS = (
    *("answered", "abandoned", "timed_out", "cut_off"),
    *("call_back", "message", "ordered", "not_reached"),
)
OPEN_CALL_BACK = sa.text("call_back IS NOT NULL AND state NOT IN ('closed', 'cancelled')")


def upgrade() -> None:
    _new_tables()
    _clocks()
    _calls_nobody_has_dealt_with()
    _calls()
    _cases()
    _others()


def _new_tables() -> None:
    op.create_table(
        "mirrored",
        sa.Column("exchange", sa.String(length=32), nullable=False),
        sa.Column("family", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("exchange", "family", "key", name=op.f("pk_mirrored")),
    )
    op.create_table(
        "gap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("exchange", sa.String(length=32), nullable=False),
        sa.Column("began_at", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("to_call_back", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["centre_id"], ["centre.id"], name=op.f("fk_gap_centre_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap")),
    )
    op.create_index("ix_gap_until", "gap", ["centre_id", "until"], unique=False)
    op.create_table(
        "care_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("resident_id", sa.Integer(), nullable=False),
        sa.Column("local_time", sa.Time(), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("on_holidays", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("active", "ended", name="planstate", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_care_plan_area_id")),
        sa.ForeignKeyConstraint(["centre_id"], ["centre.id"], name=op.f("fk_care_plan_centre_id")),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_care_plan_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_plan")),
    )
    op.create_index("ix_care_plan_resident_id", "care_plan", ["resident_id"], unique=False)
    op.create_table(
        "care_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("call_until", UTCDateTime(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "calling",
                "well",
                "talk",
                "not_reached",
                "missed",
                "skipped",
                "called_off",
                name="checkstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_care_check_area_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_care_check_case_id")),
        sa.ForeignKeyConstraint(["centre_id"], ["centre.id"], name=op.f("fk_care_check_centre_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["care_plan.id"], name=op.f("fk_care_check_plan_id")),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_care_check_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_check")),
        sa.UniqueConstraint("plan_id", "due_at", name=op.f("uq_care_check_plan_id_due_at")),
    )
    op.create_index(
        "uq_care_check_calling",
        "care_check",
        ["resident_id"],
        unique=True,
        sqlite_where=sa.text("state = 'calling'"),
        postgresql_where=sa.text("state = 'calling'"),
    )
    op.create_table(
        "ladder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "climbing",
                "acknowledged",
                "over",
                name="ladderstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("acknowledged_at", UTCDateTime(), nullable=True),
        sa.Column("operator_id", sa.Integer(), nullable=True),
        sa.Column("ladder_call_id", sa.Integer(), nullable=True),
        sa.Column("arrival_due_at", UTCDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_ladder_area_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_ladder_case_id")),
        sa.ForeignKeyConstraint(["centre_id"], ["centre.id"], name=op.f("fk_ladder_centre_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name=op.f("fk_ladder_operator_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["rule.id"], name=op.f("fk_ladder_rule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ladder")),
    )
    op.create_index(
        "uq_ladder_case",
        "ladder",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'over'"),
        postgresql_where=sa.text("state <> 'over'"),
    )
    op.create_table(
        "phone_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("exchange", sa.String(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "take",
                "hold",
                "resume",
                "hand_over",
                "bring_in",
                "drop",
                "hang_up",
                "dial",
                "listen",
                "presence",
                name="orderkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("operator_id", sa.Integer(), nullable=True),
        sa.Column("call_id", sa.Integer(), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "wanted",
                "handed_over",
                "done",
                "failed",
                name="orderstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_phone_order_call_id")),
        sa.ForeignKeyConstraint(["centre_id"], ["centre.id"], name=op.f("fk_phone_order_centre_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name=op.f("fk_phone_order_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_order")),
    )
    op.create_index("ix_phone_order_call_id", "phone_order", ["call_id"], unique=False)
    op.create_index("ix_phone_order_due", "phone_order", ["exchange", "state"], unique=False)
    op.create_table(
        "recording",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("exchange", sa.String(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "conversation", "message", name="recordingkind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("file", sa.String(length=200), nullable=False),
        sa.Column("began_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=False),
        sa.Column("removed_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_recording_call_id")),
        sa.ForeignKeyConstraint(["centre_id"], ["centre.id"], name=op.f("fk_recording_centre_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        sa.UniqueConstraint("exchange", "file", name=op.f("uq_recording_exchange_file")),
    )
    op.create_index("ix_recording_call_id", "recording", ["call_id"], unique=False)
    op.create_index("ix_recording_kept", "recording", ["removed_at", "ended_at"], unique=False)
    op.create_table(
        "ladder_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ladder_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column(
            "rung",
            sa.Enum(
                "operators",
                "supervisor",
                "on_call",
                "contacts",
                name="rung",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column(
            "answer",
            sa.Enum("going", "cannot", name="ladderanswer", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_ladder_call_contact_id")),
        sa.ForeignKeyConstraint(["ladder_id"], ["ladder.id"], name=op.f("fk_ladder_call_ladder_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_ladder_call_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ladder_call")),
        sa.UniqueConstraint("message_id", name=op.f("uq_ladder_call_message_id")),
    )
    op.create_index("ix_ladder_call_ladder", "ladder_call", ["ladder_id"], unique=False)


def _clocks() -> None:
    with op.batch_alter_table("timer") as batch:
        has_words_now(batch, "timer", "kind", "timerkind", TIMER_KINDS)
        has_words_now(batch, "timer", "subject", "subject", SUBJECTS)


def _calls_nobody_has_dealt_with() -> None:
    """Until here an unanswered call was itself before the operators; from here on a case to call back is.

    The clocks set here let the service open those cases at its first ticks, in small transactions of its own.
    """
    op.execute(
        "INSERT INTO timer (centre_id, kind, subject, subject_id, due_at, state, tries)"
        " SELECT centre_id, 'call_back_due', 'call', id, ended_at, 'armed', 0 FROM call"
        " WHERE state = 'ended' AND settled_at IS NULL AND \"end\" IN ('abandoned', 'timed_out', 'cut_off')"
        " ORDER BY ended_at"
    )


def _calls() -> None:
    with op.batch_alter_table("call") as batch:
        batch.add_column(sa.Column("direction", sa.String(length=32), nullable=True))
        batch.add_column(sa.Column("taken_by_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("taken_at", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("held_since", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("silent_at", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("choice", sa.String(length=32), nullable=True))
        batch.add_column(sa.Column("choice_digit", sa.String(length=1), nullable=True))
    op.execute("UPDATE call SET direction = 'in', choice_digit = ''")
    with op.batch_alter_table("call") as batch:
        batch.alter_column("direction", existing_type=sa.String(length=32), nullable=False)
        batch.alter_column("choice_digit", existing_type=sa.String(length=1), nullable=False)
        batch.create_foreign_key(op.f("fk_call_taken_by_id"), "operator", ["taken_by_id"], ["id"])
        batch.drop_index("ix_call_unsettled")
        batch.drop_column("settled_at")
        has_words(batch, "call", "direction", "direction", ["in", "out"])
        has_words(batch, "call", "choice", "choice", ["call_back", "message", "order"])
        has_words_now(batch, "call", "end", "callend", CALL_ENDS)
    with op.batch_alter_table("case_call") as batch:
        has_words_now(batch, "case_call", "why", "linkwhy", ["opened", "reminder", "about", "call_back"])


def _cases() -> None:
    with op.batch_alter_table("case") as batch:
        batch.add_column(sa.Column("call_back", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("attempts", sa.Integer(), nullable=True))
    op.execute('UPDATE "case" SET attempts = 0')
    with op.batch_alter_table("case") as batch:
        batch.alter_column("attempts", existing_type=sa.Integer(), nullable=False)
        batch.create_index(
            "uq_case_call_back",
            ["centre_id", "call_back"],
            unique=True,
            sqlite_where=OPEN_CALL_BACK,
            postgresql_where=OPEN_CALL_BACK,
        )


def _others() -> None:
    with op.batch_alter_table("access_log") as batch:
        batch.alter_column("resident_id", existing_type=sa.Integer(), nullable=True)

    with op.batch_alter_table("exchange_position") as batch:
        batch.add_column(sa.Column("heard_at", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("recording_stopped_at", UTCDateTime(), nullable=True))

    with op.batch_alter_table("leg") as batch:
        batch.add_column(sa.Column("number", sa.String(length=40), nullable=True))
        batch.add_column(sa.Column("contact_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("merchant_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_leg_contact_id"), "contact", ["contact_id"], ["id"])
        batch.create_foreign_key(op.f("fk_leg_merchant_id"), "merchant", ["merchant_id"], ["id"])
        has_words_now(batch, "leg", "role", "legrole", LEG_ROLES)

    with op.batch_alter_table("message") as batch:
        batch.add_column(sa.Column("resident_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("care_check_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_message_resident_id"), "resident", ["resident_id"], ["id"])
        batch.create_foreign_key(op.f("fk_message_care_check_id"), "care_check", ["care_check_id"], ["id"])
        has_words_now(batch, "message", "kind", "messagekind", MESSAGE_KINDS)

    with op.batch_alter_table("operator") as batch:
        batch.add_column(sa.Column("break_reason", sa.String(length=32), nullable=True))
        batch.add_column(sa.Column("presence_since", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("presence_until", UTCDateTime(), nullable=True))
        has_words(batch, "operator", "break_reason", "breakreason", BREAK_REASONS)

    with op.batch_alter_table("rule") as batch:
        has_words_now(batch, "rule", "kind", "rulekind", RULE_KINDS)
    with op.batch_alter_table("journal", table_kwargs={"sqlite_autoincrement": True}) as batch:
        has_words_now(batch, "journal", "subject", "subject", SUBJECTS)
