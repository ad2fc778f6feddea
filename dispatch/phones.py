"""Operators' telephones: whether they can be reached, and whether they let themselves be rung.

One that is not reachable is not rung by the exchange itself. One that rejects every ring would be rung again every
second, in silence: it is taken out of the ring, and comes back when it is registered anew, when somebody has used it,
when its operator says that she is ready, and by itself after a while. Each of these is in the journal, and the board
shows who is ready and cannot be rung.
"""

from datetime import datetime

from callbridge.events import PhonePresence, PhoneReached, PhoneRefuses, PhoneTaken, RingSurveyed
from dispatch.models import Operator, Presence, Timer, TimerKind
from dispatch.operators import with_extension
from dispatch.policy import presence_policy
from dispatch.presence import still_to_be_told, tell
from dispatch.timers import stop
from registry.store import Actor, Entry, Subject, Writing


def phone_reached(session: Writing, centre_id: int, event: PhoneReached) -> None:
    """Writes down whether an operator's telephone can be reached; what is known already changes nothing."""
    operator = _whose(session, centre_id, event.extension)
    if operator is None or operator.phone_reachable == event.reachable:
        return
    operator.phone_reachable, operator.phone_changed_at = event.reachable, event.at
    _note(session, operator, "phone_reached" if event.reachable else "phone_lost", Actor.exchange())
    if event.reachable:
        _back(session, operator, Actor.exchange())


def phone_refuses(session: Writing, centre_id: int, event: PhoneRefuses) -> None:
    """It rejects every ring: out of the ring, with a notice, and tried again after a while."""
    operator = _whose(session, centre_id, event.extension)
    if operator is not None and operator.presence is Presence.READY:
        _out(session, operator, event.at)


def phone_taken(session: Writing, centre_id: int, event: PhoneTaken) -> None:
    """It is in use, so it works: calls ring there again."""
    operator = _whose(session, centre_id, event.extension)
    if operator is not None:
        _back(session, operator, Actor.exchange())


def ring_surveyed(session: Writing, centre_id: int, event: RingSurveyed) -> None:
    """After a gap the exchange's queues are right, except where an order of ours is still to be done: one that was
    started again rings everybody who is ready.
    """
    pending = still_to_be_told(session, event.exchange)
    for extension, presence in event.presences.items():
        operator = _whose(session, centre_id, extension) if extension not in pending else None
        if operator is None or operator.presence is not Presence.READY:
            continue
        if presence is PhonePresence.REFUSES:
            _out(session, operator, event.at)
        else:
            _back(session, operator, Actor.exchange())


def try_again(session: Writing, timer: Timer) -> None:
    """Time to see whether it lets itself be rung now; should it not, it is out again, with another notice."""
    operator = session.lock(Operator, timer.subject_id)
    if operator is not None:
        _back(session, operator, Actor.system())


def _out(session: Writing, operator: Operator, at: datetime) -> None:
    if operator.phone_refuses_since is not None:
        return
    operator.phone_refuses_since = at
    tell(session, operator, PhonePresence.REFUSES)
    _note(session, operator, "phone_refuses", Actor.exchange())
    session.add(
        Timer(
            centre_id=operator.centre_id,
            kind=TimerKind.PHONE_AGAIN,
            subject=Subject.OPERATOR,
            subject_id=operator.id or 0,
            due_at=session.clock.now() + presence_policy(session, operator.centre_id).phone_again,
        )
    )


def _back(session: Writing, operator: Operator, actor: Actor) -> None:
    if operator.phone_refuses_since is None:
        return
    operator.phone_refuses_since = None
    stop(session, Subject.OPERATOR, operator.id or 0, TimerKind.PHONE_AGAIN)
    tell(session, operator)
    _note(session, operator, "phone_back", actor)


def _whose(session: Writing, centre_id: int, extension: str) -> Operator | None:
    """The operator of that telephone, held."""
    known = with_extension(session, centre_id, extension)
    return session.lock(Operator, known.id or 0) if known is not None else None


def _note(session: Writing, operator: Operator, what: str, actor: Actor) -> None:
    operator.version += 1
    session.record(
        Entry(
            what=f"{Subject.OPERATOR}.{what}",
            subject=Subject.OPERATOR,
            subject_id=operator.id or 0,
            actor=actor,
            centre_id=operator.centre_id,
            area_id=operator.area_id,
            data={"extension": operator.extension},
        )
    )
