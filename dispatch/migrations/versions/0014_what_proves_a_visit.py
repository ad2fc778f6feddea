"""What a service asks for as proof of a visit, what has proved one, and what a resident is told of it."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from dispatch.migrations.words import has_words, has_words_now

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

PROOFS = ("report", "word", "call")
PROVED_BY = ("word", "call", "button")
MESSAGE_KINDS = (
    *("offer", "job_details", "offer_withdrawn", "reply", "visit_news"),
    *("progress", "ladder", "survey", "care", "notice"),
)
READINGS = (
    *("unread", "accept", "decline", "on_the_way", "at_the_door", "done", "proof_wanted", "wrong_word"),
    *("call_me", "not_understood", "which", "unknown_code", "too_late", "stranger", "repeated"),
    *("record", "dispute"),
)


def upgrade() -> None:
    with op.batch_alter_table("service") as batch:
        batch.add_column(sa.Column("proof", sa.String(length=32), nullable=True))
    op.execute("UPDATE service SET proof = 'report'")
    with op.batch_alter_table("service") as batch:
        batch.alter_column("proof", existing_type=sa.String(length=32), nullable=False)
        has_words(batch, "service", "proof", "visitproof", PROOFS)
    with op.batch_alter_table("visit") as batch:
        batch.add_column(sa.Column("word", sa.String(length=4), nullable=True))
        batch.add_column(sa.Column("wrong_words", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("done_reported_at", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("proved_by", sa.String(length=32), nullable=True))
        batch.add_column(sa.Column("proved_at", UTCDateTime(), nullable=True))
    op.execute("UPDATE visit SET wrong_words = 0")
    with op.batch_alter_table("visit") as batch:
        batch.alter_column("wrong_words", existing_type=sa.Integer(), nullable=False)
        has_words(batch, "visit", "proved_by", "provedby", PROVED_BY)
    with op.batch_alter_table("message") as batch:
        has_words_now(batch, "message", "kind", "messagekind", MESSAGE_KINDS)
    with op.batch_alter_table("inbound") as batch:
        has_words_now(batch, "inbound", "reading", "inboundreading", READINGS)
