"""What an operator writes by SMS in her own words, to a merchant or a resident, about a case; and what that costs.

It goes by the gateways that carry any text: a cloud vendor's templates have no place for it.
"""

from collections.abc import Sequence

from callbridge.settings import GatewaySettings
from callbridge.sms import segments
from dispatch import asking, messages
from dispatch.casebook import held
from dispatch.desk import Desk
from dispatch.errors import BadValue
from dispatch.models import Case, Message, MessageKind
from dispatch.models.transitions import note
from dispatch.wire.sms import OwnWords, Reckoning
from registry.models import Channel, Merchant, Resident, Sight
from registry.store import Writing


def reckon(text: str, gateways: Sequence[GatewaySettings]) -> Reckoning:
    """How `text` goes out, and what it costs by the gateway that comes first."""
    counted = segments(text)
    price = next((each.price for each in gateways if each.price), 0.0)
    return Reckoning(
        encoding="gsm" if counted.encoding.value == "GSM-7" else "ucs2",
        characters=counted.characters,
        parts=counted.parts,
        left=counted.left,
        cost=round(counted.parts * price, 4) if price else None,
    )


def write(session: Writing, desk: Desk, number: str, words: OwnWords) -> Case:
    """Puts the SMS into the outbox. Raises NotFound, and BadValue where there is no number to write to or nobody who
    can read it.
    """
    case = held(session, desk, number)
    message = _to_merchant(session, case, words) if words.to == "merchant" else _to_resident(session, case, words)
    message.case_id, message.area_id = case.id, case.area_id
    note(session, message, "wanted", desk.actor, kind=str(message.kind), channel=str(message.channel), to=words.to)
    case.version += 1
    return case


def _to_merchant(session: Writing, case: Case, words: OwnWords) -> Message:
    merchant = session.get(Merchant, words.merchant_id) if words.merchant_id is not None else None
    if merchant is None or merchant.id is None or merchant.centre_id != case.centre_id:
        raise BadValue(field="merchant_id", found=words.merchant_id, right="merchant.known")
    to = messages.number_for(session, merchant.id, Channel.SMS)
    if to is None:
        raise BadValue(field="merchant_id", found=merchant.id, right="merchant.with_that_channel")
    now = session.clock.now()
    message = Message(
        centre_id=case.centre_id,
        kind=MessageKind.WORDS,
        channel=Channel.SMS,
        number=to,
        body=words.body,
        language="en" if merchant.language.startswith("en") else "zh",
        merchant_id=merchant.id,
        not_before=now,
        created_at=now,
    )
    session.add(message)
    return message


def _to_resident(session: Writing, case: Case, words: OwnWords) -> Message:
    resident = session.get(Resident, case.resident_id) if case.resident_id is not None else None
    if resident is not None and resident.sight is Sight.BLIND:
        raise BadValue(field="to", found="resident", right="resident.who_can_read")
    to = asking.mobile_of(session, resident) if resident is not None and resident.ended_at is None else None
    if resident is None or to is None:
        raise BadValue(field="to", found="resident", right="resident.with_a_mobile")
    return asking.put(session, MessageKind.WORDS, resident, to, words.body, "", channel=Channel.SMS)
