"""The brake on outgoing calls: what goes first, and what waits so that a button always finds a free line.

Emergencies have no brake. Everything else, the ladders of care calls too, leaves the reserved channels of the trunk
alone, which are for whoever calls in, and no telephone is called twice at once or again and again within the hour.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, func, select, text
from sqlmodel import col

from dispatch.models import (
    Attempt,
    AttemptResult,
    Call,
    CallState,
    Case,
    Leg,
    LegRole,
    Message,
    MessageKind,
    MessageState,
)
from dispatch.policy import outgoing_brake
from registry.models import Channel
from registry.models.centre import Priority
from registry.store import Reading, Writing

FIRST = MessageKind.LADDER
RANKS = {  # the smaller goes first
    MessageKind.LADDER: 0,
    MessageKind.OFFER: 1,
    MessageKind.REPLY: 1,
    MessageKind.OFFER_WITHDRAWN: 2,
    MessageKind.JOB_DETAILS: 2,
    MessageKind.VISIT_NEWS: 2,
    MessageKind.WORDS: 2,
    MessageKind.PROGRESS: 3,
    MessageKind.NOTICE: 3,
    MessageKind.CARE: 4,
    MessageKind.INCIDENT_NEWS: 4,
    MessageKind.SURVEY: 5,
}
LONGEST_CALL_OUT = timedelta(minutes=10)  # the dialplan ends each of ours after five
LONGEST_CALL_IN = timedelta(hours=4)
WHILE_FULL = timedelta(seconds=10)
WHILE_BUSY = timedelta(seconds=30)
AN_HOUR = timedelta(hours=1)
ONE_AT_A_TIME = 0x6272616B  # "brak": PostgreSQL's advisory lock while the last channel is given away

_OUTSIDE = (LegRole.CALLER, LegRole.CALLED, LegRole.THIRD)
_NOT_HAPPENED = (AttemptResult.AWAY, AttemptResult.NEVER_SEEN)


def rank() -> ColumnElement[int]:
    """What is ordered by: the kind's rank."""
    by_rank: dict[int, list[MessageKind]] = {}
    for kind, place in RANKS.items():
        by_rank.setdefault(place, []).append(kind)
    return case(*((col(Message.kind).in_(kinds), place) for place, kinds in by_rank.items()), else_=max(by_rank))


def waits_for_a_line() -> ColumnElement[bool]:
    """Messages that stay where they are while there is no room."""
    return (
        (col(Message.channel) == Channel.VOICE)
        & (col(Message.state) == MessageState.WANTED)
        & (col(Message.kind) != FIRST)
    )


def takes_a_line(message: Message, rooms: dict[int, int]) -> bool:
    """Whether there is room for it: one that waits for a line has its centre's room reduced by one."""
    waits = message.channel is Channel.VOICE and message.state is MessageState.WANTED and message.kind is not FIRST
    if not waits or message.centre_id not in rooms:
        return True
    rooms[message.centre_id] -= 1
    return rooms[message.centre_id] >= 0


def room(session: Reading | Writing, centre_id: int, exchange: str, channels: int, now: datetime) -> int:
    """How many more calls may go out that are no emergency; below zero when those who call in use the reserve."""
    out = session.scalar(
        select(func.count())
        .select_from(Attempt)
        .join(Message, col(Message.id) == col(Attempt.message_id))
        .where(
            col(Attempt.via) == exchange,
            col(Message.channel) == Channel.VOICE,
            col(Attempt.ended_at).is_(None),
            col(Attempt.handed_over_at) > now - LONGEST_CALL_OUT,
        )
    )
    others = session.scalar(
        select(func.count())
        .select_from(Leg)
        .join(Call, col(Call.id) == col(Leg.call_id))
        .where(
            col(Leg.exchange) == exchange,
            col(Leg.role).in_(_OUTSIDE),
            col(Leg.ended_at).is_(None),
            col(Call.state) != CallState.ENDED,
            col(Call.arrived_at) > now - LONGEST_CALL_IN,
        )
    )
    reserved = min(outgoing_brake(session, centre_id).reserved_channels, channels // 2)  # a small trunk is shared
    return channels - reserved - (out or 0) - (others or 0)


def _of_care(session: Writing, message: Message) -> bool:
    """Whether the ladder that asks by this call is that of a care call."""
    found = session.get(Case, message.case_id) if message.case_id is not None else None
    return found is not None and found.priority is not Priority.EMERGENCY


def not_before(session: Writing, message: Message, exchange: str, channels: int) -> datetime | None:
    """When a call that is about to go out may be looked at again, None when it may go out now.

    Two calls are never let through by the same free channel: whoever asks waits here for whoever asked before.
    """
    if message.kind is FIRST and not _of_care(session, message):
        return None
    now = session.clock.now()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ONE_AT_A_TIME})
    if room(session, message.centre_id, exchange, channels, now) < 1:
        return now + WHILE_FULL
    recent = session.execute(
        select(col(Attempt.handed_over_at), col(Attempt.ended_at), col(Attempt.result), col(Message.offer_id))
        .join(Message, col(Message.id) == col(Attempt.message_id))
        .where(
            col(Message.number) == message.number,
            col(Message.channel) == Channel.VOICE,
            col(Attempt.handed_over_at) > now - AN_HOUR,
        )
        .order_by(col(Attempt.handed_over_at))
    ).all()
    for begun, ended, _, offer_id in recent:
        decided = offer_id is not None and offer_id == message.offer_id  # by word of mouth: that call is ended by us
        if ended is None and begun > now - LONGEST_CALL_OUT and not decided:
            return now + WHILE_BUSY
    dialled = [begun for begun, _, result, _ in recent if result not in _NOT_HAPPENED]
    most = outgoing_brake(session, message.centre_id).calls_per_number
    return dialled[-most] + AN_HOUR if len(dialled) >= most else None
