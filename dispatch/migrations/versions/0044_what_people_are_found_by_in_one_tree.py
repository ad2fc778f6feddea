"""What people are found by stands in one tree on SQLite, without a foreign key; who is new may wait for it."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_unfiled",
        sa.Column("resident_id", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_search_unfiled_resident_id")),
        sa.PrimaryKeyConstraint("resident_id", name=op.f("pk_search_unfiled")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_search_token_resident_id", "search_token", type_="foreignkey")
        return
    op.rename_table("search_token", "search_token_before")
    op.create_table(
        "search_token",
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("token", "resident_id", name=op.f("pk_search_token")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO search_token (token, resident_id, weight)"
        " SELECT token, resident_id, weight FROM search_token_before ORDER BY token, resident_id"
    )
    op.drop_table("search_token_before")
    op.create_index("ix_search_token_resident", "search_token", ["resident_id"], unique=False)
