"""A centre says how often the survey comes to somebody's door; to whose it is due is read from an index."""

import sqlalchemy as sa
from alembic import op

from dispatch.migrations.words import has_words_now

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

RULE_KINDS = (
    *("matching_weights", "offer_policy", "policies", "ladder", "quiet_hours", "survey", "care", "outgoing_brake"),
    *("recording", "presence_policy", "daily_proof", "heartbeat", "targets", "working_days", "records", "incidents"),
    *("next_steps", "channel_plan", "home_visits"),
)


def upgrade() -> None:
    with op.batch_alter_table("rule") as batch:
        has_words_now(batch, "rule", "kind", "rulekind", RULE_KINDS)
    here = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_resident_visit",
        "resident",
        ["centre_id", "care_level", "visited_on", "created_at", "area_id"],
        sqlite_where=here,
        postgresql_where=here,
    )
