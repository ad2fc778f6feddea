"""How present operators are, and that the exchange rings whom it should.

A telephone's place in the queues is the exchange's own (extensions_telephone.conf); here is who wanted it to be so.
What an operator dials on her telephone while the service is down is found in the queues afterwards, and counts.
"""

from collections.abc import Iterable, Sequence

from sqlmodel import col, select

from callbridge.events import PhonePresence, PresenceDialled, RingSurveyed
from dispatch import turns
from dispatch.desk import Desk
from dispatch.errors import Conflict
from dispatch.models import (
    BreakReason,
    Case,
    CaseState,
    ExchangePosition,
    Leg,
    Operator,
    OrderKind,
    OrderState,
    PhoneOrder,
    Presence,
    Timer,
    TimerKind,
    Turn,
)
from dispatch.operators import with_extension
from dispatch.phone_orders import order
from dispatch.policy import presence_policy
from dispatch.timers import stop
from dispatch.wire.telephone import PresenceChange
from registry.store import Actor, Entry, Subject, Writing

PRESENT = frozenset({Presence.READY, Presence.BREAK, Presence.AFTER_CALL})
OVER = frozenset({CaseState.CLOSED, CaseState.CANCELLED})


def change_presence(session: Writing, desk: Desk, wish: PresenceChange) -> Operator:
    """Ready, or on a break. Raises Conflict for one who is not logged in."""
    operator = _held(session, desk.operator_id)
    if operator.presence is Presence.OFF:
        raise Conflict(subject=Subject.OPERATOR, now=operator.presence)
    reason = BreakReason(wish.reason) if wish.reason is not None else None
    become(session, operator, Presence(wish.presence), desk.actor, reason=reason)
    return operator


def become(
    session: Writing,
    operator: Operator,
    presence: Presence,
    actor: Actor,
    *,
    what: str = "presence",
    reason: BreakReason | None = None,
    seconds: int = 0,
    ring: bool = True,
) -> None:
    """Makes an operator, whom the caller holds, so present, and has the exchange `ring` accordingly."""
    assert operator.id is not None
    before, now = operator.presence, session.clock.now()
    operator.presence, operator.break_reason = presence, reason
    operator.presence_since, operator.presence_until = now, None
    operator.version += 1
    operator.phone_refuses_since = None
    stop(session, Subject.OPERATOR, operator.id, TimerKind.AFTER_CALL, TimerKind.PHONE_AGAIN)
    if ring:
        tell(session, operator, seconds=seconds)
    session.record(
        Entry(
            what=f"{Subject.OPERATOR}.{what}",
            subject=Subject.OPERATOR,
            subject_id=operator.id,
            actor=actor,
            centre_id=operator.centre_id,
            area_id=operator.area_id,
            data={"presence": str(presence), "before": str(before), "reason": reason and str(reason)},
        )
    )


def calls_ended(session: Writing, legs: Iterable[Leg]) -> None:
    """Operators who talked have their after-call work; a clock and the exchange itself end it."""
    for operator_id in sorted({leg.operator_id for leg in legs if leg.operator_id and leg.answered_at}):
        operator = _held(session, operator_id)
        pause = presence_policy(session, operator.centre_id).after_call
        if operator.presence is not Presence.READY or not pause:
            continue
        seconds = round(pause.total_seconds())
        become(session, operator, Presence.AFTER_CALL, Actor.system(), seconds=seconds)
        operator.presence_until = session.clock.now() + pause
        session.add(
            Timer(
                centre_id=operator.centre_id,
                kind=TimerKind.AFTER_CALL,
                subject=Subject.OPERATOR,
                subject_id=operator_id,
                due_at=operator.presence_until,
                fence=operator.version,
            )
        )


def after_call_is_over(session: Writing, timer: Timer) -> None:
    """Her clock has run down: calls ring at her telephone again."""
    operator = session.lock(Operator, timer.subject_id)
    if operator is not None and operator.presence is Presence.AFTER_CALL and operator.version == timer.fence:
        become(session, operator, Presence.READY, Actor.system())


def leave(session: Writing, operator: Operator, actor: Actor, *, may_refuse: bool) -> None:
    """She goes: the cases whose turn it is for her are any colleague's who is there.

    Raises Conflict with their numbers when nobody else is there, if it `may_refuse`.
    """
    hers = [
        case
        for case_id in session.exec(
            select(Case.id)
            .where(
                Case.turn == Turn.OPERATOR,
                Case.turn_operator_id == operator.id,
                col(Case.state).not_in(OVER),
            )
            .order_by(col(Case.id))
        ).all()
        if (case := session.lock(Case, case_id or 0)) is not None and case.turn_operator_id == operator.id
    ]
    if hers and may_refuse and not _colleagues(session, operator):
        raise Conflict(subject=Subject.OPERATOR, now="open_turns", cases=[case.number for case in hers])
    for case in hers:
        turns.handed_over(session, case, None, actor)


def dialled(session: Writing, centre_id: int, event: PresenceDialled) -> None:
    """An operator dialled a code on her telephone: the exchange has done it already."""
    _is_so(session, centre_id, event.extension, event.presence)


def surveyed(session: Writing, centre_id: int, event: RingSurveyed) -> None:
    """What the exchange's queues hold after a gap. It is right, except where an order of ours is still to be done."""
    pending = still_to_be_told(session, event.exchange)
    for extension, presence in event.presences.items():
        if extension in pending:
            continue
        known = with_extension(session, centre_id, extension)
        if known is not None and known.presence_since is None and presence is PhonePresence.READY:
            continue  # it rings as configured, and nobody has come
        _is_so(session, centre_id, extension, presence)


def _is_so(session: Writing, centre_id: int, extension: str, presence: PhonePresence) -> None:
    known = with_extension(session, centre_id, extension)
    if known is None:
        return
    operator = _held(session, known.id or 0)
    refuses = presence is PhonePresence.REFUSES  # the telephone, not she: see `dispatch.phones`
    seen = Presence.READY if refuses else Presence(presence.value)
    if operator.presence is seen:
        return
    if seen is Presence.OFF:
        leave(session, operator, Actor.exchange(), may_refuse=False)
    become(session, operator, seen, Actor.exchange(), what="presence_dialled", ring=False)


def still_to_be_told(session: Writing, exchange: str) -> set[str]:
    """The telephones of which that exchange has an order of ours that is not done yet."""
    return {str(row.body.get("extension")) for row in _untold(session, exchange)}


def tell(session: Writing, operator: Operator, presence: PhonePresence | None = None, *, seconds: int = 0) -> None:
    """Has the exchange ring her telephone as she is present, or as `presence` says.

    One operator's telephone may stand at any exchange of the installation: each is told.
    """
    if operator.extension is None:
        return
    for exchange in session.exec(select(ExchangePosition.exchange)).all():
        for row in _untold(session, exchange):
            if row.body.get("extension") == operator.extension:  # overtaken
                row.state, row.ended_at = OrderState.DONE, session.clock.now()
        order(
            session,
            OrderKind.PRESENCE,
            centre_id=operator.centre_id,
            exchange=exchange,
            operator_id=operator.id,
            extension=operator.extension,
            presence=str(presence or operator.presence),
            seconds=seconds,
        )


def _untold(session: Writing, exchange: str) -> Sequence[PhoneOrder]:
    wanted = (PhoneOrder.kind == OrderKind.PRESENCE, PhoneOrder.state == OrderState.WANTED)
    return session.exec(select(PhoneOrder).where(PhoneOrder.exchange == exchange, *wanted)).all()


def _colleagues(session: Writing, operator: Operator) -> bool:
    others = select(Operator.id).where(
        Operator.centre_id == operator.centre_id,
        Operator.id != operator.id,
        col(Operator.presence).in_(PRESENT),
        col(Operator.ended_at).is_(None),
    )
    return session.exec(others.limit(1)).first() is not None


def _held(session: Writing, operator_id: int) -> Operator:
    operator = session.lock(Operator, operator_id)
    assert operator is not None
    return operator
