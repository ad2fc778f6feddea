"""A merchant, and the centre, may say by which channel it is asked at which hour, and how often."""

import sqlalchemy as sa
from alembic import op

from dispatch.migrations.words import has_words_now

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

RULE_KINDS = (
    *("matching_weights", "offer_policy", "policies", "ladder", "quiet_hours", "survey", "care", "outgoing_brake"),
    *("recording", "presence_policy", "daily_proof", "heartbeat", "targets", "working_days", "records", "incidents"),
    *("next_steps", "channel_plan"),
)


def upgrade() -> None:
    with op.batch_alter_table("merchant") as batch:
        batch.add_column(sa.Column("channel_plan", sa.JSON(), nullable=True))
    op.execute("UPDATE merchant SET channel_plan = '[]'")
    with op.batch_alter_table("merchant") as batch:
        batch.alter_column("channel_plan", existing_type=sa.JSON(), nullable=False)
    with op.batch_alter_table("offer") as batch:
        batch.add_column(sa.Column("both_channels", sa.Boolean(), nullable=True))
        batch.add_column(sa.Column("tries", sa.Integer(), nullable=True))
    op.execute("UPDATE offer SET both_channels = false")
    with op.batch_alter_table("offer") as batch:
        batch.alter_column("both_channels", existing_type=sa.Boolean(), nullable=False)
    with op.batch_alter_table("rule") as batch:
        has_words_now(batch, "rule", "kind", "rulekind", RULE_KINDS)
