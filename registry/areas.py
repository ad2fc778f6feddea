"""The tree of areas: county → town → community."""

from sqlmodel import select

from registry.errors import NotFound
from registry.models import Area
from registry.store import Reading, Scope, Writing


def add_area(session: Writing, centre_id: int, code: str, name: str, parent_id: int | None = None) -> Area:
    """The area of that code, made below `parent_id` (None: at the root) when there is none yet.

    Raises NotFound when the parent is not of this centre.
    """
    known = session.exec(select(Area).where(Area.centre_id == centre_id, Area.code == code)).one_or_none()
    if known is not None:
        return known
    above = "/"
    if parent_id is not None:
        parent = session.get(Area, parent_id)
        if parent is None or parent.centre_id != centre_id:
            raise NotFound(subject="area", id=parent_id)
        above = parent.path
    area = Area(centre_id=centre_id, parent_id=parent_id, code=code, name=name, path=above)
    session.add(area)
    session.flush()
    area.path = f"{above}{area.id}/"
    session.flush()
    return area


def path_of(session: Reading | Writing, scope: Scope, area_id: int | None) -> str | None:
    """The path of an area, None for no area. Raises NotFound outside the scope."""
    if area_id is None:
        return None
    area = session.get(Area, area_id)
    if area is None or area.centre_id != scope.centre_id or not scope.sees(area.path):
        raise NotFound(subject="area", id=area_id)
    return area.path


def lineage(path: str | None) -> tuple[int, ...]:
    """The ids on the way from the root: `/1/4/9/` gives 1, 4, 9."""
    return tuple(int(part) for part in (path or "").split("/") if part)
