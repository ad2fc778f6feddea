"""An operator writes to a merchant or a resident in her own words."""

from alembic import op

from dispatch.migrations.words import has_words_now

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

MESSAGE_KINDS = (
    *("offer", "job_details", "offer_withdrawn", "reply", "visit_news", "progress", "ladder", "survey", "care"),
    *("incident_news", "notice", "words"),
)


def upgrade() -> None:
    with op.batch_alter_table("message") as batch:
        has_words_now(batch, "message", "kind", "messagekind", MESSAGE_KINDS)
