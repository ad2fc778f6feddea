"""A merchant's record suspends it by rule, for a time; what it writes about its record is read."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from dispatch.migrations.words import has_words_now

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

RULE_KINDS = (
    *("matching_weights", "offer_policy", "policies", "ladder", "quiet_hours", "survey", "care", "outgoing_brake"),
    *("recording", "presence_policy", "daily_proof", "heartbeat", "targets", "working_days", "records"),
)
READINGS = (
    *("unread", "accept", "decline", "on_the_way", "at_the_door", "done", "call_me", "not_understood", "which"),
    *("unknown_code", "too_late", "stranger", "repeated", "record", "dispute"),
)


def upgrade() -> None:
    with op.batch_alter_table("merchant") as batch:
        batch.add_column(sa.Column("suspended_until", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("suspended_by_rule", sa.Boolean(), nullable=True))
    op.execute("UPDATE merchant SET suspended_by_rule = false")
    with op.batch_alter_table("merchant") as batch:
        batch.alter_column("suspended_by_rule", existing_type=sa.Boolean(), nullable=False)
    with op.batch_alter_table("rule") as batch:
        has_words_now(batch, "rule", "kind", "rulekind", RULE_KINDS)
    with op.batch_alter_table("inbound") as batch:
        has_words_now(batch, "inbound", "reading", "inboundreading", READINGS)
    op.create_index("ix_offer_record", "offer", ["merchant_id", "offered_at"])
    op.create_index("ix_visit_record", "visit", ["merchant_id", "promised_at"])
