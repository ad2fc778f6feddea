"""Spreadsheets on their way in: one import, and each of its rows until it has become a person or a merchant."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from registry.models.columns import choice


class ImportState(StrEnum):
    STAGING = "staging"  # the file is being read; nothing is applied
    APPLYING = "applying"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"


class SheetImport(SQLModel, table=True):
    """One file. `wrapped_key` opens what its rows still hold; without rows to apply there is none."""

    __tablename__ = "sheet_import"
    __table_args__ = (Index("ix_sheet_import_centre", "centre_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    kind: str = Field(max_length=16)  # areas, residents, merchants, contracts
    file_name: str = Field(max_length=200)
    state: ImportState = choice(ImportState, default=ImportState.STAGING)
    wrapped_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    counts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # of the dry run: outcome → rows
    began_at: datetime
    ended_at: datetime | None = None


class RowState(StrEnum):
    STAGED = "staged"
    APPLIED = "applied"
    SAME = "same"  # by the time it was applied, somebody had entered the same
    LEFT = "left"  # by then it could no longer be applied
    UNDONE = "undone"
    KEPT = "kept"  # not undone: somebody has changed or used it since


_APPLIED = text("subject_id IS NOT NULL")


class SheetRow(SQLModel, table=True):
    """A row that says something new. `facts` are sealed under the import's key until it is applied; `before` is what
    undoing brings back, sealed as the subject's own data.
    """

    __tablename__ = "sheet_row"
    __table_args__ = (
        UniqueConstraint("import_id", "row"),
        Index("ix_sheet_row_state", "import_id", "state", "row"),
        Index("ix_sheet_row_subject", "subject_id", sqlite_where=_APPLIED, postgresql_where=_APPLIED),
    )

    id: int | None = Field(default=None, primary_key=True)
    import_id: int = Field(foreign_key="sheet_import.id")
    row: int
    state: RowState = choice(RowState, default=RowState.STAGED)
    facts: bytes | None = Field(default=None, sa_type=LargeBinary)
    created: bool = False  # by applying it
    subject_id: int | None = None  # the resident or merchant; no foreign key, so that she can be deleted
    version: int | None = None  # the subject's, after it was applied
    before: bytes | None = Field(default=None, sa_type=LargeBinary)
    why: str | None = Field(default=None, max_length=40)  # it was left or kept
