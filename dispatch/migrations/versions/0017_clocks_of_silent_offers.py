"""A clock for offers to whose SMS nothing comes back, and one for cases that no operator looks at."""

from alembic import op

from dispatch.migrations.words import has_words_now

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TIMER_KINDS = (
    *("offer_expires", "offer_silent", "arrival_due", "finish_due", "wanted_soon", "unattended", "progress_call"),
    *("ladder_step", "responder_due", "survey_due", "care_due", "after_call", "call_back_due", "phone_again"),
    *("near_limit", "case_due", "join_incident", "incident_news", "settle_incident", "red_limit"),
)


def upgrade() -> None:
    with op.batch_alter_table("timer", schema=None) as batch_op:
        has_words_now(batch_op, "timer", "kind", "timerkind", TIMER_KINDS)
