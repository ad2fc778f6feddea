"""What is mirrored in an exchange is asked of the exchange itself; the table about it goes."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("mirrored")
