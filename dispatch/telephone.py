"""What an operator does with a call from her keyboard: decided here one by one, and ordered of the exchange.

Of two operators who take one call exactly one gets it: the call's row is held while it is decided.
"""

import uuid
from datetime import timedelta

from sqlmodel import col, select

from dispatch import legs
from dispatch.calls import held
from dispatch.desk import Desk
from dispatch.dialling import number_of, telephone_of
from dispatch.errors import BadValue, Conflict
from dispatch.models import (
    Call,
    CallState,
    Direction,
    Leg,
    LegRole,
    Operator,
    OrderKind,
    PhoneOrder,
)
from dispatch.models.transitions import key, note
from dispatch.operators import colleague
from dispatch.phone_orders import order
from dispatch.wire.telephone import BringIn, CallVerb, DropLeg, HandOver, Listen
from dispatch.wire.words import CallState as Expected
from registry.store import Role, Subject, Writing

TAKEN_FOR = timedelta(seconds=30)  # a taken call whose taker's telephone neither answered nor gave up is free again


def take(session: Writing, desk: Desk, call_id: int, verb: CallVerb) -> Call:
    """A waiting call of choice rings at this desk only. Raises Conflict naming who was first."""
    call = _expected(session, desk, call_id, verb.expects)
    extension = telephone_of(session, desk.operator_id)
    now = session.clock.now()
    if call.state is not CallState.QUEUED or call.direction is not Direction.IN:
        raise _conflict(session, call)
    if call.taken_by_id is not None and call.taken_at is not None and now - call.taken_at < TAKEN_FOR:
        raise _conflict(session, call)
    call.taken_by_id, call.taken_at = desk.operator_id, now
    return _ordered(session, desk, call, OrderKind.TAKE, "taken", extension=extension)


def hold(session: Writing, desk: Desk, call_id: int, verb: CallVerb) -> Call:
    call = _talking(session, desk, call_id, verb.expects)
    if call.held_since is not None:
        raise Conflict(subject=Subject.CALL, now="held", by=legs.named(session, call.operator_id))
    return _ordered(session, desk, call, OrderKind.HOLD, "holding", extension=telephone_of(session, desk.operator_id))


def resume(session: Writing, desk: Desk, call_id: int, verb: CallVerb) -> Call:
    call = _talking(session, desk, call_id, verb.expects)
    if call.held_since is None:
        raise Conflict(subject=Subject.CALL, now="not_held", by=legs.named(session, call.operator_id))
    return _ordered(session, desk, call, OrderKind.RESUME, "resuming")


def hand_over(session: Writing, desk: Desk, call_id: int, verb: HandOver) -> Call:
    """To a colleague, who has it when she answers. Raises Conflict when she is not there, or in the call already."""
    call = _talking(session, desk, call_id, verb.expects)
    colleague = _colleague(session, desk, call, verb.operator_id)
    leg = _new_leg(session, call, LegRole.OPERATOR, operator=colleague)
    return _ordered(
        session,
        desk,
        call,
        OrderKind.HAND_OVER,
        "handing_over",
        leg,
        by=telephone_of(session, desk.operator_id),
        extension=colleague.extension,
        to=colleague.id,
    )


def bring_in(session: Writing, desk: Desk, call_id: int, verb: BringIn) -> Call:
    """A colleague, a contact of the resident, a merchant or any number into the call."""
    call = _talking(session, desk, call_id, verb.expects)
    if verb.operator_id is not None:
        colleague = _colleague(session, desk, call, verb.operator_id)
        leg = _new_leg(session, call, LegRole.OPERATOR, operator=colleague)
        body = {"extension": colleague.extension}
    else:
        number = verb.number or number_of(session, desk, verb.contact_id, verb.merchant_id, call)
        leg = _new_leg(session, call, LegRole.THIRD, number=number)
        leg.contact_id, leg.merchant_id = verb.contact_id, verb.merchant_id
        body = {"number": number}
    return _ordered(session, desk, call, OrderKind.BRING_IN, "bringing_in", leg, **body)


def drop(session: Writing, desk: Desk, call_id: int, verb: DropLeg) -> Call:
    """One of several out of the call; a supervisor, who is not in it, herself.

    Raises Conflict for a leg that has gone, BadValue for one that cannot.
    """
    call = _expected(session, desk, call_id, verb.expects)
    there = legs.live(session, call)
    leg = next((each for each in there if each.id == verb.leg_id), None)
    own_ear = leg is not None and leg.role is LegRole.SUPERVISOR and leg.operator_id == desk.operator_id
    if not own_ear:
        _talks(session, desk, call)
    if leg is None:
        raise Conflict(subject=Subject.CALL, now="leg_gone", by=legs.named(session, call.operator_id))
    operators = [each for each in there if each.role is LegRole.OPERATOR and each.answered_at is not None]
    if leg.role in (LegRole.CALLER, LegRole.CALLED) or operators == [leg]:
        raise BadValue(field="leg_id", found=verb.leg_id, right="leg.of_a_third")
    return _ordered(session, desk, call, OrderKind.DROP, "dropping", leg)


def hang_up(session: Writing, desk: Desk, call_id: int, verb: CallVerb) -> Call:
    """The end of the call for everybody in it; also of an own one that still rings."""
    call = _expected(session, desk, call_id, verb.expects)
    own = call.direction is Direction.OUT and call.operator_id == desk.operator_id and call.state is CallState.RINGING
    if not own and (call.state is not CallState.TALKING or not legs.operator_in(session, call, desk.operator_id)):
        raise _conflict(session, call)
    ringing = [each.uniqueid for each in legs.live(session, call) if each.answered_at is None]
    return _ordered(session, desk, call, OrderKind.HANG_UP, "hanging_up", ringing=ringing)


def listen(session: Writing, desk: Desk, call_id: int, verb: Listen) -> Call:
    """A supervisor hears a call, or whispers to its operator; it is in the journal. Raises NotAllowed for others."""
    desk.needs(Role.SUPERVISOR)
    call = _expected(session, desk, call_id, verb.expects)
    if call.state is not CallState.TALKING:
        raise _conflict(session, call)
    supervisor = session.get(Operator, desk.operator_id)
    assert supervisor is not None
    extension = telephone_of(session, desk.operator_id)
    if legs.operator_in(session, call, desk.operator_id) is not None:
        raise Conflict(subject=Subject.CALL, now="in_the_call")
    leg = _new_leg(session, call, LegRole.SUPERVISOR, operator=supervisor)
    talks = session.get(Operator, call.operator_id) if call.operator_id is not None else None
    return _ordered(
        session,
        desk,
        call,
        OrderKind.LISTEN,
        "whispered" if verb.how == "whisper" else "listened",
        leg,
        extension=extension,
        to=talks.extension if talks is not None else None,
        whisper=verb.how == "whisper",
    )


def _expected(session: Writing, desk: Desk, call_id: int, expects: Expected) -> Call:
    call = held(session, desk, call_id)
    if call.state != expects:
        raise _conflict(session, call)
    return call


def _talking(session: Writing, desk: Desk, call_id: int, expects: Expected) -> Call:
    """A call in which this operator talks. Raises Conflict naming whose it is."""
    call = _expected(session, desk, call_id, expects)
    _talks(session, desk, call)
    return call


def _talks(session: Writing, desk: Desk, call: Call) -> None:
    if call.state is not CallState.TALKING or legs.operator_in(session, call, desk.operator_id) is None:
        raise _conflict(session, call)


def _conflict(session: Writing, call: Call) -> Conflict:
    first = call.taken_by_id if call.state is CallState.QUEUED else call.operator_id
    now = "taken" if call.state is CallState.QUEUED and call.taken_by_id is not None else str(call.state)
    return Conflict(subject=Subject.CALL, now=now, by=legs.named(session, first))


def _colleague(session: Writing, desk: Desk, call: Call, operator_id: int) -> Operator:
    there = colleague(session, desk, operator_id)
    telephone_of(session, operator_id)
    if any(leg.operator_id == operator_id for leg in legs.live(session, call)):
        raise Conflict(subject=Subject.CALL, now="in_the_call", by=there.name)
    return there


def _new_leg(
    session: Writing, call: Call, role: LegRole, *, operator: Operator | None = None, number: str | None = None
) -> Leg:
    leg = Leg(
        call_id=key(call),
        exchange=call.exchange,
        uniqueid=f"{call.exchange}-leg-{uuid.uuid4().hex}",
        role=role,
        operator_id=operator.id if operator is not None else None,
        extension=operator.extension if operator is not None else None,
        number=number,
        started_at=session.clock.now(),
    )
    session.add(leg)
    return leg


def _ordered(
    session: Writing, desk: Desk, call: Call, kind: OrderKind, what: str, leg: Leg | None = None, **body: object
) -> Call:
    """Orders it, about this `leg`. It is in the journal, and so the telephonist is woken by the commit."""
    if leg is not None:
        session.flush()  # a new one has its id now
        body["leg"] = leg.uniqueid
    row: PhoneOrder = order(
        session,
        kind,
        centre_id=call.centre_id,
        exchange=call.exchange,
        call=call,
        operator_id=desk.operator_id,
        call_uniqueid=_uniqueid(session, call),
        **body,
    )
    call.version += 1
    note(session, call, what, desk.actor, order=str(row.kind), leg=leg.id if leg is not None else None)
    return call


def _uniqueid(session: Writing, call: Call) -> str:
    """The call's name at the exchange: of its caller's leg, or of the leg from which it was dialled."""
    return session.exec(select(Leg.uniqueid).where(Leg.call_id == key(call)).order_by(col(Leg.id)).limit(1)).one()
