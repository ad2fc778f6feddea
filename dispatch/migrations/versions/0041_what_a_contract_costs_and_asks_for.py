"""A contract says what a visit costs and on which conditions somebody comes."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, length in (("fee", 80), ("conditions", 200)):
        op.add_column("contract", sa.Column(name, sa.String(length), nullable=False, server_default=""))
