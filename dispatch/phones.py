"""Operators' telephones: whether they can be reached."""

from callbridge.events import PhoneReached, PhoneRefuses
from dispatch.models import Operator, Presence
from dispatch.operators import with_extension
from dispatch.presence import become
from registry.store import Actor, Entry, Subject, Writing


def phone_reached(session: Writing, centre_id: int, event: PhoneReached) -> None:
    """Writes down whether an operator's telephone can be reached; what is known already changes nothing."""
    known = with_extension(session, centre_id, event.extension)
    operator = session.lock(Operator, known.id or 0) if known is not None else None
    if operator is None or operator.phone_reachable == event.reachable:
        return
    operator.phone_reachable = event.reachable
    operator.version += 1
    session.record(
        Entry(
            what="operator.phone_reached" if event.reachable else "operator.phone_lost",
            subject=Subject.OPERATOR,
            subject_id=operator.id or 0,
            actor=Actor.exchange(),
            centre_id=centre_id,
            area_id=operator.area_id,
            at=event.at,
            data={"extension": event.extension},
        )
    )


def phone_refuses(session: Writing, centre_id: int, event: PhoneRefuses) -> None:
    """A telephone that rejects every ring is taken out of it, with a notice; `ready` puts it back."""
    known = with_extension(session, centre_id, event.extension)
    operator = session.lock(Operator, known.id or 0) if known is not None else None
    if operator is not None and operator.presence is Presence.READY:
        become(session, operator, Presence.BREAK, Actor.exchange(), what="phone_refuses")
