"""When and by whom it was agreed to what is kept about a resident, and who of the survey was last at her door."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

DAYS, PEOPLE = ("consented_on", "visited_on"), ("consented_by", "visited_by")


def upgrade() -> None:
    with op.batch_alter_table("resident") as batch:
        for name in DAYS:
            batch.add_column(sa.Column(name, sa.Date(), nullable=True))
        for name in PEOPLE:
            batch.add_column(sa.Column(name, sa.String(length=40), nullable=True))
    op.execute("UPDATE resident SET consented_by = '', visited_by = ''")
    with op.batch_alter_table("resident") as batch:
        for name in PEOPLE:
            batch.alter_column(name, existing_type=sa.String(length=40), nullable=False)
