"""A visit knows who of the merchant's staff comes."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visit", sa.Column("comes", sa.String(length=80), nullable=True))
