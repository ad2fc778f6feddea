"""What no question needs is in no index: every call, and everybody whom an import brings, has to be written there."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_line_resident_id", "line")  # the unique one begins with the resident as well
    op.drop_index("ix_contact_resident_id", "contact")
    op.drop_index("ix_journal_centre_id", "journal")
    for name, table, columns in (
        ("ix_journal_case", "journal", ["case_id", "seq"]),
        ("ix_journal_call", "journal", ["call_id", "seq"]),
        ("ix_sheet_row_subject", "sheet_row", ["subject_id"]),
    ):
        known = sa.text(f"{columns[0]} IS NOT NULL")
        op.drop_index(name, table)
        op.create_index(name, table, columns, sqlite_where=known, postgresql_where=known)
