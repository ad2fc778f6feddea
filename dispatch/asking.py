"""Calls and SMS to residents: to whom, at which number, and how they get into the outbox."""

from enum import Enum, auto

from sqlalchemy import bindparam, select
from sqlmodel import col

from dispatch.messages import LONGEST
from dispatch.models import Message, MessageKind
from dispatch.models.transitions import note
from dispatch.wire.catalogue import Catalogue
from registry.cards import summary
from registry.models import Centre, Channel, Hearing, Line, LineKind, Resident, Sight
from registry.store import Actor, Scope, Writing

# Those to whoever does not wait for one.
KINDS = frozenset({MessageKind.SURVEY, MessageKind.CARE})


class Verdict(Enum):
    """What is true of a call at the moment of calling, when it is not "later"."""

    NOW = auto()
    NEVER = auto()


def number_of(session: Writing, resident: Resident) -> str | None:
    """Where she is called: her mobile, else her landline; None for one who cannot hear it, or has neither."""
    if resident.hearing is Hearing.DEAF:
        return None
    return _line(session, resident, LineKind.MOBILE) or _line(session, resident, LineKind.LANDLINE)


def mobile_of(session: Writing, resident: Resident) -> str | None:
    """Where she can be written to; None for one who is blind, or has no mobile."""
    if resident.sight is Sight.BLIND:
        return None
    return _line(session, resident, LineKind.MOBILE)


def _line(session: Writing, resident: Resident, kind: LineKind) -> str | None:
    """Her first line of that kind."""
    return session.rows(_FIRST_LINE, resident_id=resident.id, kind=kind).scalar()


_FIRST_LINE = (
    select(col(Line.number))
    .where(
        col(Line.resident_id) == bindparam("resident_id"),
        col(Line.ended_at).is_(None),
        col(Line.kind) == bindparam("kind"),
    )
    .order_by(col(Line.id))
    .limit(1)
)


def language_of(resident: Resident) -> str:
    return "en" if resident.language.startswith("en") else "zh"


def said_to(session: Writing, resident: Resident, key: str, **more: str) -> str:
    """The sentence of `key`, to her by the name she is addressed with."""
    centre = session.get(Centre, resident.centre_id)
    assert centre is not None
    who = addressed(session, resident)
    return Catalogue("dispatch", language_of(resident)).say(key, centre=centre.name, who=who, **more)


def addressed(session: Writing, resident: Resident) -> str:
    """How she is spoken to, in her language."""
    assert resident.id is not None
    person = summary(session, Scope(resident.centre_id), resident.id, session.clock.now())
    return person.addressed(language_of(resident))


def put(
    session: Writing,
    kind: MessageKind,
    resident: Resident,
    number: str,
    body: str,
    keys: str,
    *,
    channel: Channel = Channel.VOICE,
) -> Message:
    """The call, or the SMS, as a row of the outbox; what it is about is set by whoever wants it."""
    now = session.clock.now()
    message = Message(
        centre_id=resident.centre_id,
        area_id=resident.area_id,
        kind=kind,
        channel=channel,
        number=number,
        body=body[:LONGEST],
        keys=keys,
        language=language_of(resident),
        resident_id=resident.id,
        not_before=now,
        created_at=now,
    )
    session.add(message)
    return message


def wanted(session: Writing, message: Message) -> None:
    """Into the journal, once it is known what the call is about."""
    about = {name: value for name in ("case_id", "care_check_id") if (value := getattr(message, name)) is not None}
    note(session, message, "wanted", Actor.system(), kind=str(message.kind), channel=str(message.channel), **about)
