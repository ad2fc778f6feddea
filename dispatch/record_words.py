"""What a merchant may write about its record: `记录` to hear it, `申诉` and a reason against its newest card."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dispatch import cards
from dispatch.models import InboundReading
from dispatch.policy import record_policy
from dispatch.records import record_of
from registry.models import Merchant
from registry.store import Actor, Writing

_RECORD = re.compile(r"\s*(?:记录|我的记录|查记录|RECORD)[\s。.!！]*", re.I)
_DISPUTE = re.compile(r"\s*(?:申诉|DISPUTE\b)[\s:：，,。.]*(?P<why>.*)", re.I | re.S)


@dataclass(frozen=True, slots=True)
class Answer:
    """How the SMS was read, and its answer."""

    reading: InboundReading
    key: str
    values: dict[str, str]
    case_id: int | None = None
    offer_id: int | None = None


def answer(session: Writing, merchants: Sequence[Merchant], text: str, actor: Actor) -> Answer | None:
    """Does what the text says; None for one that is about something else."""
    if _RECORD.fullmatch(text):
        return Answer(InboundReading.RECORD, "reply.record", figures(session, merchants[0]))
    if (said := _DISPUTE.fullmatch(text)) is not None:
        return _disputed(session, merchants, said["why"].strip(), actor)
    return None


def figures(session: Writing, merchant: Merchant) -> dict[str, str]:
    """The merchant's record as a sentence about it needs it."""
    assert merchant.id is not None
    record = record_of(session, merchant.centre_id, merchant.id, session.clock.now())
    days = str(record_policy(session, merchant.centre_id).window_days)
    accepted = str(record.asked - record.declined - record.silent)
    return {name: str(value) for name, value in record._asdict().items()} | {"days": days, "accepted": accepted}


def _disputed(session: Writing, merchants: Sequence[Merchant], why: str, actor: Actor) -> Answer:
    found = cards.to_dispute(session, merchants)
    if found is None:
        return Answer(InboundReading.DISPUTE, "reply.no_card", {})
    if not why:
        return Answer(InboundReading.DISPUTE, "reply.dispute_why", {})
    case, card = found
    cards.disputed(session, case, card, why[:1000], actor)
    return Answer(InboundReading.DISPUTE, "reply.disputed", {}, case.id, card.offer_id)
