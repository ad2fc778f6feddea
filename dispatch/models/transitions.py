"""State machines are tables, and one function moves along them.

Each model names its machine in `moves`; `move` is the only code that assigns `state`, and it writes the journal's
entry in the same transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol, TypeVar

from dispatch.errors import ForbiddenMove
from registry.store import Actor, Entry, Subject, Writing

State = TypeVar("State", bound=StrEnum)
Moves = Mapping[State, frozenset[State]]


class Stateful(Protocol):
    """A row with a state; `timeline` tells where its journal entries stand."""

    moves: ClassVar[Moves[Any]]
    subject: ClassVar[Subject]
    id: int | None
    state: Any
    version: int

    def timeline(self) -> "Timeline":
        """The centre, area, case and call in whose timelines this row's entries stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Where a row's journal entries stand."""

    centre_id: int
    area_id: int | None = None
    case_id: int | None = None
    call_id: int | None = None


def key(row: Stateful) -> int:
    """The id of a row that is in the database."""
    assert row.id is not None
    return row.id


def move(
    session: Writing, row: Stateful, to: StrEnum, actor: Actor, *, at: datetime | None = None, **data: Any
) -> None:
    """Moves `row` to state `to` and records `<subject>.<to>` with `data`; `at` is when, if that was not now.

    Raises ForbiddenMove when no arrow leads there. The caller holds the row (`Writing.lock`); whatever else
    belongs to the move is set before the call.
    """
    if to not in row.moves[row.state]:
        raise ForbiddenMove(subject=row.subject, now=row.state, wanted=to)
    before, row.state = row.state, to
    row.version += 1
    note(session, row, str(to), actor, at=at, before=str(before), **data)


def note(
    session: Writing, row: Stateful, what: str, actor: Actor, *, at: datetime | None = None, **data: Any
) -> None:
    """Records `<subject>.<what>` about `row` in the journal, in its timelines."""
    if row.id is None:
        session.flush()
    place = row.timeline()
    session.record(
        Entry(
            what=f"{row.subject}.{what}",
            subject=row.subject,
            subject_id=key(row),
            actor=actor,
            centre_id=place.centre_id,
            area_id=place.area_id,
            case_id=place.case_id,
            call_id=place.call_id,
            at=at,
            data=data,
        )
    )
