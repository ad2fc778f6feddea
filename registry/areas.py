"""The tree of areas: county → town → community, by the official codes of administrative divisions."""

import re
from collections.abc import Iterator

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, func, or_, select

from registry.errors import InUse, NotFound, Problem, Refused
from registry.models import Area
from registry.store import Actor, Entry, Reading, Scope, Subject, Writing
from registry.text import plain

# The statistical code of GB/T 10114 and of the National Bureau's list: province, city, county, town, village. Often
# only its first 6 or 9 digits are written.
_LEVELS = (2, 4, 6, 9, 12)
_OFFICIAL = re.compile(r"\d{2}|\d{4}|\d{6}|\d{9}|\d{12}", re.ASCII)


def above(code: str) -> Iterator[str]:
    """The official codes of what lies above that one, the nearest first, in both ways of writing them."""
    if not _OFFICIAL.fullmatch(code):
        return
    own = next(level for level in _LEVELS if not code[level:].strip("0"))
    for level in reversed(_LEVELS):
        if level < own:
            yield code[:level].ljust(12, "0")
            yield code[:level].ljust(6, "0") if level < 6 else code[:level]


def add_area(session: Writing, centre_id: int, code: str, name: str, parent_id: int | None = None) -> Area:
    """The area of that code, made below `parent_id` (None: at the root) when there is none yet.

    Raises NotFound when the parent is not of this centre.
    """
    known = by_code(session, centre_id, code)
    if known is not None:
        return known
    parent = _of(session, centre_id, parent_id) if parent_id is not None else None
    area = Area(centre_id=centre_id, parent_id=parent_id, code=code, name=name, path=parent.path if parent else "/")
    session.add(area)
    session.flush()
    area.path = f"{area.path}{area.id}/"
    session.flush()
    return area


def by_code(session: Reading | Writing, centre_id: int, code: str) -> Area | None:
    return session.exec(select(Area).where(Area.centre_id == centre_id, Area.code == code)).one_or_none()


def find_areas(
    session: Reading | Writing, scope: Scope, q: str = "", *, limit: int = 500, offset: int = 0
) -> tuple[int, list[Area]]:
    """Of the scope's areas those with `q` in the name, or at the beginning of the code: how many there are, and some
    of them in the order of the tree.
    """
    wanted = [col(Area.centre_id) == scope.centre_id, col(Area.path).startswith(scope.area_path, autoescape=True)]
    if text := plain(q, 80):
        wanted.append(
            or_(col(Area.name).contains(text, autoescape=True), col(Area.code).startswith(text, autoescape=True))
        )
    total = session.exec(select(func.count()).select_from(Area).where(*wanted)).one()
    found = select(Area).where(*wanted).order_by(col(Area.path)).limit(limit).offset(offset)
    return total, list(session.exec(found))


def root(session: Reading | Writing, centre_id: int) -> Area:
    """The centre's own area, which is there from the first day."""
    top = select(Area).where(Area.centre_id == centre_id, col(Area.parent_id).is_(None)).order_by(col(Area.id))
    return session.exec(top.limit(1)).one()


def nearest_above(session: Reading | Writing, centre_id: int, code: str) -> Area:
    """Of the areas that are there, the one right above that code; the root when its code tells of none."""
    codes = list(above(code))
    there = {
        area.code: area
        for area in session.exec(select(Area).where(Area.centre_id == centre_id, col(Area.code).in_(codes)))
    }
    return next((there[each] for each in codes if each in there), None) or root(session, centre_id)


def bring_in(session: Writing, centre_id: int, code: str, name: str, parent: Area, actor: Actor) -> Area:
    """A new area below `parent`. What hangs there and lies below the new one by its code moves under it, so that a
    list may be in any order.
    """
    siblings = list(session.exec(select(Area).where(Area.parent_id == parent.id)))
    area = add_area(session, centre_id, code, name, parent.id)
    _note(session, area, "added", actor)
    for each in siblings:
        if code in above(each.code):
            move(session, each, area, actor)
    return area


def rename(session: Writing, area: Area, name: str, actor: Actor) -> None:
    area.name = name
    _note(session, area, "renamed", actor)


def move(session: Writing, area: Area, parent: Area, actor: Actor) -> None:
    """Hangs the area, with everything below it, under `parent`. Raises Refused when that lies below it itself."""
    if parent.path.startswith(area.path):
        raise Refused([Problem("parent", "area_loop", {"code": area.code})])
    before, area.parent_id = area.path, parent.id
    for each in session.exec(select(Area).where(col(Area.path).startswith(before, autoescape=True))).all():
        each.path = f"{parent.path}{area.id}/{each.path.removeprefix(before)}"
    session.flush()
    _note(session, area, "moved", actor)


def take_away(session: Writing, area: Area, actor: Actor) -> None:
    """What lies below it hangs where it hung. Raises InUse when people, merchants or a desk are in it."""
    for each in session.exec(select(Area).where(Area.parent_id == area.id)).all():
        move(session, each, _of(session, area.centre_id, area.parent_id), actor)
    try:
        with session.begin_nested():
            session.delete(area)
            session.flush()
    except IntegrityError as error:
        raise InUse(subject="area", id=area.id) from error
    _note(session, area, "taken_away", actor)


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


def _of(session: Reading | Writing, centre_id: int, area_id: int | None) -> Area:
    area = session.get(Area, area_id) if area_id is not None else None
    if area is None or area.centre_id != centre_id:
        raise NotFound(subject="area", id=area_id)
    return area


def _note(session: Writing, area: Area, what: str, actor: Actor) -> None:
    session.record(
        Entry(
            what=f"centre.area_{what}",
            subject=Subject.CENTRE,
            subject_id=area.centre_id,
            actor=actor,
            centre_id=area.centre_id,
            data={"code": area.code},
        )
    )
