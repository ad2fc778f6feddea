"""Recordings of a person who has been deleted go before their time."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("recording") as batch:
        batch.add_column(sa.Column("unwanted_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
