"""What cases, SMS and disputes of cards say is sealed under the data key of the resident whom they are about.

The texts of before stay where they are, because a migration has no master key: the service seals them while it runs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("case", "message", "inbound", "card"):  # on SQLite, too, no row is written
        op.add_column(table, sa.Column("sealed", sa.LargeBinary(), nullable=True))
        op.add_column(table, sa.Column("sealed_for", sa.Integer(), nullable=True))
    op.create_index("ix_message_case", "message", ["case_id"])
    op.create_index("ix_message_inbound", "message", ["inbound_id"])
    op.create_index("ix_inbound_offer", "inbound", ["offer_id"])
