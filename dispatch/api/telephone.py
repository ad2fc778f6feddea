"""The operator's telephone from the keyboard: calls taken, held, shared and ended, numbers dialled; her presence."""

from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter, Response

from dispatch import dialling, presence
from dispatch import telephone as work
from dispatch.api.access import Commands
from dispatch.desk import Desk
from dispatch.models import Call
from dispatch.views.calls import call_lines
from dispatch.views.desk import operator_line
from dispatch.wire.base import Id
from dispatch.wire.calls import CallLine
from dispatch.wire.operators import OperatorLine
from dispatch.wire.telephone import BringIn, CallVerb, Dial, DropLeg, HandOver, Listen, PresenceChange
from registry.store import Writing

router = APIRouter(tags=["telephone"])

Verb = TypeVar("Verb", CallVerb, BringIn, DropLeg, HandOver, Listen)


@router.post("/calls/{call_id}/take", response_model=CallLine)
def take_call(call_id: Id, verb: CallVerb, commands: Commands) -> Response:
    """A waiting call of choice rings at this operator's telephone only; it waits on when she does not lift it."""
    return _do(commands, work.take, call_id, verb)


@router.post("/calls/{call_id}/hold", response_model=CallLine)
def hold_call(call_id: Id, verb: CallVerb, commands: Commands) -> Response:
    """Music for the other side; those brought in stay with the operator."""
    return _do(commands, work.hold, call_id, verb)


@router.post("/calls/{call_id}/resume", response_model=CallLine)
def resume_call(call_id: Id, verb: CallVerb, commands: Commands) -> Response:
    return _do(commands, work.resume, call_id, verb)


@router.post("/calls/{call_id}/hand-over", response_model=CallLine)
def hand_over_call(call_id: Id, verb: HandOver, commands: Commands) -> Response:
    """To a colleague; the call and the turn of its cases are hers when she answers."""
    return _do(commands, work.hand_over, call_id, verb)


@router.post("/calls/{call_id}/bring-in", response_model=CallLine)
def bring_in(call_id: Id, verb: BringIn, commands: Commands) -> Response:
    """A colleague, a contact, a merchant or any number into the call."""
    return _do(commands, work.bring_in, call_id, verb)


@router.post("/calls/{call_id}/drop", response_model=CallLine)
def drop_leg(call_id: Id, verb: DropLeg, commands: Commands) -> Response:
    """One of several out of the call; the others go on."""
    return _do(commands, work.drop, call_id, verb)


@router.post("/calls/{call_id}/hang-up", response_model=CallLine)
def hang_up(call_id: Id, verb: CallVerb, commands: Commands) -> Response:
    """The end of the call, for everybody in it."""
    return _do(commands, work.hang_up, call_id, verb)


@router.post("/calls/{call_id}/listen", response_model=CallLine)
def listen(call_id: Id, verb: Listen, commands: Commands) -> Response:
    """A supervisor hears the call or whispers to its operator. It is in the journal."""
    return _do(commands, work.listen, call_id, verb)


@router.post("/dial", response_model=CallLine, status_code=201)
def dial(wish: Dial, commands: Commands) -> Response:
    """Calls somebody from this operator's telephone; the call is a new one, `out`."""
    house = commands.house

    def begin(session: Writing, desk: Desk) -> CallLine:
        call = dialling.dial(session, desk, house.plan, house.config.exchange.name, wish)
        return call_lines(session, [call], session.clock.now())[0]

    return commands.do(begin, 201)


@router.post("/me/presence", response_model=OperatorLine)
def change_presence(wish: PresenceChange, commands: Commands) -> Response:
    """Ready, or on a break: whether calls ring at this operator's telephone."""
    return commands.do(lambda session, desk: operator_line(presence.change_presence(session, desk, wish)))


def _do(
    commands: Commands, verb_of: Callable[[Writing, Desk, int, Verb], Call], call_id: int, verb: Verb
) -> Response:
    def done(session: Writing, desk: Desk) -> CallLine:
        call = verb_of(session, desk, call_id, verb)
        session.flush()
        return call_lines(session, [call], session.clock.now())[0]

    return commands.do(done)
