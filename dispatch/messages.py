"""What is said to merchants, put into the outbox together with the decision that wants it said."""

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlmodel import col

from callbridge.events import Outcome
from dispatch.models import Attempt, AttemptResult, Case, Inbound, Message, MessageKind, MessageState, Offer
from dispatch.models.transitions import note
from dispatch.texts import Alarm, Job, job_of, wall_time
from registry.models import Centre, Channel, Merchant, MerchantNumber
from registry.store import Actor, Writing

OFFER_KEYS = "12"  # accept, decline
STEP_KEYS = "345"  # on the way, at the door, done
HEARD_KEY = "1"
SURVEY_KEYS = "1230"  # satisfied, fairly, not; somebody to talk to
CARE_KEYS = "10"  # well; somebody to talk to
REPEAT_KEYS = {
    OFFER_KEYS: "3",
    STEP_KEYS: "9",
    HEARD_KEY: "3",
    SURVEY_KEYS: "9",
    CARE_KEYS: "9",
}  # the digit to hear it again
HEARD = (  # what an attempt may have come to when the merchant has, or may have, heard of it
    AttemptResult.SENT,
    AttemptResult.DELIVERED,
    AttemptResult.UNKNOWN,
    AttemptResult.WITH_OPERATOR,
    Outcome.KEY,
    Outcome.NO_KEY,
)
LONGEST = 2000  # characters, as the table keeps them


def number_for(session: Writing, merchant_id: int, channel: Channel) -> str | None:
    """The merchant's first number of that channel."""
    return session.scalar(
        select(col(MerchantNumber.number))
        .where(col(MerchantNumber.merchant_id) == merchant_id, col(MerchantNumber.channel) == channel)
        .order_by(col(MerchantNumber.rank))
        .limit(1)
    )


def ask(session: Writing, case: Case, offer: Offer) -> Message:
    """The offer itself, by the offer's own channel."""
    merchant, job = _told(session, case, offer)
    centre = session.get(Centre, case.centre_id)
    assert centre is not None
    if offer.channel is Channel.SMS:
        body, keys = job.offer(offer.code, wall_time(offer.expires_at, centre)), ""
    else:
        body, keys = job.offer_aloud(), OFFER_KEYS
    return _put(session, case, offer, merchant, MessageKind.OFFER, offer.channel, offer.number, body, keys)


def tell_details(session: Writing, case: Case, offer: Offer, channel: Channel | None = None) -> Message | None:
    """Where to go: by SMS where the merchant has one, else by telephone; None where there is neither."""
    merchant, job = _told(session, case, offer)
    for each in (Channel.SMS, Channel.VOICE) if channel is None else (channel,):
        if number := _number(session, offer, each):
            body, keys = (job.details(offer.code), "") if each is Channel.SMS else (job.details_aloud(), STEP_KEYS)
            return _put(session, case, offer, merchant, MessageKind.JOB_DETAILS, each, number, body, keys)
    return None


def tell_off(session: Writing, case: Case, offer: Offer, channel: Channel | None = None) -> Message | None:
    """Nobody has to come any more: by SMS where there is one, else by telephone."""
    merchant, job = _told(session, case, offer)
    for each in (Channel.SMS, Channel.VOICE) if channel is None else (channel,):
        if number := _number(session, offer, each):
            by_sms = each is Channel.SMS
            body = job.say("sms.withdrawn", code=offer.code) if by_sms else job.say("call.withdrawn")
            keys = "" if by_sms else HEARD_KEY
            return _put(session, case, offer, merchant, MessageKind.OFFER_WITHDRAWN, each, number, body, keys)
    return None


def ask_progress(session: Writing, case: Case, offer: Offer) -> Message | None:
    """Asks a merchant by telephone how far it is."""
    merchant, job = _told(session, case, offer)
    number = _number(session, offer, Channel.VOICE)
    if number is None:
        return None
    body = job.say("call.progress")
    return _put(session, case, offer, merchant, MessageKind.PROGRESS, Channel.VOICE, number, body, STEP_KEYS)


def answer(session: Writing, inbound: Inbound, body: str, language: str) -> Message:
    """One answer to one SMS."""
    message = Message(
        centre_id=inbound.centre_id,
        kind=MessageKind.REPLY,
        channel=Channel.SMS,
        number=inbound.number,
        body=body,
        language=language,
        merchant_id=inbound.merchant_id,
        inbound_id=inbound.id,
        not_before=session.clock.now(),
        created_at=session.clock.now(),
    )
    session.add(message)
    note(session, message, "wanted", Actor.system(), kind=str(message.kind), inbound=inbound.id)
    return message


def ask_for_help(session: Writing, case: Case, number: str, alarm: Alarm) -> Message:
    """An automatic call about an emergency: 1 I am going, 2 I cannot."""
    now = session.clock.now()
    message = Message(
        centre_id=case.centre_id,
        area_id=case.area_id,
        kind=MessageKind.LADDER,
        channel=Channel.VOICE,
        number=number,
        body=alarm.aloud()[:LONGEST],
        keys=OFFER_KEYS,
        language=alarm.language,
        case_id=case.id,
        not_before=now,
        created_at=now,
    )
    session.add(message)
    note(session, message, "wanted", Actor.system(), kind=str(message.kind), channel=str(message.channel))
    return message


def writes_sms(session: Writing, merchant_id: int) -> bool:
    """Whether the merchant can tell us by SMS how far it is."""
    return number_for(session, merchant_id, Channel.SMS) is not None


def was_told(session: Writing, offer: Offer) -> bool:
    """Whether the merchant knows, or may know, of this offer, so that its end has to be said too."""
    attempts = (
        select(col(Attempt.id))
        .join(Message, col(Message.id) == col(Attempt.message_id))
        .where(
            col(Message.offer_id) == offer.id,
            col(Message.kind) == MessageKind.OFFER,
            or_(col(Attempt.result).is_(None), col(Attempt.result).in_(HEARD)),
        )
    )
    return session.scalar(attempts.limit(1)) is not None


def end_calls(session: Writing, offer: Offer) -> None:
    """A telephone that rings for an offer that is over is looked at by the sender at once, which lets it be."""
    look_at_once(session, and_(col(Message.offer_id) == offer.id, col(Message.kind) == MessageKind.OFFER))


def look_at_once(session: Writing, which: ColumnElement[bool]) -> None:
    """Calls of ours that ring and are not wanted any more: the sender looks at them now, and hangs up."""
    session.flush()
    session.execute(
        update(Message)
        .where(which, col(Message.channel) == Channel.VOICE, col(Message.state) == MessageState.HANDED_OVER)
        .values(claimed_until=session.clock.now())
        .execution_options(synchronize_session="fetch")
    )


def _number(session: Writing, offer: Offer, channel: Channel) -> str | None:
    if offer.channel is channel:
        return offer.number
    return number_for(session, offer.merchant_id, channel)


def _told(session: Writing, case: Case, offer: Offer) -> tuple[Merchant, Job]:
    merchant = session.get(Merchant, offer.merchant_id)
    assert merchant is not None
    return merchant, job_of(session, case, merchant)


def _put(
    session: Writing,
    case: Case,
    offer: Offer,
    merchant: Merchant,
    kind: MessageKind,
    channel: Channel,
    number: str,
    body: str,
    keys: str,
) -> Message:
    now = session.clock.now()
    session.flush()
    message = Message(
        centre_id=case.centre_id,
        area_id=case.area_id,
        kind=kind,
        channel=channel,
        number=number,
        body=body[:LONGEST],
        keys=keys,
        language="en" if merchant.language.startswith("en") else "zh",
        merchant_id=merchant.id,
        case_id=case.id,
        offer_id=offer.id,
        not_before=now,
        created_at=now,
    )
    session.add(message)
    note(session, message, "wanted", Actor.system(), kind=str(kind), channel=str(channel), offer=offer.id)
    return message
