"""What is done about a message that did not arrive: called again, another way, the next merchant, or an operator.

For an offer the centre's rule `next_steps` decides (docs/channels.md); for everything else its kind does.
"""

from datetime import timedelta
from enum import StrEnum

import structlog
from sqlalchemy import select
from sqlmodel import col

from callbridge.events import Outcome
from dispatch import care, incident_news, ladders, messages, notices, offers, surveys, visit_news
from dispatch.attention import Need, need
from dispatch.held import Held
from dispatch.models import (
    Attempt,
    AttemptResult,
    Inbound,
    Message,
    MessageKind,
    MessageState,
    OfferState,
)
from dispatch.models.transitions import move
from dispatch.next_steps import NextSteps, Step, Unheard
from dispatch.policy import care_policy, next_steps, offer_policy, survey_policy
from registry import wrong_numbers
from registry.models import Channel
from registry.store import Actor, Writing

log = structlog.get_logger()

FOR_GOOD = frozenset[StrEnum]({Outcome.INVALID, AttemptResult.REFUSED})  # calling again would not help
NOT_HAPPENED = (AttemptResult.AWAY, AttemptResult.NEVER_SEEN)


def not_reached(session: Writing, held: Held, attempt: Attempt, outcome: Outcome) -> None:
    if held.ladder is not None:
        ladder_again(session, held, attempt, outcome)
        return
    if outcome is Outcome.INVALID and held.message.merchant_id is not None:
        wrong_numbers.note_wrong(session, held.message.merchant_id, Channel.VOICE, held.message.number)
    if held.message.kind is MessageKind.OFFER:
        _next_step(session, held, outcome, attempt, may_repeat=True)
        return
    tries, pause = _patience(session, held)
    if outcome in FOR_GOOD or len(_results(session, held)) >= tries:
        failed(session, held, outcome, attempt)
    else:
        again(session, held, attempt, pause)


def _next_step(
    session: Writing, held: Held, why: str, attempt: Attempt | None = None, *, may_repeat: bool = False
) -> None:
    """An offer that did not arrive: the first step of the centre's rule that is possible, else the next merchant."""
    case, offer = held.case, held.offer
    assert case is not None
    assert offer is not None
    rule = next_steps(session, held.message.centre_id)
    result = rule.result(held.message.channel, why)
    for step in rule.after(result):
        if step is Step.AGAIN:
            if may_repeat and attempt is not None and _has_tries(session, held, result, rule):
                again(session, held, attempt, _pause(session, held, result, rule))
                return
        elif offers.follow(session, case, offer, step, held.message):
            end(session, held, why, attempt)
            return
    end(session, held, why, attempt)
    if not messages.is_asked_otherwise(session, offer, held.message):
        offers.fail(session, case, offer, str(why))


def closed(session: Writing, held: Held) -> None:
    """The shop that was to be called about an offer has closed meanwhile: another number of it would not help."""
    end(session, held, "closed", None)
    case, offer = held.case, held.offer
    if case is not None and offer is not None and not messages.is_asked_otherwise(session, offer, held.message):
        offers.fail(session, case, offer, "closed")


def _has_tries(session: Writing, held: Held, result: Unheard, rule: NextSteps) -> bool:
    """Calls for which our own trunk had no room do not count as tries of the merchant's; they have a number of their
    own.
    """
    found = _results(session, held)
    congested = found.count(Outcome.CONGESTED)
    if result is Unheard.CONGESTED:
        return congested < rule.congested_tries
    own = held.offer.tries if held.offer is not None else None
    return len(found) - congested < (own or offer_policy(session, held.message.centre_id).voice_tries)


def _pause(session: Writing, held: Held, result: Unheard, rule: NextSteps) -> timedelta:
    return rule.pause(result) or offer_policy(session, held.message.centre_id).voice_pause


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


def ladder_again(session: Writing, held: Held, attempt: Attempt, why: StrEnum) -> None:
    """Who was not reached for an emergency is called again while her step is asked, unless that cannot help."""
    assert held.ladder is not None
    has_tries = ladders.may_be_called_again(held.ladder[1], held.message.tries)
    if has_tries and why not in FOR_GOOD and ladders.wants(*held.ladder, call_under_way=False):
        again(session, held, attempt, ladders.pause(session, held.ladder[0]))
    else:
        failed(session, held, why, attempt)


def repeat(session: Writing, held: Held, attempt: Attempt) -> None:
    """Whether it rang cannot be found out, and twice is better than never: called again, and counted as a double."""
    attempt.repeated = True
    log.warning("message.repeated", message=held.message.id, attempt=attempt.id)
    again(session, held, attempt, timedelta())


def failed(session: Writing, held: Held, why: str, attempt: Attempt | None = None) -> None:
    """This message will not arrive: the next step of its offer, the other channel, or an operator."""
    if held.message.kind is MessageKind.OFFER and held.offer is not None:
        _next_step(session, held, str(why), attempt)
        return
    end(session, held, why, attempt)
    case, offer, by_sms = held.case, held.offer, held.message.channel is Channel.SMS
    match held.message.kind:
        case MessageKind.REPLY:
            needs(session, held, Need.UNREAD_SMS)
        case MessageKind.JOB_DETAILS if case is not None and offer is not None and offer.state is OfferState.ACCEPTED:
            if not (by_sms and messages.tell_details(session, case, offer, Channel.VOICE)):
                needs(session, held, Need.DETAILS_FAILED)
        case MessageKind.OFFER_WITHDRAWN if case is not None and offer is not None:
            if not (by_sms and messages.tell_off(session, case, offer, Channel.VOICE)):
                needs(session, held, Need.NOT_TOLD_OFF)
        case MessageKind.VISIT_NEWS if case is not None and offer is not None and offer.state is OfferState.ACCEPTED:
            visit_news.failed(session, case, offer, held.message)
        case MessageKind.WORDS:
            needs(session, held, Need.WORDS_FAILED)
        case MessageKind.INCIDENT_NEWS if case is not None:
            incident_news.failed(session, case, held.message)
        case MessageKind.NOTICE if case is not None and offer is not None:
            notices.failed(session, case, offer, held.message)
        case MessageKind.SURVEY if case is not None:
            surveys.by_hand(session, case)
        case MessageKind.CARE if held.check is not None:
            care.unreached(session, held.check, str(why))
        case _:
            pass  # a question about progress that nobody heard: the clock of the arrival runs on


def end(session: Writing, held: Held, why: str, attempt: Attempt | None) -> None:
    move(
        session,
        held.message,
        MessageState.FAILED,
        Actor.system(),
        why=str(why),
        attempt=attempt.id if attempt is not None else None,
    )
    release(held.message)


def needs(session: Writing, held: Held, why: Need) -> None:
    if held.case is not None:
        need(session, held.case, why, Actor.system())
    elif held.check is not None:
        care.unreached(session, held.check, str(why))
    elif held.message.inbound_id is not None and (inbound := session.get(Inbound, held.message.inbound_id)):
        inbound.needs_operator = True


def again(session: Writing, held: Held, attempt: Attempt, pause: timedelta) -> None:
    held.message.not_before = session.clock.now() + pause
    move(session, held.message, MessageState.WANTED, Actor.system(), attempt=attempt.id, result=attempt.result)
    release(held.message)


def _results(session: Writing, held: Held) -> list[str | None]:
    """What became of the calls of this message that were really dialled."""
    found = session.scalars(select(col(Attempt.result)).where(col(Attempt.message_id) == held.message.id))
    return [result for result in found if result not in NOT_HAPPENED]


def release(message: Message) -> None:
    message.claimed_by = message.claimed_until = None
