"""A call that was answered and over before anything could be said has a word of its own."""

from alembic import op

from dispatch.migrations.words import has_words_now

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

CALL_ENDS = (
    *("answered", "too_short", "abandoned", "timed_out", "cut_off", "forwarded"),
    *("call_back", "message", "ordered", "not_reached"),
)


def upgrade() -> None:
    with op.batch_alter_table("call", schema=None) as batch_op:
        has_words_now(batch_op, "call", "end", "callend", CALL_ENDS)
