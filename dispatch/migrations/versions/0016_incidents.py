"""Cases of one cause are gathered under an incident, whose residents are told how far it is."""

import sqlalchemy as sa
from alembic import op

from dispatch.migrations.words import has_words, has_words_now

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TURNS = ("operator", "supervisor", "merchant", "incident", "nobody")
TIMER_KINDS = (
    *("offer_expires", "arrival_due", "finish_due", "wanted_soon", "progress_call", "ladder_step", "responder_due"),
    *("survey_due", "care_due", "after_call", "call_back_due", "phone_again", "near_limit", "case_due"),
    *("join_incident", "incident_news", "settle_incident", "red_limit"),
)
MESSAGE_KINDS = (
    *("offer", "job_details", "offer_withdrawn", "reply", "visit_news", "progress", "ladder", "survey", "care"),
    *("incident_news", "notice"),
)
RULE_KINDS = (
    *("matching_weights", "offer_policy", "policies", "ladder", "quiet_hours", "survey", "care", "outgoing_brake"),
    *("recording", "presence_policy", "daily_proof", "heartbeat", "targets", "working_days", "records", "incidents"),
)
READINGS = (
    *("unread", "accept", "decline", "on_the_way", "at_the_door", "done", "proof_wanted", "wrong_word", "call_me"),
    *("not_understood", "which", "unknown_code", "too_late", "stranger", "repeated", "record", "still", "well"),
    "dispute",
)


def upgrade() -> None:
    with op.batch_alter_table("case") as batch:
        batch.add_column(sa.Column("incident", sa.Boolean(), nullable=True))
        batch.add_column(sa.Column("news", sa.String(length=32), nullable=True))
        has_words(batch, "case", "news", "incidentnews", ["known", "coming", "over"])
        has_words_now(batch, "case", "turn", "turn", TURNS)
    op.execute('UPDATE "case" SET incident = false')
    with op.batch_alter_table("case") as batch:
        batch.alter_column("incident", existing_type=sa.Boolean(), nullable=False)
        batch.create_index("ix_case_parent_id", ["parent_id"])
    with op.batch_alter_table("timer") as batch:
        has_words_now(batch, "timer", "kind", "timerkind", TIMER_KINDS)
    with op.batch_alter_table("message") as batch:
        has_words_now(batch, "message", "kind", "messagekind", MESSAGE_KINDS)
    with op.batch_alter_table("rule") as batch:
        has_words_now(batch, "rule", "kind", "rulekind", RULE_KINDS)
    with op.batch_alter_table("inbound") as batch:
        has_words_now(batch, "inbound", "reading", "inboundreading", READINGS)
