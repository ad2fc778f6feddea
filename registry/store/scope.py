"""Who may see what: every query takes a scope, from the first day."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import col


class Role(StrEnum):
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Scope:
    """One centre, one branch of its tree of areas, one role.

    `area_path` is the materialised path of the branch (`/1/4/`); the whole centre is `/`. What belongs to no area, an
    unknown caller say, is seen by everyone in the centre.
    """

    centre_id: int
    area_path: str = "/"
    role: Role = Role.OPERATOR

    def covers(self, model: Any) -> ColumnElement[bool]:
        """The condition that limits a query on `model` (a table with `centre_id` and `area_id`) to this scope."""
        from registry.models.centre import Area  # the tree itself is a table that stands on this module

        here: ColumnElement[bool] = model.centre_id == self.centre_id
        if self.area_path == "/":
            return here
        branch = select(col(Area.id)).where(
            col(Area.centre_id) == self.centre_id, col(Area.path).startswith(self.area_path, autoescape=True)
        )
        return and_(here, or_(model.area_id.is_(None), model.area_id.in_(branch)))

    def sees(self, area_path: str | None) -> bool:
        """Whether something at `area_path` (None: in no area) lies inside this scope."""
        return area_path is None or area_path.startswith(self.area_path)
