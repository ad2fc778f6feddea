"""What a resident is told of a visit: who comes and by when, the word for whoever comes, and that it gets late.

By SMS where she has a mobile, else by telephone; a word is also said by telephone, because not everybody reads what
comes in, and so is everything to somebody who sees badly. Whoever is blind opens to a voice: who comes is said to
her, by a person where the telephone could not.

Nobody is told in an emergency: her line stays free for those who help.
"""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from callbridge.gateways.door import Wording
from callbridge.speech import digits_aloud
from dispatch import asking
from dispatch.attention import Need, need
from dispatch.casebook import service_of
from dispatch.decency import care_hours
from dispatch.messages import HEARD_KEY
from dispatch.models import Case, Message, MessageKind, MessageState, Offer, Visit
from dispatch.texts import Written, day_or_hour
from dispatch.wire.catalogue import Catalogue
from registry.models import Centre, Channel, Merchant, Resident, Sight, VisitProof
from registry.models.centre import Priority
from registry.store import Actor, Writing

COMING, LATE = "coming", "late"


def coming(session: Writing, case: Case, visit: Visit) -> None:
    """Somebody has accepted. Whoever waits for it now is told now, else at a decent hour before it is due."""
    resident = _listener(session, case)
    if resident is None:
        return
    at = session.clock.now()
    if case.wanted_at is not None and case.wanted_at > at:
        decent = care_hours(session, case.centre_id, on_holidays=True).next(at)
        at = decent if decent is not None and decent < case.wanted_at else at
    _tell(session, case, visit, resident, COMING, at)


def late(session: Writing, case: Case, visit: Visit) -> None:
    """Nobody has come by the time that was said."""
    resident = _listener(session, case)
    if resident is not None:
        _tell(session, case, visit, resident, LATE, session.clock.now())


def failed(session: Writing, case: Case, offer: Offer, message: Message) -> None:
    """It did not reach her: what did not by SMS is said by telephone; a word that she has not heard, and whatever a
    blind resident has not, is a task for an operator.
    """
    visit = session.scalar(select(Visit).where(col(Visit.offer_id) == offer.id))
    resident = _listener(session, case)
    if visit is None or resident is None:
        return
    others = session.scalars(
        select(Message).where(
            col(Message.offer_id) == offer.id,
            col(Message.kind) == MessageKind.VISIT_NEWS,
            col(Message.id) != message.id,
        )
    ).all()
    number = asking.number_of(session, resident)
    if message.channel is Channel.SMS and number and all(each.channel is Channel.SMS for each in others):
        key = LATE if visit.arrive_by is not None and visit.arrive_by <= session.clock.now() else COMING
        _put(session, case, visit, resident, key, Channel.VOICE, number, session.clock.now())
    elif _has_to_be_told(visit, resident) and visit.proved_by is None and not any(map(_may_reach_her, others)):
        need(session, case, Need.RESIDENT_NOT_TOLD, Actor.system())


def _may_reach_her(message: Message) -> bool:
    return message.state not in (MessageState.FAILED, MessageState.DROPPED)


def _has_to_be_told(visit: Visit, resident: Resident) -> bool:
    """Whether it is a person's task when nothing else reaches her."""
    return visit.word is not None or resident.sight is Sight.BLIND


def _listener(session: Writing, case: Case) -> Resident | None:
    """Whom there is to tell, if anybody."""
    if case.resident_id is None or case.priority is Priority.EMERGENCY:
        return None
    resident = session.get(Resident, case.resident_id)
    return resident if resident is not None and resident.ended_at is None else None


def _tell(session: Writing, case: Case, visit: Visit, resident: Resident, key: str, at: datetime) -> None:
    mobile, number = asking.mobile_of(session, resident), asking.number_of(session, resident)
    if mobile is not None:
        _put(session, case, visit, resident, key, Channel.SMS, mobile, at)
    reads = mobile is not None and resident.sight is Sight.GOOD
    if number is not None and (not reads or (visit.word is not None and key == COMING)):
        _put(session, case, visit, resident, key, Channel.VOICE, number, at)
    if mobile is None and number is None and key == COMING and _has_to_be_told(visit, resident):
        need(session, case, Need.RESIDENT_NOT_TOLD, Actor.system())


def _put(
    session: Writing,
    case: Case,
    visit: Visit,
    resident: Resident,
    key: str,
    channel: Channel,
    number: str,
    at: datetime,
) -> None:
    by_sms = channel is Channel.SMS
    text = _text(session, case, visit, resident, key, at, aloud=not by_sms)
    keys = "" if by_sms else HEARD_KEY
    message = asking.put(session, MessageKind.VISIT_NEWS, resident, number, text.body, keys, channel=channel)
    if by_sms:
        message.text_key, message.text_values = text.wording.text, dict(text.wording.values)
    message.case_id, message.offer_id, message.not_before = case.id, visit.offer_id, at
    asking.wanted(session, message)


def _text(
    session: Writing, case: Case, visit: Visit, resident: Resident, key: str, at: datetime, *, aloud: bool
) -> Written:
    merchant, centre = session.get(Merchant, visit.merchant_id), session.get(Centre, case.centre_id)
    assert merchant is not None
    assert centre is not None
    language, service = asking.language_of(resident), service_of(session, case)
    values = {
        "centre": centre.name,
        "who": asking.addressed(session, resident),
        "service": service.name_en if language == "en" else service.name_zh,
        "merchant": _who_comes(merchant, visit, language),
        "when": day_or_hour(visit.arrive_by, at, centre, language) if visit.arrive_by else "",
    }
    text = f"call.visit.{key}" if aloud else f"resident.{key}"
    if key == COMING and visit.word is not None:
        text += f".{VisitProof.WORD}"
        values["word"] = digits_aloud(visit.word, "en" if language == "en" else "zh") if aloud else visit.word
    elif key == COMING and service.proof is VisitProof.CALL:
        text += f".{VisitProof.CALL}"
    return Written(Catalogue("dispatch", language).say(text, **values), Wording(text, language, values))


def _who_comes(merchant: Merchant, visit: Visit, language: str) -> str:
    """康宁药房的李伟, where it is known who. In the place of the merchant's name, so that every wording has it, a
    gateway's approved templates too.
    """
    if visit.comes is None:
        return merchant.name
    return Catalogue("dispatch", language).say("visit.comes", name=visit.comes, merchant=merchant.name)
