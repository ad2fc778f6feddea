"""Spreadsheets are staged on their way in, row by row, and can be undone."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sheet_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("file_name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "staging",
                "applying",
                "applied",
                "undoing",
                "undone",
                name="importstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("began_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("ended_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["centre_id"], ["centre.id"], name=op.f("fk_sheet_import_centre_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_import")),
    )
    with op.batch_alter_table("sheet_import", schema=None) as batch_op:
        batch_op.create_index("ix_sheet_import_centre", ["centre_id", "id"], unique=False)

    op.create_table(
        "sheet_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "staged",
                "applied",
                "same",
                "left",
                "undone",
                "kept",
                name="rowstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("facts", sa.LargeBinary(), nullable=True),
        sa.Column("created", sa.Boolean(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("why", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["sheet_import.id"], name=op.f("fk_sheet_row_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_row")),
        sa.UniqueConstraint("import_id", "row", name=op.f("uq_sheet_row_import_id_row")),
    )
    with op.batch_alter_table("sheet_row", schema=None) as batch_op:
        batch_op.create_index("ix_sheet_row_state", ["import_id", "state", "row"], unique=False)
        batch_op.create_index("ix_sheet_row_subject", ["subject_id"], unique=False)
