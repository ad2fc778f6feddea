"""Operators: who may sit at a desk."""

from collections.abc import Sequence

from sqlmodel import col, select, update

from dispatch.desk import Desk
from dispatch.errors import BadValue, Conflict, NotFound
from dispatch.models import LoginToken, Operator, Presence
from registry.store import Actor, Entry, Reading, Role, Subject, Writing


def add_operator(
    session: Writing,
    centre_id: int,
    *,
    name: str,
    login: str,
    role: Role,
    password_hash: str,
    extension: str | None = None,
    language: str = "zh",
    area_id: int | None = None,
) -> Operator:
    """A new operator, of `area_id` and below (None: of the whole centre).

    Raises Conflict when the log-in name or the extension is taken.
    """
    for taken in named(session, centre_id, login), with_extension(session, centre_id, extension):
        if taken is not None:
            raise Conflict(subject=Subject.OPERATOR, now=taken.login, by=taken.name)
    operator = Operator(
        centre_id=centre_id,
        area_id=area_id,
        login=login,
        name=name,
        role=role,
        extension=extension,
        language=language,
        password_hash=password_hash,
        created_at=session.clock.now(),
    )
    session.add(operator)
    session.flush()
    _note(session, operator, "added", {"role": str(role), "extension": extension, "area": area_id})
    return operator


def place(session: Writing, operator: Operator, area_id: int | None) -> None:
    """From her next request on she sees that area and what lies below; None: the whole centre."""
    operator.area_id = area_id
    operator.version += 1
    session.add(operator)
    _note(session, operator, "placed", {"area": area_id})


def change_password(session: Writing, operator: Operator, password_hash: str) -> None:
    """Sets the password and ends every log-in that stands."""
    operator.password_hash = password_hash
    session.add(operator)
    session.exec(
        update(LoginToken)
        .where(col(LoginToken.operator_id) == operator.id, col(LoginToken.ended_at).is_(None))
        .values(ended_at=session.clock.now())
    )
    _note(session, operator, "password_changed", {})


def whose(session: Reading | Writing, operator_id: int | None) -> dict[str, str]:
    """`by`, for an edit that came too late: the operator whose change it was; nothing where it was nobody's."""
    author = session.get(Operator, operator_id) if operator_id is not None else None
    return {"by": author.name} if author is not None else {}


def colleague(session: Reading | Writing, desk: Desk, operator_id: int) -> Operator:
    """An operator who is there. Raises BadValue for nobody who works at this centre, Conflict for one who is away."""
    found = session.get(Operator, operator_id)
    if found is None or found.centre_id != desk.centre_id or found.ended_at is not None:
        raise BadValue(field="operator_id", found=operator_id, right="operator.known")
    if found.presence is Presence.OFF:
        raise Conflict(subject=Subject.OPERATOR, now=found.presence, by=found.name)
    return found


def working(session: Reading | Writing, centre_id: int) -> Sequence[Operator]:
    """The operators who work here, by name."""
    return session.exec(
        select(Operator)
        .where(Operator.centre_id == centre_id, col(Operator.ended_at).is_(None))
        .order_by(Operator.name, col(Operator.id))
    ).all()


def named(session: Reading | Writing, centre_id: int, login: str) -> Operator | None:
    return session.exec(select(Operator).where(Operator.centre_id == centre_id, Operator.login == login)).first()


def with_extension(session: Reading | Writing, centre_id: int, extension: str | None) -> Operator | None:
    """Who has that extension and works here."""
    if extension is None:
        return None
    return session.exec(
        select(Operator).where(
            Operator.centre_id == centre_id, Operator.extension == extension, col(Operator.ended_at).is_(None)
        )
    ).first()


def called(session: Reading | Writing, centre_id: int, name: str) -> Operator:
    """The one who logs in by `name` or is called so. Raises NotFound, and Conflict when several are called so."""
    if (operator := named(session, centre_id, name)) is not None:
        return operator
    found = [operator for operator in working(session, centre_id) if operator.name == name]
    if not found:
        raise NotFound(subject=Subject.OPERATOR, id=name)
    if len(found) > 1:
        raise Conflict(subject=Subject.OPERATOR, now=", ".join(each.login for each in found))
    return found[0]


def _note(session: Writing, operator: Operator, what: str, data: dict[str, str | int | None]) -> None:
    assert operator.id is not None
    session.record(
        Entry(
            what=f"{Subject.OPERATOR}.{what}",
            subject=Subject.OPERATOR,
            subject_id=operator.id,
            actor=Actor.system(),
            centre_id=operator.centre_id,
            area_id=operator.area_id,
            data=data,
        )
    )
