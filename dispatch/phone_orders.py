"""Orders to an exchange about calls and telephones: written with the decision, done once, each with its end."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from callbridge.events import CallEnd, Party
from dispatch.models import Call, CallState, Leg, OrderKind, OrderState, PhoneOrder
from dispatch.models.transitions import key, move, note
from registry.store import Actor, Store, Writing

STILL_MEANT = timedelta(seconds=10)  # after that the operator has done something else: only presence is still true
UNKNOWN = "unknown"  # whether the exchange did it


@dataclass(frozen=True, slots=True)
class Claimed:
    """An order that is ours to do now."""

    id: int
    kind: OrderKind
    body: dict[str, Any]


def order(
    session: Writing,
    kind: OrderKind,
    *,
    centre_id: int,
    exchange: str,
    call: Call | None = None,
    operator_id: int | None = None,
    **body: Any,
) -> PhoneOrder:
    """Asks the exchange for something as soon as this transaction is committed."""
    row = PhoneOrder(
        centre_id=centre_id,
        exchange=exchange,
        kind=kind,
        operator_id=operator_id,
        call_id=call.id if call is not None else None,
        body=body,
        at=session.clock.now(),
    )
    session.add(row)
    return row


def claim(store: Store, exchange: str) -> Claimed | None:
    """The next order that is still meant; those that are not end here."""
    due = (
        select(PhoneOrder.id)
        .where(PhoneOrder.exchange == exchange, PhoneOrder.state == OrderState.WANTED)
        .order_by(col(PhoneOrder.id))
    )
    with store.reading() as session:
        if session.exec(due.limit(1)).first() is None:
            return None
    with store.writing() as session:
        for order_id in session.exec(due).all():
            row = session.lock(PhoneOrder, order_id or 0)
            if row is None or row.state is not OrderState.WANTED:
                continue
            if row.kind is not OrderKind.PRESENCE and session.clock.now() - row.at > STILL_MEANT:
                _fail(session, row, "late")
                continue
            row.state = OrderState.HANDED_OVER
            return Claimed(row.id or 0, row.kind, dict(row.body))
    return None


def done(session: Writing, order_id: int) -> None:
    row = session.lock(PhoneOrder, order_id)
    if row is not None and row.state is OrderState.HANDED_OVER:
        row.state, row.ended_at = OrderState.DONE, session.clock.now()
        _forget_text(row)


def failed(session: Writing, order_id: int, why: str, *, for_good: bool = False) -> None:
    """It did not happen, or nobody knows. What was decided for it is taken back where that is safe.

    Presence is wanted again, unless it can never be: it is true until another comes, and twice does no harm.
    """
    row = session.lock(PhoneOrder, order_id)
    if row is not None and row.state is OrderState.HANDED_OVER:
        if row.kind is OrderKind.PRESENCE and not for_good:
            row.state = OrderState.WANTED
        else:
            _fail(session, row, why)


def left_over(session: Writing, exchange: str) -> None:
    """At a start: what was being done when the service ended. Nobody knows, so nothing of it is repeated."""
    rows = select(PhoneOrder.id).where(PhoneOrder.exchange == exchange, PhoneOrder.state == OrderState.HANDED_OVER)
    for order_id in session.exec(rows).all():
        failed(session, order_id or 0, UNKNOWN)


def void(session: Writing) -> None:
    """After a restore: what the exchange was to do when the backup was made is not done any more. How present an
    operator is, is found in its queues (`dispatch.presence.surveyed`).
    """
    open_ones = select(PhoneOrder.id).where(col(PhoneOrder.state).in_([OrderState.WANTED, OrderState.HANDED_OVER]))
    for order_id in session.exec(open_ones).all():
        row = session.lock(PhoneOrder, order_id or 0)
        if row is not None:
            _fail(session, row, UNKNOWN if row.state is OrderState.HANDED_OVER else "restored")


def _fail(session: Writing, row: PhoneOrder, why: str) -> None:
    now = session.clock.now()
    row.state, row.why, row.ended_at = OrderState.FAILED, why[:200], now
    _forget_text(row)
    call = session.lock(Call, row.call_id) if row.call_id is not None else None
    if call is None:
        return
    if row.kind is OrderKind.TAKE and call.taken_by_id == row.operator_id:
        call.taken_by_id = call.taken_at = None
    if why != UNKNOWN and (uniqueid := row.body.get("leg")) is not None:
        leg = session.exec(select(Leg).where(Leg.exchange == row.exchange, Leg.uniqueid == uniqueid)).first()
        if leg is not None:
            leg.ended_at = leg.ended_at or now
    if row.kind is OrderKind.DIAL and why != UNKNOWN and call.state is CallState.RINGING:
        not_begun(session, call)
    call.version += 1
    note(session, call, "order_failed", Actor.system(), order=str(row.kind), why=row.why, operator=row.operator_id)


def _forget_text(row: PhoneOrder) -> None:
    """What was read to a merchant may tell where somebody lives: it stands there no longer than it is needed."""
    row.body = {name: value for name, value in row.body.items() if name != "text"}


def not_begun(session: Writing, call: Call) -> None:
    """A call of an operator's own, which the caller holds, that the exchange never began."""
    call.ended_at, call.end, call.hung_up_by = session.clock.now(), CallEnd.NOT_REACHED, Party.EXCHANGE
    for leg in session.exec(select(Leg).where(Leg.call_id == key(call), col(Leg.ended_at).is_(None))):
        leg.ended_at = call.ended_at
    move(session, call, CallState.ENDED, Actor.system(), end=str(call.end), hung_up_by=str(call.hung_up_by))
