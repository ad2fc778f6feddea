"""What is said to merchants, put into the outbox together with the decision that wants it said."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Update, and_, bindparam, or_, select, update
from sqlmodel import col

from callbridge.events import Outcome
from dispatch.models import (
    Attempt,
    AttemptResult,
    Case,
    Inbound,
    Message,
    MessageKind,
    MessageState,
    Offer,
    OfferState,
)
from dispatch.models.transitions import note
from dispatch.texts import Alarm, Job, Written, job_of, wall_time
from dispatch.wire.catalogue import Catalogue
from registry.models import Centre, Channel, Merchant, MerchantNumber
from registry.store import Actor, Writing

OFFER_KEYS = "124"  # accept, decline, an operator
HELP_KEYS = "12"  # I am going, I cannot
STEP_KEYS = "345"  # on the way, at the door, done
HEARD_KEY = "1"
CARD_KEYS = "18"  # heard; it is wrong
SURVEY_KEYS = "1230"  # satisfied, fairly, not; somebody to talk to
CARE_KEYS = "10"  # well; somebody to talk to
REPEAT_KEYS = {
    OFFER_KEYS: "3",
    HELP_KEYS: "3",
    STEP_KEYS: "9",
    HEARD_KEY: "3",
    CARD_KEYS: "3",
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


@dataclass(frozen=True, slots=True)
class Aloud:
    """What is spoken in a call, and the digits that answer it."""

    body: str
    keys: str


def number_for(session: Writing, merchant_id: int, channel: Channel) -> str | None:
    """The merchant's first number of that channel."""
    return session.rows(_NUMBERS, merchant_id=merchant_id, channel=channel).scalar()


def next_number(session: Writing, message: Message) -> str | None:
    """The merchant's number of the message's channel that comes after the one it went to."""
    tried = select(col(MerchantNumber.rank)).where(
        col(MerchantNumber.merchant_id) == message.merchant_id,
        col(MerchantNumber.channel) == message.channel,
        col(MerchantNumber.number) == message.number,
    )
    return session.scalar(
        select(col(MerchantNumber.number))
        .where(
            col(MerchantNumber.merchant_id) == message.merchant_id,
            col(MerchantNumber.channel) == message.channel,
            col(MerchantNumber.wrong_since).is_(None),
            col(MerchantNumber.rank) > tried.scalar_subquery(),
        )
        .order_by(col(MerchantNumber.rank))
        .limit(1)
    )


def last_asked(session: Writing, offer: Offer, channel: Channel) -> Message | None:
    """The last message by that channel that puts the offer into words."""
    asked = select(Message).where(
        col(Message.offer_id) == offer.id, col(Message.kind) == MessageKind.OFFER, col(Message.channel) == channel
    )
    return session.scalar(asked.order_by(col(Message.id).desc()).limit(1))


_NUMBERS = (
    select(col(MerchantNumber.number))
    .where(
        col(MerchantNumber.merchant_id) == bindparam("merchant_id"),
        col(MerchantNumber.channel) == bindparam("channel"),
        col(MerchantNumber.wrong_since).is_(None),
    )
    .order_by(col(MerchantNumber.rank))
)


def was_asked_by(session: Writing, offer: Offer, channel: Channel) -> bool:
    """Whether the offer has been put into words by that channel, whatever came of it."""
    asked = select(col(Message.id)).where(
        col(Message.offer_id) == offer.id, col(Message.kind) == MessageKind.OFFER, col(Message.channel) == channel
    )
    return session.scalar(asked.limit(1)) is not None


def is_asked_otherwise(session: Writing, offer: Offer, besides: Message) -> bool:
    """Whether it is still asked by another message: one on its way, or, asked by both channels at once, an SMS that
    has been sent.
    """
    asked = [MessageState.WANTED, MessageState.CLAIMED, MessageState.HANDED_OVER, MessageState.UNKNOWN]
    others = select(col(Message.id)).where(
        col(Message.offer_id) == offer.id,
        col(Message.kind) == MessageKind.OFFER,
        col(Message.id) != besides.id,
        col(Message.state).in_([*asked, MessageState.SENT] if offer.both_channels else asked),
    )
    return session.scalar(others.limit(1)) is not None


def said_before(session: Writing, offer: Offer, language: str) -> str:
    """What a call about an offer begins with when it is not the first one that rang; else nothing."""
    rang = (
        select(col(Attempt.id))
        .join(Message, col(Message.id) == col(Attempt.message_id))
        .where(
            col(Message.offer_id) == offer.id,
            col(Message.kind) == MessageKind.OFFER,
            col(Message.channel) == Channel.VOICE,
            col(Attempt.result).not_in([AttemptResult.AWAY, AttemptResult.NEVER_SEEN, AttemptResult.REFUSED]),
        )
    )
    return Catalogue("dispatch", language).say("call.offer.again") if session.scalar(rang.limit(1)) else ""


def ask(session: Writing, case: Case, offer: Offer, *, also_at: str | None = None) -> Message:
    """The offer itself, by the offer's own channel; or by telephone `also_at` a number, beside that."""
    merchant, job = told(session, case, offer)
    centre = session.get(Centre, case.centre_id)
    assert centre is not None
    says: Written | Aloud = Aloud(job.offer_aloud(), OFFER_KEYS)
    if also_at is None and offer.channel is Channel.SMS:
        says = job.offer(offer.code, wall_time(offer.expires_at, centre))
    return put(session, case, offer, merchant, MessageKind.OFFER, also_at or offer.number, says)


def tell_details(session: Writing, case: Case, offer: Offer, channel: Channel | None = None) -> Message | None:
    """Where to go: by SMS where the merchant has one, else by telephone; None where there is neither."""
    merchant, job = told(session, case, offer)
    for each in (Channel.SMS, Channel.VOICE) if channel is None else (channel,):
        if number := number_by(session, offer, each):
            says = job.details(offer.code) if each is Channel.SMS else Aloud(job.details_aloud(), STEP_KEYS)
            return put(session, case, offer, merchant, MessageKind.JOB_DETAILS, number, says)
    return None


def tell_off(session: Writing, case: Case, offer: Offer, channel: Channel | None = None) -> Message | None:
    """Nobody has to come any more: by SMS where there is one, else by telephone; to the slower ones with the time."""
    merchant, job = told(session, case, offer)
    won_at = _won_by_another(session, case, offer)
    key, at = ("taken", won_at) if won_at is not None else ("withdrawn", "")
    for each in (Channel.SMS, Channel.VOICE) if channel is None else (channel,):
        if number := number_by(session, offer, each):
            by_sms = each is Channel.SMS
            says = (
                job.write(f"sms.{key}", code=offer.code, at=at)
                if by_sms
                else Aloud(job.say(f"call.{key}", code=offer.code, at=at), HEARD_KEY)
            )
            return put(session, case, offer, merchant, MessageKind.OFFER_WITHDRAWN, number, says)
    return None


def ask_progress(session: Writing, case: Case, offer: Offer) -> Message | None:
    """Asks a merchant by telephone how far it is."""
    merchant, job = told(session, case, offer)
    number = number_by(session, offer, Channel.VOICE)
    if number is None:
        return None
    says = Aloud(job.say("call.progress"), STEP_KEYS)
    return put(session, case, offer, merchant, MessageKind.PROGRESS, number, says)


def answer(session: Writing, inbound: Inbound, says: Written) -> Message:
    """One answer to one SMS."""
    message = Message(
        centre_id=inbound.centre_id,
        kind=MessageKind.REPLY,
        channel=Channel.SMS,
        number=inbound.number,
        body=says.body[:LONGEST],
        text_key=says.wording.text,
        text_values=dict(says.wording.values),
        language=says.wording.language,
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
        keys=HELP_KEYS,
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
    return session.rows(_TOLD, offer_id=offer.id).first() is not None


_TOLD = (
    select(col(Attempt.id))
    .join(Message, col(Message.id) == col(Attempt.message_id))
    .where(
        col(Message.offer_id) == bindparam("offer_id"),
        col(Message.kind) == MessageKind.OFFER,
        or_(col(Attempt.result).is_(None), col(Attempt.result).in_(HEARD)),
    )
    .limit(1)
)


def is_under_way(session: Writing, offer: Offer, kind: MessageKind, channel: Channel) -> bool:
    """Whether such a message to this merchant still has to leave, or nobody knows yet whether it has."""
    under_way = select(col(Message.id)).where(
        col(Message.offer_id) == offer.id,
        col(Message.kind) == kind,
        col(Message.channel) == channel,
        col(Message.state).in_(
            [MessageState.WANTED, MessageState.CLAIMED, MessageState.HANDED_OVER, MessageState.UNKNOWN]
        ),
    )
    return session.scalar(under_way.limit(1)) is not None


def end_calls(session: Writing, offer: Offer) -> None:
    """A telephone that rings for an offer that is over is looked at by the sender at once, which lets it be."""
    session.flush()
    session.execute(_LOOK_AT_OFFER, {"of_offer": offer.id, "now": session.clock.now()})


def ask_after_restart(session: Writing, exchange: str) -> None:
    """Calls of ours that the exchange may have taken down with it are asked for now, not when their claim is over."""
    open_ones = select(col(Attempt.message_id)).where(col(Attempt.via) == exchange, col(Attempt.ended_at).is_(None))
    look_at_once(session, col(Message.id).in_(open_ones))


def look_at_once(session: Writing, which: ColumnElement[bool]) -> None:
    """Calls of ours that ring and are not wanted any more: the sender looks at them now, and hangs up."""
    session.flush()
    session.execute(_looking_at(which), {"now": session.clock.now()})


def _looking_at(which: ColumnElement[bool]) -> Update:
    return (
        update(Message)
        .where(which, col(Message.channel) == Channel.VOICE, col(Message.state) == MessageState.HANDED_OVER)
        .values(claimed_until=bindparam("now"))
        .execution_options(synchronize_session="fetch")
    )


_LOOK_AT_OFFER = _looking_at(
    and_(col(Message.offer_id) == bindparam("of_offer"), col(Message.kind) == MessageKind.OFFER)
)


def _won_by_another(session: Writing, case: Case, offer: Offer) -> str | None:
    """When somebody else was faster, on the centre's clock; None when nobody was."""
    if offer.state is not OfferState.WITHDRAWN and offer.state is not OfferState.EXPIRED:
        return None
    at = session.scalar(
        select(col(Offer.answered_at)).where(
            col(Offer.case_id) == offer.case_id,
            col(Offer.role) == offer.role,
            col(Offer.id) != offer.id,
            col(Offer.state) == OfferState.ACCEPTED,
        )
    )
    centre = session.get(Centre, case.centre_id)
    assert centre is not None
    return wall_time(at, centre) if at is not None else None


def number_by(session: Writing, offer: Offer, channel: Channel) -> str | None:
    """Where the merchant of an offer is reached by that channel: where it was asked, if it was by that one."""
    if offer.channel is channel:
        return offer.number
    return number_for(session, offer.merchant_id, channel)


def told(session: Writing, case: Case, offer: Offer) -> tuple[Merchant, Job]:
    """Who is told, and of what, in its language."""
    merchant = session.get(Merchant, offer.merchant_id)
    assert merchant is not None
    return merchant, job_of(session, case, merchant)


def put(
    session: Writing,
    case: Case,
    offer: Offer,
    merchant: Merchant,
    kind: MessageKind,
    number: str,
    says: Written | Aloud,
) -> Message:
    """A message about an offer, as a row of the outbox."""
    now = session.clock.now()
    session.flush()
    channel, wording = Channel.VOICE, None
    if isinstance(says, Written):
        channel, wording = Channel.SMS, says.wording
    message = Message(
        centre_id=case.centre_id,
        area_id=case.area_id,
        kind=kind,
        channel=channel,
        number=number,
        body=says.body[:LONGEST],
        text_key=wording.text if wording is not None else "",
        text_values=dict(wording.values) if wording is not None else {},
        keys=says.keys if isinstance(says, Aloud) else "",
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
