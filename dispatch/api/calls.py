"""Calls: found, opened with the card of whom they are about, written on, settled."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlmodel import col, func, select

from dispatch import calls as work
from dispatch import silence
from dispatch.api.access import Commands, Reads
from dispatch.desk import Desk
from dispatch.errors import NotFound
from dispatch.house import House
from dispatch.models import Call
from dispatch.views.calls import call_card, call_lines
from dispatch.views.people import resident_card
from dispatch.wire.base import Id, Moment
from dispatch.wire.calls import CallCard, CallChange, CallLine, ClearSilence, SettleCall
from dispatch.wire.pages import Calls
from dispatch.wire.words import CallState
from registry import cards
from registry.store import Reading, Scope, Subject, Writing

router = APIRouter(prefix="/calls", tags=["calls"])


@router.get("", response_model=Calls)
def list_calls(
    reader: Reads,
    state: Annotated[list[CallState] | None, Query(description="Any of these; all without it")] = None,
    since: Annotated[Moment | None, Query(description="Arrived then or later")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """The calls this desk may see, the last one first."""

    def look(session: Reading, desk: Desk) -> Calls:
        wanted = [col(Call.centre_id) == desk.centre_id, col(Call.merged_into).is_(None), work.seen_by(desk)]
        if state:
            wanted.append(col(Call.state).in_(state))
        if since is not None:
            wanted.append(col(Call.arrived_at) >= since)
        total = session.exec(select(func.count()).select_from(Call).where(*wanted)).one()
        rows = session.exec(select(Call).where(*wanted).order_by(col(Call.id).desc()).limit(limit).offset(offset))
        return Calls(total=total, items=call_lines(session, rows.all(), reader.now))

    return reader.answer(look)


@router.get("/{call_id}", response_model=CallCard)
def open_call(call_id: Id, reader: Reads) -> Response:
    """The call with the card of whom it is about. That the card was opened is in the access log."""

    def look(session: Writing, desk: Desk) -> CallCard:
        call = session.exec(
            select(Call).where(Call.id == call_id, Call.centre_id == desk.centre_id, work.seen_by(desk))
        ).first()
        if call is None:
            raise NotFound(subject=Subject.CALL, id=call_id)
        return _card(session, desk, call, reader.house)

    return reader.look_up(look)


@router.patch("/{call_id}", response_model=CallCard)
def change_call(call_id: Id, change: CallChange, commands: Commands) -> Response:
    """Whom the call is about, and who is on the line."""
    return commands.do(
        lambda session, desk: _card(session, desk, work.change_call(session, desk, call_id, change), commands.house)
    )


@router.post("/{call_id}/settle", response_model=CallLine)
def settle_call(call_id: Id, word: SettleCall, commands: Commands) -> Response:
    """Closes the case to call this caller back: she has been reached, or needs nothing any more."""

    def settle(session: Writing, desk: Desk) -> CallLine:
        call = work.settle_call(session, desk, call_id, word)
        return call_lines(session, [call], session.clock.now())[0]

    return commands.do(settle)


@router.post("/{call_id}/clear", response_model=CallLine)
def clear_silence(call_id: Id, word: ClearSilence, commands: Commands) -> Response:
    """Nobody speaks, and it is no emergency: the case that the silence opened is closed."""

    def clear(session: Writing, desk: Desk) -> CallLine:
        call = silence.clear(session, desk, call_id, word)
        session.flush()
        return call_lines(session, [call], session.clock.now())[0]

    return commands.do(clear)


def _card(session: Writing, desk: Desk, call: Call, house: House) -> CallCard:
    """Whoever may see the call may see the card of whom it is about, wherever she lives."""
    card = None
    if call.resident_id is not None:
        opened = cards.card(
            session,
            Scope(desk.centre_id),
            call.resident_id,
            vault=house.vault,
            operator_id=desk.operator_id,
            call_id=call.id,
        )
        card = resident_card(session, desk.centre_id, opened, session.clock.now())
    return call_card(session, call, card, session.clock.now())
