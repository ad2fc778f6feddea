"""What has been written about merchants since the last look is found without reading what was written about calls."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_OF_MERCHANTS = sa.text("subject = 'merchant'")


def upgrade() -> None:
    op.create_index(
        "ix_journal_merchant", "journal", ["seq"], sqlite_where=_OF_MERCHANTS, postgresql_where=_OF_MERCHANTS
    )
