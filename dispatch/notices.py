"""What a merchant is told beside its jobs: that a limit comes near, its cards, a decision about one, a suspension.

By SMS where it has one, else by telephone; by telephone too where the SMS could not be sent.
"""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from dispatch.messages import CARD_KEYS, HEARD_KEY, STEP_KEYS, Aloud, number_by, number_for, put, told
from dispatch.models import CardColour, Case, Limit, Message, MessageKind, Offer
from dispatch.texts import Job, moment, wall_time
from registry.models import Centre, Channel, Merchant, MerchantNumber
from registry.store import Writing

NEAR_LIMIT = "near_limit"
CARDS = "card."


def warn(session: Writing, case: Case, offer: Offer, until: datetime) -> Message | None:
    """Reminds a merchant that is not there yet until when it is expected."""
    return _notify(session, case, offer, NEAR_LIMIT, until=wall_time(until, _centre(session, case)))


def tell_card(session: Writing, case: Case, offer: Offer, limit: Limit, colour: CardColour) -> Message | None:
    """A merchant has got a card: what for, and how to say that it is wrong."""
    return _notify(session, case, offer, f"{CARDS}{colour}.{limit}")


def tell_decision(session: Writing, case: Case, offer: Offer, *, upheld: bool, why: str) -> Message | None:
    """What a supervisor has decided about a card."""
    return _notify(session, case, offer, "card_upheld" if upheld else "card_withdrawn", why=why)


def tell_suspended(session: Writing, case: Case, offer: Offer, why: str, until: datetime) -> Message | None:
    """Nothing new is offered to the merchant for a while."""
    merchant = session.get(Merchant, offer.merchant_id)
    assert merchant is not None
    language = "en" if merchant.language.startswith("en") else "zh"
    until_ = moment(until, _centre(session, case), language)
    return _notify(session, case, offer, "suspended", why=why, until=until_)


def failed(session: Writing, case: Case, offer: Offer, message: Message) -> None:
    """It did not arrive: the telephone instead of the SMS, or the next number."""
    if message.channel is Channel.SMS:
        _call(session, case, offer, message.text_key.removeprefix("sms."), message.text_values)
        return
    numbers = session.scalars(
        select(col(MerchantNumber.number))
        .where(col(MerchantNumber.merchant_id) == offer.merchant_id, col(MerchantNumber.channel) == Channel.VOICE)
        .order_by(col(MerchantNumber.rank))
    ).all()
    following = numbers[numbers.index(message.number) + 1 :] if message.number in numbers else []
    if following:
        merchant, _ = told(session, case, offer)
        says = Aloud(message.body, message.keys)
        put(session, case, offer, merchant, MessageKind.NOTICE, following[0], says)


def is_urgent(message: Message) -> bool:
    """Whether it helps at this moment only: the others wait for a decent hour to call."""
    return message.keys == STEP_KEYS


def _notify(session: Writing, case: Case, offer: Offer, key: str, **more: str) -> Message | None:
    number = number_by(session, offer, Channel.SMS)
    if number is None:
        return _call(session, case, offer, key, more)
    merchant, job = told(session, case, offer)
    says = job.write(f"sms.{key}", code=offer.code, **more)
    return put(session, case, offer, merchant, MessageKind.NOTICE, number, says)


def _call(session: Writing, case: Case, offer: Offer, key: str, values: dict[str, str]) -> Message | None:
    number = number_for(session, offer.merchant_id, Channel.VOICE)
    if number is None:
        return None
    merchant, job = told(session, case, offer)
    more = {name: value for name, value in values.items() if name in ("until", "why")}
    return put(session, case, offer, merchant, MessageKind.NOTICE, number, _aloud(job, key, more))


def _aloud(job: Job, key: str, more: dict[str, str]) -> Aloud:
    if key == NEAR_LIMIT:
        return Aloud(job.say("call.near_limit", **more), STEP_KEYS)
    if key.startswith(CARDS):
        return Aloud(job.say("call.card", what=job.say(key)), CARD_KEYS)
    return Aloud(job.say(f"call.{key}", **more), HEARD_KEY)


def _centre(session: Writing, case: Case) -> Centre:
    centre = session.get(Centre, case.centre_id)
    assert centre is not None
    return centre
