"""How the cases of a service are offered is a rule, and an operator may choose another way for a case."""

import sqlalchemy as sa
from alembic import op

from dispatch.migrations.words import has_words, has_words_now

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RULE_KINDS = (
    *("matching_weights", "offer_policy", "policies", "ladder", "quiet_hours", "survey", "care", "outgoing_brake"),
    *("recording", "presence_policy", "daily_proof", "heartbeat"),
)
WAYS = ("best_first", "race", "random", "round_robin", "usual_first")


def upgrade() -> None:
    with op.batch_alter_table("rule", schema=None) as batch_op:
        has_words_now(batch_op, "rule", "kind", "rulekind", RULE_KINDS)
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.add_column(sa.Column("way", sa.String(length=32), nullable=True))
        has_words(batch_op, "case", "way", "way", WAYS)
