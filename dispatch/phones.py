"""Operators' telephones: whose they are and whether they can be reached."""

from sqlalchemy import Select, select
from sqlmodel import col

from callbridge.events import PhoneReached
from dispatch.models import Operator, Presence
from registry.store import Actor, Entry, Subject, Writing


def operator_at(session: Writing, centre_id: int, extension: str | None) -> Operator | None:
    """Whose telephone it is; where two share one, it is hers who is on duty."""
    if not extension:
        return None
    on_duty = col(Operator.presence) != Presence.OFF
    return session.scalar(_with_telephone(centre_id, extension).order_by(on_duty.desc(), col(Operator.id)).limit(1))


def phone_reached(session: Writing, centre_id: int, event: PhoneReached) -> None:
    """Writes down for everyone with that telephone whether it can be reached; once more changes nothing."""
    for operator in session.scalars(_with_telephone(centre_id, event.extension).with_for_update()):
        if operator.phone_reachable == event.reachable:
            continue
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


def _with_telephone(centre_id: int, extension: str) -> Select[Operator]:
    return select(Operator).where(
        col(Operator.centre_id) == centre_id,
        col(Operator.extension) == extension,
        col(Operator.ended_at).is_(None),
    )
