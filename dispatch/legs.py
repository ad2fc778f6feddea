"""Who is in a call: parties that join and leave, hold, calls handed over, written down as the exchange reports it."""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlmodel import col, select

from callbridge.events import (
    BridgeEvent,
    CallHeld,
    CallParties,
    CallReached,
    CallResumed,
    PartyJoined,
    PartyLeft,
)
from dispatch import presence, turns
from dispatch.models import (
    Call,
    CallState,
    Case,
    CaseCall,
    Leg,
    LegRole,
    Operator,
    OrderKind,
    PhoneOrder,
    Turn,
)
from dispatch.models.transitions import key, move, note
from dispatch.phone_orders import order
from registry.store import Actor, Writing


def live(session: Writing, call: Call) -> list[Leg]:
    """The legs that are in the call or ring to be, in the order in which they came."""
    statement = select(Leg).where(Leg.call_id == key(call), col(Leg.ended_at).is_(None)).order_by(col(Leg.id))
    return list(session.exec(statement))


def find(session: Writing, exchange: str, uniqueids: Collection[str]) -> list[Leg]:
    """The legs of an exchange that have those ids, in one statement; `leg_of` has them at hand from now on."""
    found = list(session.exec(select(Leg).where(Leg.exchange == exchange, col(Leg.uniqueid).in_(uniqueids))))
    known = _known(session)
    known.update(((exchange, uniqueid), None) for uniqueid in uniqueids)
    known.update(((exchange, leg.uniqueid), leg) for leg in found)
    return found


def leg_of(session: Writing, exchange: str, uniqueid: str) -> Leg | None:
    known = _known(session)
    if (exchange, uniqueid) not in known:
        find(session, exchange, [uniqueid])
    return known[exchange, uniqueid]


def add(session: Writing, leg: Leg) -> None:
    """A new leg, of which there was none."""
    session.add(leg)
    _known(session)[leg.exchange, leg.uniqueid] = leg


def _known(session: Writing) -> dict[tuple[str, str], Leg | None]:
    """What this transaction knows of legs: each event asks for one by the exchange's id."""
    known: dict[tuple[str, str], Leg | None] = session.info.setdefault("legs", {})
    return known


def call_of(session: Writing, exchange: str, uniqueid: str) -> Call | None:
    """The call of that leg, held."""
    leg = leg_of(session, exchange, uniqueid)
    return session.lock(Call, leg.call_id) if leg is not None else None


def held(session: Writing, event: CallHeld) -> None:
    call = call_of(session, event.exchange, event.uniqueid)
    if call is not None and call.held_since is None and call.state is CallState.TALKING:
        call.held_since = event.at
        call.version += 1
        note(session, call, "held", _by(call), at=event.at)


def resumed(session: Writing, event: CallResumed) -> None:
    call = call_of(session, event.exchange, event.uniqueid)
    if call is not None:
        _resume(session, call, event.at)


def joined(session: Writing, event: PartyJoined) -> None:
    """One whom we called has answered; when the call was to be hers, it is now."""
    call, leg = call_of(session, event.exchange, event.leg), leg_of(session, event.exchange, event.leg)
    if call is None or leg is None or leg.answered_at is not None or leg.ended_at is not None:
        return
    leg.answered_at = event.at
    call.version += 1
    note(
        session,
        call,
        "party_joined",
        _by(call),
        at=event.at,
        leg=leg.id,
        role=str(leg.role),
        operator=leg.operator_id,
    )
    if leg.role is LegRole.OPERATOR and _was_handed_over(session, call, leg):
        _hand_over(session, call, leg, event.at)


def left(session: Writing, event: PartyLeft) -> None:
    call, leg = call_of(session, event.exchange, event.leg), leg_of(session, event.exchange, event.leg)
    if call is not None and leg is not None and leg.ended_at is None and leg.role not in _ENDS_WITH_THE_CALL:
        _end_leg(session, call, leg, event.at, event.cause)


def there(session: Writing, event: CallParties) -> None:
    """After a gap: who is not in the call any more has left it, and whether it is on hold is what is so now."""
    call = call_of(session, event.exchange, event.uniqueid)
    if call is None or call.state is not CallState.TALKING:
        return
    for leg in live(session, call):
        if leg.uniqueid not in event.legs and leg.role not in _ENDS_WITH_THE_CALL:
            _end_leg(session, call, leg, event.at, 0)
        elif leg.answered_at is None and leg.uniqueid in event.legs:
            leg.answered_at = event.at
    if event.held and call.held_since is None:
        held(session, CallHeld(exchange=event.exchange, at=event.at, uniqueid=event.uniqueid))
    elif not event.held:
        _resume(session, call, event.at)


def call_over(session: Writing, call: Call, talked: list[Leg]) -> None:
    """The call, which the caller holds, has ended: nothing rings for it any more, and its operators write it up."""
    call.held_since = call.taken_by_id = call.taken_at = None
    for leg in talked:
        if leg.answered_at is None and leg.role not in _ENDS_WITH_THE_CALL:
            order(
                session, OrderKind.DROP, centre_id=call.centre_id, exchange=call.exchange, call=call, leg=leg.uniqueid
            )
    presence.calls_ended(session, [leg for leg in talked if leg.role is LegRole.OPERATOR])


def back_in_the_queue(session: Writing, call: Call) -> None:
    """Nobody lifted the telephone of who took it, or who held it has hung up: it is anybody's again."""
    call.held_since = call.taken_by_id = call.taken_at = None


def reached(session: Writing, event: CallReached) -> None:
    """Whom an operator called has answered."""
    call = call_of(session, event.exchange, event.uniqueid)
    if call is None:
        return
    if leg_of(session, event.exchange, event.called) is None and call.state is not CallState.ENDED:
        add(
            session,
            Leg(
                call_id=key(call),
                exchange=event.exchange,
                uniqueid=event.called,
                role=LegRole.CALLED,
                number=call.number,
                contact_id=call.speaker_contact_id,
                merchant_id=call.speaker_merchant_id,
                started_at=event.at,
                answered_at=event.at,
            ),
        )
    reached_at(session, call, event.at)


def reached_at(session: Writing, call: Call, at: datetime) -> None:
    """The operator's own call, which the caller holds, was answered then; told twice it changes nothing."""
    call.answered_at = call.answered_at or at
    for leg in live(session, call):
        if leg.role is LegRole.OPERATOR:
            leg.answered_at = leg.answered_at or at
    if call.state is CallState.RINGING:
        move(session, call, CallState.TALKING, _by(call), at=at)


HANDLERS: dict[type[BridgeEvent], Callable[..., None]] = {
    CallHeld: held,
    CallReached: reached,
    CallResumed: resumed,
    PartyJoined: joined,
    PartyLeft: left,
    CallParties: there,
}
_ENDS_WITH_THE_CALL = frozenset({LegRole.CALLER, LegRole.CALLED})


def _resume(session: Writing, call: Call, at: datetime) -> None:
    if call.held_since is None:
        return
    seconds = round((at - call.held_since).total_seconds())
    call.held_since = None
    call.version += 1
    note(session, call, "resumed", _by(call), at=at, seconds=seconds)


def _end_leg(session: Writing, call: Call, leg: Leg, at: datetime, cause: int) -> None:
    leg.ended_at, leg.cause = at, cause
    call.version += 1
    what = "party_left" if leg.answered_at is not None else "party_not_reached"
    note(session, call, what, Actor.exchange(), at=at, leg=leg.id, role=str(leg.role), cause=cause)
    if leg.role is LegRole.OPERATOR and call.state is CallState.TALKING:
        presence.calls_ended(session, [leg])


def _was_handed_over(session: Writing, call: Call, leg: Leg) -> bool:
    orders = select(PhoneOrder).where(PhoneOrder.call_id == key(call), PhoneOrder.kind == OrderKind.HAND_OVER)
    return any(row.body.get("leg") == leg.uniqueid for row in session.exec(orders).all())


def _hand_over(session: Writing, call: Call, leg: Leg, at: datetime) -> None:
    """The call is the colleague's, and so is her turn in its cases; who took them first (首问) stays their owner."""
    before, call.operator_id = call.operator_id, leg.operator_id
    note(session, call, "handed_over", _by(call), at=at, by=before, to=leg.operator_id)
    linked = select(CaseCall.case_id).where(CaseCall.call_id == key(call))
    hers = select(Case.id).where(
        col(Case.id).in_(linked), Case.turn == Turn.OPERATOR, Case.turn_operator_id == before
    )
    for case_id in session.exec(hers.order_by(col(Case.id))).all():
        case = session.lock(Case, case_id or 0)
        if case is not None and case.turn is Turn.OPERATOR and case.turn_operator_id == before:
            turns.handed_over(session, case, leg.operator_id, _by(call))


def _by(call: Call) -> Actor:
    return Actor.operator(call.operator_id) if call.operator_id is not None else Actor.exchange()


def operator_in(session: Writing, call: Call, operator_id: int) -> Leg | None:
    """Her leg in the call, when she talks in it."""
    legs = (leg for leg in live(session, call) if leg.role is LegRole.OPERATOR and leg.answered_at is not None)
    return next((leg for leg in legs if leg.operator_id == operator_id), None)


def named(session: Writing, operator_id: int | None) -> str | None:
    operator = session.get(Operator, operator_id) if operator_id is not None else None
    return operator.name if operator is not None else None
