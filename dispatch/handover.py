"""The outbox's rows: claimed, looked at once more, and marked as handed over before a byte leaves the house.

Every step is a transaction of its own, so that a crash between any two of them is found by the claim that runs out.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

import structlog
from sqlalchemy import and_, not_, or_, select
from sqlmodel import col

from callbridge.gateways.door import Wording
from dispatch import (
    brake,
    care,
    hold,
    incident_news,
    ladders,
    messages,
    notices,
    offers,
    results,
    surveys,
    undelivered,
)
from dispatch.asking import Verdict
from dispatch.decency import notice_hours
from dispatch.held import UNDER_WAY, Held, held_message, of_attempt
from dispatch.models import (
    Attempt,
    AttemptResult,
    Call,
    CaseState,
    Message,
    MessageKind,
    MessageState,
    OfferState,
)
from dispatch.models.calls import GOING_ON
from dispatch.models.transitions import key, move
from dispatch.ways import Ways, wording_of
from registry.centres import zone
from registry.models import Channel
from registry.models.centre import Priority
from registry.store import Actor, Store, Writing
from registry.terms import opening

log = structlog.get_logger()

CLAIM = timedelta(seconds=30)  # from claiming to handing over
HAND_OVER = timedelta(seconds=60)  # for the other side's first word; a prompt may have to be spoken first
CALL = timedelta(minutes=4)  # the longest that a call of ours rings and speaks
REPLY_LIFE = timedelta(hours=1)  # a later answer only puzzles
NOTICE_LIFE = timedelta(hours=12)
URGENT_LIFE = timedelta(minutes=15)  # "be there by ten" is not said after ten
LATER = timedelta(seconds=15)  # until a merchant that talks to us is called
PATIENCE = timedelta(minutes=2)  # of not knowing, before an operator is asked
REPEAT_AFTER = timedelta(seconds=15)  # of not knowing, before somebody is called twice for an emergency
LONGEST_PAUSE = timedelta(minutes=5)  # between two questions about the same attempt


class Unknown(Enum):
    """What is done about an attempt of which nobody can be asked. Only an emergency repeats it without knowing."""

    OPERATOR = auto()  # somebody has to find out by word of mouth
    REPEAT = auto()  # twice is better than never; the double is counted
    GIVE_UP = auto()  # it does no harm when it never arrived


RULES = {
    MessageKind.OFFER: Unknown.OPERATOR,
    MessageKind.JOB_DETAILS: Unknown.OPERATOR,
    MessageKind.OFFER_WITHDRAWN: Unknown.OPERATOR,
    MessageKind.REPLY: Unknown.GIVE_UP,
    MessageKind.LADDER: Unknown.REPEAT,
    MessageKind.VISIT_NEWS: Unknown.GIVE_UP,  # whoever comes says so at the door, and whoever needs the word asks
    MessageKind.PROGRESS: Unknown.GIVE_UP,  # the clock of the arrival asks an operator anyway
    MessageKind.INCIDENT_NEWS: Unknown.GIVE_UP,  # there is more news, and an operator asks in the end
    MessageKind.NOTICE: Unknown.GIVE_UP,  # the board, and the merchant's record, say it too
    MessageKind.WORDS: Unknown.OPERATOR,
    MessageKind.SURVEY: Unknown.OPERATOR,
    MessageKind.CARE: Unknown.OPERATOR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What has to leave the house now, committed as handed over."""

    attempt: str
    centre_id: int
    channel: Channel
    via: str
    number: str
    body: str
    wording: Wording | None
    keys: str
    language: str
    ttl: timedelta | None
    urgent: bool
    last_way: bool  # there is no other gateway that could be tried
    to_resident: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An attempt whose fate has to be asked for; a call that is not wanted any more is to be ended first."""

    message: int
    attempt: str
    channel: Channel
    via: str
    number: str
    handed_over_at: datetime
    hang_up: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message and the claim on it: good until another one takes its place, by whomever."""

    message: int
    claim: str


@dataclass(frozen=True, slots=True)
class Trunk:
    """The exchange that calls go out by, and how many its trunk carries, those that come in included."""

    exchange: str
    channels: int


def claim(store: Store, instance: str, limit: int, trunk: Trunk | None = None) -> list[Claimed]:
    """Takes up to `limit` messages that are wanted now, or whose claim has run out, for `instance`.

    What is most urgent comes first; calls for which `trunk` has no room stay where they are, and so does what is held
    after a restore.
    """
    now = store.clock.now()
    token = f"{instance[:55]}#{uuid.uuid4().hex[:8]}"
    free = or_(col(Message.claimed_until).is_(None), col(Message.claimed_until) <= now)
    due = (
        select(col(Message.id))
        .where(
            or_(
                and_(col(Message.state) == MessageState.WANTED, col(Message.not_before) <= now),
                and_(
                    col(Message.state).in_([MessageState.CLAIMED, MessageState.HANDED_OVER, MessageState.UNKNOWN]),
                    free,
                ),
            ),
            not_(hold.keeps_back()),
        )
        .order_by(brake.rank(), col(Message.not_before), col(Message.id))
        .limit(limit)
    )
    with store.reading() as session:
        if not session.scalars(due.limit(1)).all():
            return []
    with store.writing() as session:
        rooms = _rooms(session, trunk, now) if trunk is not None else {}
        if full := [centre_id for centre_id, left in rooms.items() if left < 1]:
            due = due.where(not_(brake.waits_for_a_line() & col(Message.centre_id).in_(full)))
        ids = list(session.scalars(due.with_for_update(skip_locked=True, key_share=True)))
        found = {message.id: message for message in session.scalars(select(Message).where(col(Message.id).in_(ids)))}
        taken = [message for id_ in ids if brake.takes_a_line(message := found[id_], rooms)]
        for message in taken:
            message.claimed_by, message.claimed_until = token, now + CLAIM
            if message.state is MessageState.WANTED:
                move(session, message, MessageState.CLAIMED, Actor.system())
    return [Claimed(key(message), token) for message in taken]


def _rooms(session: Writing, trunk: Trunk, now: datetime) -> dict[int, int]:
    """How many calls that can wait each centre may have out now, of those that have some waiting."""
    waiting = select(col(Message.centre_id)).where(brake.waits_for_a_line(), col(Message.not_before) <= now)
    return {
        centre_id: brake.room(session, centre_id, trunk.exchange, trunk.channels, now)
        for centre_id in session.scalars(waiting.distinct()).all()
    }


def next_step(session: Writing, claimed: Claimed, ways: Ways, trunk: Trunk | None) -> Order | Question | None:
    """What to do with a claimed message: hand it over, ask about it, or nothing when it is not ours or not wanted."""
    held = held_message(session, claimed.message)
    if held is None or held.message.claimed_by != claimed.claim:
        return None
    message = held.message
    if message.state in (MessageState.HANDED_OVER, MessageState.UNKNOWN):
        return _question(session, held)
    if message.state is not MessageState.CLAIMED:
        return None
    verdict = _verdict(session, held)
    if verdict is Verdict.NEVER:
        _let_go(message)
        move(session, message, MessageState.DROPPED, Actor.system())
        return None
    if message.channel is Channel.VOICE and trunk is not None and not isinstance(verdict, datetime):
        verdict = brake.not_before(session, message, trunk.exchange, trunk.channels) or verdict
        if _is_on_the_line(session, message):
            verdict = session.clock.now() + LATER
    if isinstance(verdict, datetime):
        _wait(session, message, verdict, "not_now")
        return None
    by_sms = message.channel is Channel.SMS
    if message.kind is MessageKind.OFFER and not by_sms and _is_closed(session, message):
        undelivered.closed(session, held)
        return None
    able = ways.able(message) if by_sms else [trunk.exchange] if trunk is not None else []
    if not able:
        results.no_way(session, held)
        return None
    via = ways.choose(session, message, able, urgent=_is_urgent(held)) if by_sms else able[0]
    if isinstance(via, datetime):
        _wait(session, message, via, "pace")
        return None
    return _hand_over(session, held, via, last_way=message.tries + 1 >= len(able))


def _is_closed(session: Writing, message: Message) -> bool:
    """Whether the shop that was open when it was chosen has closed since: nobody is there to hear the telephone."""
    local = session.clock.now().astimezone(zone(session, message.centre_id))
    return message.merchant_id is not None and not opening(session, message.merchant_id).is_open(local)


def _is_on_the_line(session: Writing, message: Message) -> bool:
    """Whether the merchant has called us from that number and has not hung up: its telephone would be busy."""
    if message.merchant_id is None or message.kind is MessageKind.LADDER:
        return False
    going_on = select(col(Call.id)).where(col(Call.number) == message.number, col(Call.state).in_(GOING_ON))
    return session.scalar(going_on.limit(1)) is not None


def _wait(session: Writing, message: Message, until: datetime, why: str) -> None:
    _let_go(message)
    message.not_before = until
    move(session, message, MessageState.WANTED, Actor.system(), why=why)


def _is_urgent(held: Held) -> bool:
    return held.case is not None and held.case.priority is not Priority.ROUTINE


def _verdict(session: Writing, held: Held) -> Verdict | datetime:
    """Whether the message still makes sense at the last moment, and whether this is the hour for it."""
    if not held.message.body:  # the person whom it was about has been deleted
        return Verdict.NEVER
    match held.message.kind:
        case MessageKind.SURVEY:
            return surveys.verdict(session, held.case, held.message)
        case MessageKind.CARE:
            return care.verdict(session, held.check, held.message)
        case MessageKind.INCIDENT_NEWS:
            return incident_news.verdict(session, held.case, held.message)
        case MessageKind.NOTICE if held.message.channel is Channel.VOICE and not notices.is_urgent(held.message):
            return _at_a_decent_hour(session, held)
        case _:
            return Verdict.NOW if is_wanted(held, session.clock.now()) else Verdict.NEVER


def _at_a_decent_hour(session: Writing, held: Held) -> Verdict | datetime:
    """Nobody is called at night about a card."""
    now = session.clock.now()
    if not is_wanted(held, now):
        return Verdict.NEVER
    decent = notice_hours(session, held.message.centre_id).next(now)
    if decent is None:
        return Verdict.NEVER
    return decent if decent > now else Verdict.NOW


def is_wanted(held: Held, now: datetime, *, call_under_way: bool = False) -> bool:
    """Whether the message still makes sense: the offer is open, the job is the merchant's, the answer is fresh.

    A call under way may go on for a moment after the offer's time: its clock waits for the key.
    """
    message, case, offer = held.message, held.case, held.offer
    if message.kind is MessageKind.LADDER:
        return held.ladder is not None and ladders.wants(*held.ladder, call_under_way=call_under_way)
    if message.kind is MessageKind.REPLY:
        return now - message.created_at < REPLY_LIFE
    if message.kind is MessageKind.INCIDENT_NEWS:
        return incident_news.is_wanted(case, message, now)
    if message.kind in (MessageKind.NOTICE, MessageKind.WORDS):
        if message.kind is MessageKind.NOTICE and notices.is_urgent(message):
            there_soon = offer is not None and offer.state is OfferState.ACCEPTED
            return there_soon and now - message.created_at < URGENT_LIFE
        return now - message.created_at < NOTICE_LIFE
    if message.kind is MessageKind.SURVEY:
        return case is not None and surveys.open_to(case, message.created_at)
    if message.kind is MessageKind.CARE:
        return held.check is not None and care.awaits(held.check, now)
    if case is None or offer is None:
        return False
    match message.kind:
        case MessageKind.OFFER:
            return (
                offer.state in offers.LIVE
                and (offer.both_channels or offer.channel is message.channel)
                and case.state is CaseState.OFFERING
                and (call_under_way or now < offer.expires_at)
            )
        case MessageKind.JOB_DETAILS | MessageKind.PROGRESS | MessageKind.VISIT_NEWS:
            return offer.state is OfferState.ACCEPTED
        case MessageKind.OFFER_WITHDRAWN:
            return True


def _hand_over(session: Writing, held: Held, via: str, *, last_way: bool) -> Order:
    message, now = held.message, session.clock.now()
    before = ""
    if message.kind is MessageKind.OFFER and message.channel is Channel.VOICE and held.offer is not None:
        before = messages.said_before(session, held.offer, message.language)
    message.tries += 1
    attempt = Attempt(
        id=uuid.uuid4().hex,
        message_id=key(message),
        try_number=message.tries,
        via=via,
        handed_over_at=now,
    )
    session.add(attempt)
    message.claimed_until = now + HAND_OVER
    move(session, message, MessageState.HANDED_OVER, Actor.system(), attempt=attempt.id, via=via)
    ttl = None
    if message.kind is MessageKind.OFFER and held.offer is not None:
        ttl = held.offer.expires_at - now
    elif message.kind is MessageKind.REPLY:
        ttl = REPLY_LIFE
    return Order(
        attempt=attempt.id,
        centre_id=message.centre_id,
        channel=message.channel,
        via=via,
        number=message.number,
        body=before + message.body,
        wording=wording_of(message),
        keys=message.keys,
        language=message.language,
        ttl=ttl,
        urgent=_is_urgent(held),
        last_way=last_way,
        to_resident=message.resident_id is not None,
    )


def _question(session: Writing, held: Held) -> Question | None:
    attempt = session.scalar(
        select(Attempt)
        .where(col(Attempt.message_id) == held.message.id)
        .order_by(col(Attempt.try_number).desc())
        .limit(1)
    )
    if attempt is None:
        return None
    results.lost_sight(session, attempt.id)
    by_telephone = held.message.channel is Channel.VOICE
    held.message.claimed_until = session.clock.now() + CLAIM
    return Question(
        message=key(held.message),
        attempt=attempt.id,
        channel=held.message.channel,
        via=attempt.via,
        number=held.message.number,
        handed_over_at=attempt.handed_over_at,
        hang_up=by_telephone and not is_wanted(held, session.clock.now(), call_under_way=True),
    )


def keep_ringing(session: Writing, attempt_id: str) -> None:
    """The call is under way: its end will be reported, and is asked for when that has not come after `CALL`."""
    found = of_attempt(session, attempt_id)
    if found is not None and found[1].message.state in UNDER_WAY:
        found[1].message.claimed_until = session.clock.now() + CALL


def cannot_ask(session: Writing, question: Question) -> None:
    """Nobody can be asked now: again later, and after a while as the kind's rule says."""
    found = of_attempt(session, question.attempt)
    if found is None or found[1].message.state is not MessageState.UNKNOWN:
        return
    attempt, held = found
    age = session.clock.now() - attempt.handed_over_at
    held.message.claimed_until = session.clock.now() + min(max(age / 2, timedelta(seconds=5)), LONGEST_PAUSE)
    if not is_wanted(held, session.clock.now()) or (age > PATIENCE and RULES[held.message.kind] is Unknown.GIVE_UP):
        results.give_up(session, held, attempt)
    elif RULES[held.message.kind] is Unknown.REPEAT:
        if age > REPEAT_AFTER:
            undelivered.repeat(session, held, attempt)
    elif age > PATIENCE and attempt.result != AttemptResult.WITH_OPERATOR:
        log.error("message.fate_unknown", message=question.message, attempt=question.attempt, via=question.via)
        results.ask_operator(session, held, attempt)


def _let_go(message: Message) -> None:
    message.claimed_by = message.claimed_until = None
