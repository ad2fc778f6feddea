"""The hold of a centre after a restore: nothing is called or sent until a person has released it."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

_NOT_RELEASED = "released_at IS NULL"


class Hold(SQLModel, table=True):
    """One restore. `backup_at` is the moment the database is from; what was done between then and `since` it does not
    know. Released by an operator, or at the command line (`released_by_id` is None then).
    """

    __tablename__ = "hold"
    __table_args__ = (
        Index(
            "uq_hold_centre",
            "centre_id",
            unique=True,
            sqlite_where=text(_NOT_RELEASED),
            postgresql_where=text(_NOT_RELEASED),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    backup_at: datetime
    since: datetime
    released_at: datetime | None = None
    released_by_id: int | None = Field(default=None, foreign_key="operator.id")
