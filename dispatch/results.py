"""What became of an attempt: written down once, whoever tells it and however often, and acted upon.

The gateway's receipt, its later status, the end of a call, the answer to "what became of it?" after a crash: they all
end here, in a transaction of the caller's that holds case, offer and message in this order.
"""

import sys
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy import select
from sqlmodel import col

from callbridge.events import CallOut, Outcome
from callbridge.gateways.door import SmsState, SmsStatus
from dispatch import (
    asking,
    keys,
    offers,
    undelivered,
)
from dispatch.attention import Need
from dispatch.held import UNDER_WAY, Held, of_attempt
from dispatch.models import (
    Attempt,
    AttemptResult,
    MessageKind,
    MessageState,
)
from dispatch.models.transitions import move
from dispatch.policy import offer_policy
from dispatch.rule_bodies import OfferPolicy
from registry.models import Channel
from registry.store import Actor, Writing

log = structlog.get_logger()

HEARD_IS_ENOUGH = frozenset(
    {
        MessageKind.JOB_DETAILS,
        MessageKind.OFFER_WITHDRAWN,
        MessageKind.PROGRESS,
        MessageKind.VISIT_NEWS,
        MessageKind.INCIDENT_NEWS,
        MessageKind.NOTICE,
    }
)
ASK_AFTER = timedelta(seconds=5)  # what was handed over may still be on its way to where it is looked for
VOICE_AWAY = 20  # hand-overs to an exchange that is away, the pauses growing: longer than any offer lives


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
            undelivered.failed(session, held, AttemptResult.FAILED, attempt)
        return
    if status is SmsState.DELIVERED:
        _close(attempt, AttemptResult.DELIVERED, session.clock.now())
        held.message.delivered_at = held.message.delivered_at or session.clock.now()
    elif attempt.result != AttemptResult.SENT:
        _close(attempt, AttemptResult.SENT, session.clock.now())
    if _is_latest(attempt, held) and held.message.state in UNDER_WAY:
        move(session, held.message, MessageState.SENT, Actor.system(), attempt=attempt.id)
        undelivered.release(held.message)
    if held.offer is not None and held.message.kind is MessageKind.OFFER:
        offers.sent(session, held.offer, Actor.system(), attempt.id)


def take_status(session: Writing, gateway: str, status: SmsStatus) -> bool:
    """A gateway's report on a message that it took; False when its name for that is not known here, or not yet."""
    named = col(Attempt.id) == status.attempt if status.attempt else col(Attempt.reference) == status.reference
    attempt = session.scalar(select(col(Attempt.id)).where(col(Attempt.via) == gateway, named))
    if attempt is None:
        log.warning("message.status_of_unknown_attempt", gateway=gateway, attempt=status.attempt)
        return bool(status.attempt)
    if status.status is not SmsState.NEVER_SEEN:
        sms_taken(session, attempt, status.status, reason=status.reason)
    return True


def not_happened(
    session: Writing, attempt_id: str, result: AttemptResult, detail: str = "", *, elsewhere: bool = False
) -> None:
    """The other side has certainly not done it: the message is wanted again, as a new attempt, or has failed; at once
    when it can go by somebody else.
    """
    found = of_attempt(session, attempt_id)
    if found is None or found[0].ended_at is not None:
        return
    attempt, held = found
    _close(attempt, result, session.clock.now(), detail)
    if not _is_latest(attempt, held) or held.message.state not in UNDER_WAY:
        return
    if held.ladder is not None:
        undelivered.ladder_again(session, held, attempt, result)
        return
    policy = offer_policy(session, held.message.centre_id)
    if result is AttemptResult.REFUSED or held.message.tries >= _limit(held, policy):
        undelivered.failed(session, held, result, attempt)
    else:
        pause = timedelta() if elsewhere else policy.sms_pause * min(held.message.tries, 4)
        undelivered.again(session, held, attempt, pause)


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
    undelivered.needs(session, held, Need.UNKNOWN_FATE)


def give_up(session: Writing, held: Held, attempt: Attempt) -> None:
    """Whether it arrived does not matter any more."""
    _close(attempt, AttemptResult.UNKNOWN, session.clock.now())
    move(
        session, held.message, MessageState.FAILED, Actor.system(), attempt=attempt.id, why=str(AttemptResult.UNKNOWN)
    )
    undelivered.release(held.message)


def no_way(session: Writing, held: Held) -> None:
    """There is no gateway, or no exchange, that could take the message."""
    undelivered.failed(session, held, "no_way")


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
            undelivered.release(held.message)
    if event.outcome is Outcome.KEY:
        keys.pressed(session, held, event.key)
    elif mine and not heard:
        undelivered.not_reached(session, held, attempt, event.outcome)


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
