"""What became of an attempt: written down once, whoever tells it and however often, and acted upon.

The gateway's receipt, its later status, the end of a call, the answer to "what became of it?" after a crash: they all
end here, in a transaction of the caller's that holds case, offer and message in this order.
"""

import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy import select
from sqlmodel import col

from callbridge.events import CallOut, Outcome
from callbridge.gateways.door import SmsState, SmsStatus
from dispatch import asking, care, ladders, messages, offers, surveys, visits
from dispatch.attention import Need, need
from dispatch.errors import Conflict, ForbiddenMove
from dispatch.models import (
    Attempt,
    AttemptResult,
    CareCheck,
    Case,
    Inbound,
    Ladder,
    LadderCall,
    Message,
    MessageKind,
    MessageState,
    Offer,
    OfferState,
)
from dispatch.models.transitions import move
from dispatch.policy import OfferPolicy, care_policy, offer_policy, survey_policy
from registry.models import Channel
from registry.store import Actor, ActorKind, Writing

log = structlog.get_logger()

UNDER_WAY = frozenset({MessageState.HANDED_OVER, MessageState.UNKNOWN})
HEARD_IS_ENOUGH = frozenset({MessageKind.JOB_DETAILS, MessageKind.OFFER_WITHDRAWN, MessageKind.PROGRESS})
ASK_AFTER = timedelta(seconds=5)  # what was handed over may still be on its way to where it is looked for
VOICE_AWAY = 20  # hand-overs to an exchange that is away, the pauses growing: longer than any offer lives
FOR_GOOD = frozenset[StrEnum]({Outcome.INVALID, AttemptResult.REFUSED})  # calling again would not help


NOT_HAPPENED = (AttemptResult.AWAY, AttemptResult.NEVER_SEEN)


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


def hold(session: Writing, message_id: int) -> Held | None:
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
    held = hold(session, attempt.message_id) if attempt is not None else None
    if held is None:
        return None
    attempt = session.lock(Attempt, attempt_id)
    return (attempt, held) if attempt is not None else None


def sms_taken(session: Writing, attempt_id: str, status: SmsState, reference: str = "", reason: str = "") -> None:
    """What a gateway said of one of ours; a status never moves backwards, a repeated one changes nothing."""
    found = of_attempt(session, attempt_id)
    if found is None:
        log.warning("message.status_of_unknown_attempt", attempt=attempt_id, status=str(status))
        return
    attempt, held = found
    if reference and attempt.reference is None:
        attempt.reference = reference[:128]
    if attempt.result in (AttemptResult.DELIVERED, AttemptResult.FAILED):
        return
    if status is SmsState.FAILED:
        _close(attempt, AttemptResult.FAILED, session.clock.now(), reason)
        if _is_latest(attempt, held) and (held.message.state in UNDER_WAY or held.message.state is MessageState.SENT):
            _failed(session, held, AttemptResult.FAILED, attempt)
        return
    if status is SmsState.DELIVERED:
        _close(attempt, AttemptResult.DELIVERED, session.clock.now())
        held.message.delivered_at = held.message.delivered_at or session.clock.now()
    elif attempt.result != AttemptResult.SENT:
        _close(attempt, AttemptResult.SENT, session.clock.now())
    if _is_latest(attempt, held) and held.message.state in UNDER_WAY:
        move(session, held.message, MessageState.SENT, Actor.system(), attempt=attempt.id)
        _release(held.message)
    if held.offer is not None and held.message.kind is MessageKind.OFFER:
        offers.sent(session, held.offer, Actor.system(), attempt.id)


def take_status(session: Writing, status: SmsStatus) -> None:
    """A gateway's report on a message of ours."""
    if status.status is not SmsState.NEVER_SEEN:
        sms_taken(session, status.attempt, status.status, reason=status.reason)


def not_happened(session: Writing, attempt_id: str, result: AttemptResult, detail: str = "") -> None:
    """The other side has certainly not done it: the message is wanted again, as a new attempt, or has failed."""
    found = of_attempt(session, attempt_id)
    if found is None or found[0].ended_at is not None:
        return
    attempt, held = found
    _close(attempt, result, session.clock.now(), detail)
    if not _is_latest(attempt, held) or held.message.state not in UNDER_WAY:
        return
    if held.ladder is not None:
        _ladder_again(session, held, attempt, result)
        return
    policy = offer_policy(session, held.message.centre_id)
    if result is AttemptResult.REFUSED or held.message.tries >= _limit(held, policy):
        _failed(session, held, result, attempt)
    else:
        _again(session, held, attempt, policy.sms_pause * min(held.message.tries, 4))


def lost_sight(session: Writing, attempt_id: str, detail: str = "") -> None:
    """Nobody knows what became of the attempt: it is asked about before anything is repeated."""
    found = of_attempt(session, attempt_id)
    if found is None or found[0].ended_at is not None:
        return
    attempt, held = found
    if _is_latest(attempt, held) and held.message.state is MessageState.HANDED_OVER:
        attempt.result, attempt.detail = AttemptResult.UNKNOWN, detail[:200]
        move(session, held.message, MessageState.UNKNOWN, Actor.system(), attempt=attempt.id)
        held.message.claimed_until = session.clock.now() + ASK_AFTER


def ask_operator(session: Writing, held: Held, attempt: Attempt) -> None:
    """It cannot be found out what became of the attempt: somebody has to, by word of mouth."""
    attempt.result = AttemptResult.WITH_OPERATOR
    _needs(session, held, Need.UNKNOWN_FATE)


def give_up(session: Writing, held: Held, attempt: Attempt) -> None:
    """Whether it arrived does not matter any more."""
    _close(attempt, AttemptResult.UNKNOWN, session.clock.now())
    move(
        session, held.message, MessageState.FAILED, Actor.system(), attempt=attempt.id, why=str(AttemptResult.UNKNOWN)
    )
    _release(held.message)


def no_way(session: Writing, held: Held) -> None:
    """There is no gateway, or no exchange, that could take the message."""
    _failed(session, held, "no_way")


def rings(session: Writing, attempt_id: str) -> None:
    """The exchange has taken the order to call: the merchant's telephone is about to ring."""
    found = of_attempt(session, attempt_id)
    if found is not None and found[1].offer is not None and found[1].message.kind is MessageKind.OFFER:
        offers.sent(session, found[1].offer, Actor.system(), attempt_id)


def call_ended(session: Writing, event: CallOut) -> None:
    """An outgoing call of ours ended: what was pressed counts, and what was not reached is tried again."""
    found = of_attempt(session, event.attempt)
    if found is None:
        log.warning("message.end_of_unknown_attempt", attempt=event.attempt)
        return
    attempt, held = found
    if attempt.ended_at is not None:
        return  # told before, by AMI or by CEL
    _close(attempt, event.outcome, event.at)
    attempt.key = event.key or None
    mine = _is_latest(attempt, held) and held.message.state in UNDER_WAY
    heard = event.outcome is Outcome.KEY or (event.answered_at is not None and held.message.kind in HEARD_IS_ENOUGH)
    if heard:
        held.message.delivered_at = event.answered_at or event.at
        if mine:
            move(session, held.message, MessageState.SENT, held.actor, attempt=attempt.id, key=attempt.key)
            _release(held.message)
    if event.outcome is Outcome.KEY:
        pressed(session, held, event.key)
    elif mine and not heard:
        _not_reached(session, held, attempt, event.outcome)


def pressed(session: Writing, held: Held, key: str) -> None:
    """A merchant's key: an answer to the offer, or a step of its visit. One that comes too late changes nothing, and
    who believes that it has the job is told that it has not.
    """
    if held.case is not None and held.message.kind is MessageKind.LADDER:
        ladders.pressed(session, held.case, held.message, key)
    if held.case is not None and held.message.kind is MessageKind.SURVEY:
        surveys.answered(session, held.case, held.message, key)
    if held.check is not None:
        care.answered(session, held.check, key)
    if held.case is None or held.offer is None:
        return
    try:
        if held.message.kind is MessageKind.OFFER and key == "1":
            offers.accept(session, held.case, held.offer, held.actor, by=Channel.VOICE)
        elif held.message.kind is MessageKind.OFFER and key == "2":
            offers.decline(session, held.case, held.offer, held.actor, by=Channel.VOICE)
        elif key in visits.STEP_OF_KEY and held.offer.state is OfferState.ACCEPTED:
            visit = visits.of_offer(session, held.offer)
            if visit is not None:
                to = visits.STEP_OF_KEY[key]
                visits.step(session, held.case, visit, to, held.actor, proof="voice")
    except (Conflict, ForbiddenMove):
        log.info("message.key_too_late", message=held.message.id, offer=held.offer.id, key=key)
        if held.message.kind is MessageKind.OFFER and key == "1" and held.offer.state is not OfferState.ACCEPTED:
            messages.tell_off(session, held.case, held.offer)


def _not_reached(session: Writing, held: Held, attempt: Attempt, outcome: Outcome) -> None:
    if held.ladder is not None:
        _ladder_again(session, held, attempt, outcome)
        return
    tries, pause = _patience(session, held)
    if outcome in FOR_GOOD or _calls(session, held) >= tries:
        _failed(session, held, outcome, attempt)
    else:
        _again(session, held, attempt, pause)


def _patience(session: Writing, held: Held) -> tuple[int, timedelta]:
    """How often somebody is called who does not answer, or presses nothing, and with what pauses."""
    match held.message.kind:
        case MessageKind.SURVEY:
            survey = survey_policy(session, held.message.centre_id)
            return survey.tries, timedelta(minutes=survey.pause_minutes)
        case MessageKind.CARE:
            check = care_policy(session, held.message.centre_id)
            return check.tries, timedelta(minutes=check.pause_minutes)
        case _:
            offer = offer_policy(session, held.message.centre_id)
            return offer.voice_tries, offer.voice_pause


def _ladder_again(session: Writing, held: Held, attempt: Attempt, why: StrEnum) -> None:
    """Who was not reached for an emergency is called again while her step is asked, unless that cannot help."""
    assert held.ladder is not None
    if why not in FOR_GOOD and ladders.wants(*held.ladder, call_under_way=False):
        _again(session, held, attempt, ladders.pause(session, held.ladder[0]))
    else:
        _failed(session, held, why, attempt)


def repeat(session: Writing, held: Held, attempt: Attempt) -> None:
    """Whether it rang cannot be found out, and twice is better than never: called again, and counted as a double."""
    attempt.result = AttemptResult.REPEATED
    log.warning("message.repeated", message=held.message.id, attempt=attempt.id)
    _again(session, held, attempt, timedelta())


def _failed(session: Writing, held: Held, why: str, attempt: Attempt | None = None) -> None:
    """This message will not arrive: the other channel, the next merchant, or an operator."""
    move(
        session,
        held.message,
        MessageState.FAILED,
        Actor.system(),
        why=str(why),
        attempt=attempt.id if attempt is not None else None,
    )
    _release(held.message)
    case, offer, by_sms = held.case, held.offer, held.message.channel is Channel.SMS
    match held.message.kind:
        case MessageKind.REPLY:
            _needs(session, held, Need.UNREAD_SMS)
        case MessageKind.OFFER if case is not None and offer is not None:
            if not (by_sms and offers.ask_by_telephone(session, case, offer)):
                offers.fail(session, case, offer, str(why))
        case MessageKind.JOB_DETAILS if case is not None and offer is not None and offer.state is OfferState.ACCEPTED:
            if not (by_sms and messages.tell_details(session, case, offer, Channel.VOICE)):
                _needs(session, held, Need.DETAILS_FAILED)
        case MessageKind.OFFER_WITHDRAWN if case is not None and offer is not None:
            if not (by_sms and messages.tell_off(session, case, offer, Channel.VOICE)):
                _needs(session, held, Need.NOT_TOLD_OFF)
        case MessageKind.SURVEY if case is not None:
            surveys.by_hand(session, case)
        case MessageKind.CARE if held.check is not None:
            care.unreached(session, held.check, str(why))
        case _:
            pass  # a question about progress that nobody heard: the clock of the arrival runs on


def _needs(session: Writing, held: Held, why: Need) -> None:
    if held.case is not None:
        need(session, held.case, why, Actor.system())
    elif held.check is not None:
        care.unreached(session, held.check, str(why))
    elif held.message.inbound_id is not None and (inbound := session.get(Inbound, held.message.inbound_id)):
        inbound.needs_operator = True


def _again(session: Writing, held: Held, attempt: Attempt, pause: timedelta) -> None:
    held.message.not_before = session.clock.now() + pause
    move(session, held.message, MessageState.WANTED, Actor.system(), attempt=attempt.id, result=attempt.result)
    _release(held.message)


def _calls(session: Writing, held: Held) -> int:
    """How often this message has really been dialled."""
    results = session.scalars(select(col(Attempt.result)).where(col(Attempt.message_id) == held.message.id))
    return sum(1 for result in results if result not in NOT_HAPPENED)


def _limit(held: Held, policy: OfferPolicy) -> int:
    if held.message.kind in asking.KINDS:
        return sys.maxsize  # until it is too late to call, which is looked at before each try
    return VOICE_AWAY if held.message.channel is Channel.VOICE else policy.sms_tries


def _is_latest(attempt: Attempt, held: Held) -> bool:
    return attempt.try_number == held.message.tries


def _close(attempt: Attempt, result: StrEnum, at: datetime, detail: str = "") -> None:
    attempt.ended_at, attempt.result = at, str(result)
    if detail:
        attempt.detail = detail[:200]


def _release(message: Message) -> None:
    message.claimed_by = message.claimed_until = None
