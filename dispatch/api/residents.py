"""Residents: found, opened, registered, changed. Every opening of a record is in the access log."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlmodel import col, func, select

from dispatch import departures, merging
from dispatch import residents as work
from dispatch.api.access import Commands, Reads
from dispatch.desk import Desk
from dispatch.house import House
from dispatch.views import doubles, due_visits, history
from dispatch.views.people import resident_card, resident_line, resident_lines
from dispatch.wire.base import Id
from dispatch.wire.history import History
from dispatch.wire.pages import Doubles, DueVisits, Residents
from dispatch.wire.people import (
    Apart,
    ComeBack,
    Confirm,
    Leave,
    MergePeople,
    NewResident,
    ResidentCard,
    ResidentChange,
)
from registry import cards, freshness, joining, leaving, search
from registry.models import Resident
from registry.store import Reading, Role, Writing

LEFT = 5  # at most, of those who have died or moved away

router = APIRouter(prefix="/residents", tags=["residents"])


@router.get("", response_model=Residents)
def find_residents(
    reader: Reads,
    q: Annotated[
        str, Query(max_length=200, description="Name or part of it, pinyin, initials, end of a number, door")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=10_000_000, description="Only without `q`")] = 0,
) -> Response:
    """Whom `q` may mean, best first, and after them a few who have left; without it everybody, by name."""

    def look(session: Reading, desk: Desk) -> Residents:
        if q.strip():
            vault = reader.house.vault
            found = search.find_residents(session, desk.scope, q, limit, now=reader.now, vault=vault, left=LEFT)
            return Residents(total=len(found), items=[resident_line(summary) for summary in found])
        here = (desk.scope.covers(Resident), col(Resident.ended_at).is_(None))
        total = session.exec(select(func.count()).select_from(Resident).where(*here)).one()
        ids = session.exec(
            select(Resident.id).where(*here).order_by(Resident.name, col(Resident.id)).limit(limit).offset(offset)
        ).all()
        lines = resident_lines(session, desk.centre_id, ids, reader.now)
        return Residents(total=total, items=[lines[id_] for id_ in ids if id_ is not None])

    return reader.answer(look)


@router.get("/doubles", response_model=Doubles)
def list_doubles(reader: Reads, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> Response:
    """Who may stand in the register twice, the surest first. Needs a supervisor.

    Only pairs of whom both are in her areas; whoever a merge or `apart` has settled is not named again.
    """

    def look(session: Reading, desk: Desk) -> Doubles:
        desk.needs(Role.SUPERVISOR)
        return doubles.view(session, desk.scope, limit, reader.now)

    return reader.answer(look)


@router.get("/due-visits", response_model=DueVisits)
def list_due_visits(
    reader: Reads,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Response:
    """To whose door the survey is due by the rule `home_visits`, due for longest first. Needs a supervisor.

    Only of her areas. Who has been visited is named no more.
    """

    def look(session: Reading, desk: Desk) -> DueVisits:
        desk.needs(Role.SUPERVISOR)
        return due_visits.view(session, desk.scope, limit, offset, reader.now)

    return reader.answer(look)


@router.get("/{resident_id}", response_model=ResidentCard)
def open_resident(resident_id: Id, reader: Reads) -> Response:
    """The whole card. That it was opened is in the access log. A record that went into another one leads there."""
    return reader.look_up(
        lambda session, desk: _card(session, desk, joining.current_id(session, resident_id), reader.house)
    )


@router.get("/{resident_id}/history", response_model=History)
def list_history(
    resident_id: Id,
    reader: Reads,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """Who changed which fields of her record and when, the newest first, and what they held before and after; of what
    is sealed in her record only that it changed.

    That it was read is in the access log. A record that went into another one leads there, and what was done to it
    before stands in that one's history.
    """
    return reader.look_up(
        lambda session, desk: history.history(session, desk, resident_id, limit, offset, reader.house.vault)
    )


@router.post("", response_model=ResidentCard, status_code=201)
def register_resident(new: NewResident, commands: Commands) -> Response:
    """A new resident; with `call_id` that call is about her and its number leads to her from now on."""

    def register(session: Writing, desk: Desk) -> ResidentCard:
        resident = work.register(session, desk, new, commands.house.vault)
        return _card(session, desk, resident.id or 0, commands.house)

    return commands.do(register, 201)


@router.patch("/{resident_id}", response_model=ResidentCard)
def change_resident(resident_id: Id, change: ResidentChange, commands: Commands) -> Response:
    """Changes the fields that are sent; what is left out stays."""

    def write(session: Writing, desk: Desk) -> ResidentCard:
        work.change(session, desk, resident_id, change, commands.house.vault)
        return _card(session, desk, resident_id, commands.house)

    return commands.do(write)


@router.post("/{resident_id}/confirm", response_model=ResidentCard)
def confirm(resident_id: Id, still: Confirm, commands: Commands) -> Response:
    """Somebody has asked her about what has grown old, and it is still so."""

    def write(session: Writing, desk: Desk) -> ResidentCard:
        freshness.confirm(session, desk.scope, resident_id, still.fields, desk.actor)
        return _card(session, desk, resident_id, commands.house)

    return commands.do(write)


@router.post("/{resident_id}/leave", response_model=ResidentCard)
def leave(resident_id: Id, told: Leave, commands: Commands) -> Response:
    """She has died or moved away: her lines and care calls end, what is open for her is put before the operators."""

    def write(session: Writing, desk: Desk) -> ResidentCard:
        departures.leave(session, desk, resident_id, told)
        return _card(session, desk, resident_id, commands.house)

    return commands.do(write)


@router.post("/{resident_id}/come-back", response_model=ResidentCard)
def come_back(resident_id: Id, told: ComeBack, commands: Commands) -> Response:
    """It was a mistake, or she has come back: her lines are hers again. Care calls are agreed anew."""

    def write(session: Writing, desk: Desk) -> ResidentCard:
        leaving.come_back(session, desk.scope, resident_id, seen_version=told.version, actor=desk.actor)
        return _card(session, desk, resident_id, commands.house)

    return commands.do(write)


@router.post("/{resident_id}/merge", response_model=ResidentCard)
def merge(resident_id: Id, order: MergePeople, commands: Commands) -> Response:
    """Two records of one person become one. Needs a supervisor.

    What the kept record lacks is taken from the other one, whose number leads to it from now on; her calls, cases and
    care calls follow. Refused while one of the two has an open emergency.
    """

    def write(session: Writing, desk: Desk) -> ResidentCard:
        desk.needs(Role.SUPERVISOR)
        merging.begin(session, desk.scope, resident_id, order.other_id, commands.house.vault, desk.actor)
        return _card(session, desk, resident_id, commands.house)

    answer = commands.do(write)
    merging.follow(commands.house.store, resident_id, order.other_id)
    return answer


@router.post("/{resident_id}/apart", response_model=Apart)
def two_people(resident_id: Id, told: Apart, commands: Commands) -> Response:
    """Two records that look like one are of two people: they are named no more. Needs a supervisor."""

    def write(session: Writing, desk: Desk) -> Apart:
        desk.needs(Role.SUPERVISOR)
        merging.keep_apart(session, desk.scope, resident_id, told.other_id, desk.actor)
        return told

    return commands.do(write)


def _card(session: Writing, desk: Desk, resident_id: Id, house: House) -> ResidentCard:
    session.flush()
    opened = cards.card(session, desk.scope, resident_id, vault=house.vault, operator_id=desk.operator_id)
    return resident_card(session, desk.centre_id, opened, session.clock.now())
