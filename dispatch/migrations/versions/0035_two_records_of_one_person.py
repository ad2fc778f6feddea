"""Two records of one person become one, and two people who are alike are said to be two."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("resident") as batch:
        batch.add_column(sa.Column("merged_into", sa.Integer(), nullable=True))
        batch.create_foreign_key("fk_resident_merged_into", "resident", ["merged_into"], ["id"])
        batch.create_index("ix_resident_merged_into", ["merged_into"])
    whose = [
        (name, sa.ForeignKey("resident.id", name=f"fk_residents_apart_{name}")) for name in ("one_id", "other_id")
    ]
    op.create_table(
        "residents_apart",
        *(sa.Column(name, sa.Integer(), key, nullable=False) for name, key in whose),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("one_id", "other_id", name="pk_residents_apart"),
    )
