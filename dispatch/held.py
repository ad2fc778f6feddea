"""A message of the outbox with all it belongs to, held in one order: two answers never wait for each other."""

from dataclasses import dataclass

from dispatch import ladders
from dispatch.models import Attempt, CareCheck, Case, Ladder, LadderCall, Message, MessageKind, MessageState, Offer
from registry.store import Actor, ActorKind, Writing

UNDER_WAY = frozenset({MessageState.HANDED_OVER, MessageState.UNKNOWN})


@dataclass(slots=True)
class Held:
    """One message with all it belongs to, held in the order case, offer, message."""

    message: Message
    case: Case | None
    offer: Offer | None
    ladder: tuple[Ladder, LadderCall] | None = None
    check: CareCheck | None = None

    @property
    def actor(self) -> Actor:
        if self.message.resident_id is not None:
            return Actor(ActorKind.RESIDENT, self.message.resident_id)
        merchant = self.message.merchant_id
        return Actor.merchant(merchant) if merchant is not None else Actor.system()


def held_message(session: Writing, message_id: int) -> Held | None:
    """The message with its case and offer, as they are now; None when there is none."""
    seen = session.get(Message, message_id)
    if seen is None:
        return None
    case = session.lock(Case, seen.case_id) if seen.case_id is not None else None
    offer = session.lock(Offer, seen.offer_id) if seen.offer_id is not None else None
    check = session.lock(CareCheck, seen.care_check_id) if seen.care_check_id is not None else None
    message = session.lock(Message, message_id)
    if message is None:
        return None
    ladder = ladders.asked_by(session, message) if message.kind is MessageKind.LADDER else None
    return Held(message, case, offer, ladder, check)


def of_attempt(session: Writing, attempt_id: str) -> tuple[Attempt, Held] | None:
    attempt = session.get(Attempt, attempt_id)
    held = held_message(session, attempt.message_id) if attempt is not None else None
    if held is None:
        return None
    attempt = session.lock(Attempt, attempt_id)
    return (attempt, held) if attempt is not None else None
