"""What follows when a merchant was not reached is a rule; a number that does not exist is marked as wrong."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from dispatch.migrations.words import has_words_now

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

RULE_KINDS = (
    *("matching_weights", "offer_policy", "policies", "ladder", "quiet_hours", "survey", "care", "outgoing_brake"),
    *("recording", "presence_policy", "daily_proof", "heartbeat", "targets", "working_days", "records", "incidents"),
    "next_steps",
)


def upgrade() -> None:
    with op.batch_alter_table("merchant_number") as batch:
        batch.add_column(sa.Column("wrong_since", UTCDateTime(), nullable=True))
    with op.batch_alter_table("rule") as batch:
        has_words_now(batch, "rule", "kind", "rulekind", RULE_KINDS)
