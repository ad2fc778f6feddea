"""Columns that mean the same on SQLite and PostgreSQL."""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

# Named constraints, so that a migration can change them on both databases.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


def choice(
    kind: type[StrEnum],
    *,
    default: Any = ...,
    index: bool = False,
    nullable: bool = False,
    primary_key: bool = False,
    check: str | None = None,
) -> Any:
    """A column for one of the enumeration's values: stored by value, checked by the database.

    `check` names the check where a table has two columns of one kind: PostgreSQL takes each name once per table.
    """
    stored = sa.Enum(
        kind,
        native_enum=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
        validate_strings=True,
        create_constraint=True,
        name=check or kind.__name__.lower(),
    )
    if nullable and default is ...:
        default = None
    return Field(default=default, sa_type=stored, index=index, nullable=nullable, primary_key=primary_key)
