"""What the exchange reports, written down: calls with their legs, links, telephones, and the ends of our own calls.

Each event is one transaction that holds the exchange's position first, so that the events of one exchange are applied
one after the other and what CEL has been read up to is committed together with what was read. AMI tells first and
CEL tells again: whatever comes twice changes nothing.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from callbridge.events import (
    BridgeEvent,
    CallAnswered,
    CallArrived,
    CallEnd,
    CallEnded,
    CallerChose,
    CallOut,
    CallQueued,
    CallRangOut,
    CallRecord,
    CallRinging,
    CallSilent,
    CelRead,
    LinkDown,
    LinkUp,
    Party,
    PhoneReached,
    PhoneRefuses,
    PresenceDialled,
    RingSurveyed,
)
from dispatch import choices, gaps, legs, presence, recordings, results, unanswered
from dispatch.arrivals import Arrivals, Recognition, answered
from dispatch.attention import Need
from dispatch.models import Call, CallState, Direction, ExchangePosition, Leg, LegRole, Operator, RecordingKind
from dispatch.models.transitions import key, move, note
from dispatch.operators import with_extension
from dispatch.phones import phone_reached, phone_refuses
from registry.numbers import NumberPlan
from registry.store import Actor, Entry, Store, Subject, Writing

__all__ = ["Intake", "Recognition"]

log = structlog.get_logger()

WAITING = frozenset({CallState.RINGING, CallState.QUEUED})
AT_ONCE = 20  # calls of one reading of CEL that are written in one transaction: nobody holds the database


class Intake:
    """The listener of every exchange of one centre; safe to call from several threads."""

    def __init__(self, store: Store, centre_id: int, plan: NumberPlan) -> None:
        self._store = store
        self._centre_id = centre_id
        self._arrivals = Arrivals(centre_id, plan)
        self._handlers: dict[type[BridgeEvent], Callable[..., Recognition | None]] = {
            CallArrived: self._arrived,
            CallQueued: self._queued,
            CallRinging: self._ringing,
            CallRangOut: self._ringing,
            CallAnswered: self._answered,
            CallEnded: self._ended,
            CallSilent: self._silent,
            CallerChose: self._chose,
            CallRecord: self._record,
            CallOut: self._call_out,
            LinkUp: self._link_up,
            LinkDown: self._link_down,
            PhoneReached: self._phone,
            PhoneRefuses: lambda session, event: phone_refuses(session, centre_id, event),
            PresenceDialled: lambda session, event: presence.dialled(session, centre_id, event),
            RingSurveyed: lambda session, event: presence.surveyed(session, centre_id, event),
            **legs.HANDLERS,
        }

    def handle(self, event: BridgeEvent) -> list[Recognition]:
        """Writes the event down and returns what the exchange should be told, now that it is committed.

        Idempotent: the same event again, from AMI or CEL, changes nothing.
        """
        if isinstance(event, CelRead):
            return self._cel_read(event)
        with self._store.writing() as session:
            _position(session, event.exchange)
            recognition = self._handlers[type(event)](session, event)
        return [recognition] if recognition is not None else []

    def _cel_read(self, event: CelRead) -> list[Recognition]:
        """A long reading is several transactions; the position is kept with the last, so that a crash reads again."""
        told: list[Recognition] = []
        # Emergencies first: they are on the board while the others are still being written.
        urgent_first = sorted(event.calls, key=lambda each: not each.emergency)
        parts: list[CallRecord | CallOut] = [*urgent_first, *event.outgoing]
        for start in range(0, max(len(parts), 1), AT_ONCE):
            part = parts[start : start + AT_ONCE]
            with self._store.writing() as session:
                position = _position(session, event.exchange)
                for each in part:
                    recognition = self._handlers[type(each)](session, each)
                    if recognition is not None:
                        told.append(recognition)
                if parts:
                    gaps.count(session, self._centre_id, event.exchange)
                if start + AT_ONCE >= len(parts):
                    position.generation, position.row = event.position.generation, event.position.row
        return told

    def _arrived(self, session: Writing, event: CallArrived) -> Recognition | None:
        known = _call_of(session, event.exchange, event.uniqueid)
        if known is not None:
            known.recovered = False  # CEL was only a little faster: we were listening
            return None
        _, recognition = self._arrivals.arrive(session, event, recovered=False)
        return recognition

    def _queued(self, session: Writing, event: CallQueued) -> None:
        call = _known_call(session, event, event.uniqueid)
        if call is None or call.state is CallState.ENDED:
            return
        again = call.state is CallState.TALKING and call.answered_at is not None and event.at > call.answered_at
        if call.state is CallState.QUEUED or again:
            legs.back_in_the_queue(session, call)
        if call.state is CallState.RINGING or again:
            _queue(session, call, event.at, queue=event.queue, position=event.position)

    def _ringing(self, session: Writing, event: CallRinging | CallRangOut) -> None:
        call = _known_call(session, event, event.uniqueid)
        if call is None or call.state not in WAITING:
            return
        ringing = {each for each in call.ringing.split(",") if each}
        now = ringing | {event.extension} if isinstance(event, CallRinging) else ringing - {event.extension}
        listed = ",".join(sorted(now))
        if listed != call.ringing and len(listed) <= 200:
            call.ringing = listed
            note(session, call, "ringing", Actor.exchange(), at=event.at, extensions=sorted(now))

    def _answered(self, session: Writing, event: CallAnswered) -> None:
        call = _known_call(session, event, event.uniqueid)
        if call is not None:
            self._answer(session, call, event.at, event.extension, event.operator_uniqueid)

    def _answer(
        self, session: Writing, call: Call, at: datetime, extension: str | None, operator_uniqueid: str | None
    ) -> None:
        """An operator has taken the call: it is hers, and so is the emergency it opened."""
        if call.direction is Direction.OUT:
            legs.reached_at(session, call, at)
            return
        operator = with_extension(session, self._centre_id, extension)
        if operator_uniqueid is not None and _leg(session, call.exchange, operator_uniqueid) is None:
            session.add(
                Leg(
                    call_id=key(call),
                    exchange=call.exchange,
                    uniqueid=operator_uniqueid,
                    role=LegRole.OPERATOR,
                    extension=extension,
                    operator_id=operator.id if operator is not None else None,
                    started_at=at,
                    answered_at=at,
                )
            )
        if call.state not in WAITING:
            if call.answered_at is None:  # it has ended meanwhile; CEL knows that it was answered before
                call.answered_at = at
                call.operator_id = call.operator_id or (operator.id if operator is not None else None)
            return
        call.answered_at = call.answered_at or at
        call.ringing = ""
        call.taken_by_id = call.taken_at = None
        caller = _caller_leg(session, call)
        if caller is not None:
            caller.answered_at = caller.answered_at or at
        if operator is not None:
            call.operator_id = operator.id
        by = _by(operator)
        waited = round((at - (call.queued_at or call.arrived_at)).total_seconds() * 1000)
        move(session, call, CallState.TALKING, by, at=at, extension=extension, waited_ms=waited)
        if operator is not None:
            answered(session, call, operator)

    def _silent(self, session: Writing, event: CallSilent) -> None:
        """An emergency unless the operator, who hears it, clears it."""
        call = _known_call(session, event, event.uniqueid)
        if call is None or call.state is not CallState.TALKING or call.silent_at is not None:
            return
        call.silent_at = event.at
        call.version += 1
        note(session, call, "silent", Actor.exchange(), at=event.at)
        self._arrivals.emergency(session, call, Need.SILENT)

    def _chose(self, session: Writing, event: CallerChose) -> None:
        call = _known_call(session, event, event.uniqueid)
        if call is not None:
            choices.chose(session, call, event.choice, event.digit, event.file, event.at)

    def _ended(self, session: Writing, event: CallEnded) -> None:
        call = _known_call(session, event, event.uniqueid)
        if call is not None and call.state is not CallState.ENDED:
            _end(session, call, event.at, event.end, event.hung_up_by, event.cause)
        if call is not None and event.recording:
            recordings.keep(session, call, RecordingKind.CONVERSATION, event.recording, event.at)

    def _record(self, session: Writing, record: CallRecord) -> Recognition | None:
        """CEL's account of a whole call: whatever AMI missed is filled in, and what AMI got wrong is put right."""
        recognition = None
        call = _call_of(session, record.exchange, record.uniqueid)
        if call is None and record.outgoing:  # dialled by an operator, and not in this database
            return None
        if call is None:
            call, recognition = self._arrivals.arrive(session, record, recovered=True)
        if record.queued_at is not None:
            if call.state is CallState.RINGING:
                _queue(session, call, record.queued_at)
            call.queued_at = call.queued_at or record.queued_at
        if record.answered_at is not None and call.answered_at is None:
            self._answer(session, call, record.answered_at, record.extension, record.operator_uniqueid)
        if record.choice is not None:
            choices.chose(session, call, record.choice, record.digit, record.file, record.ended_at or record.at)
        if record.recording and record.ended_at is not None:
            recordings.keep(session, call, RecordingKind.CONVERSATION, record.recording, record.ended_at)
        if record.ended_at is not None and record.end is not None:
            by = record.hung_up_by or Party.EXCHANGE
            if call.state is not CallState.ENDED:
                _end(session, call, record.ended_at, record.end, by, record.cause or 0)
            elif (call.end, call.hung_up_by) != (record.end, by):
                before = str(call.end)
                call.end, call.hung_up_by = record.end, by
                call.version += 1
                note(
                    session, call, "changed", Actor.exchange(), end=str(record.end), before=before, hung_up_by=str(by)
                )
                unanswered.put_right(session, call)
            return None
        return recognition

    def _call_out(self, session: Writing, event: CallOut) -> None:
        results.call_ended(session, event)

    def _link_up(self, session: Writing, event: LinkUp) -> None:
        position = _position(session, event.exchange)
        gaps.link_is_up(session, self._centre_id, event, position)
        position.link_up, position.link_changed_at, position.link_reason = True, event.at, ""
        position.heard_at = event.at
        away = event.away_since.isoformat() if event.away_since is not None else None
        self._note_link(session, event, "link_up", away_since=away, restarted=event.exchange_restarted)

    def _link_down(self, session: Writing, event: LinkDown) -> None:
        position = _position(session, event.exchange)
        position.link_up, position.link_changed_at, position.link_reason = False, event.at, event.reason[:200]
        self._note_link(session, event, "link_down")

    def _note_link(self, session: Writing, event: BridgeEvent, what: str, **facts: str | bool | None) -> None:
        session.record(
            Entry(
                what=f"exchange.{what}",
                subject=Subject.EXCHANGE,
                subject_id=0,
                actor=Actor.exchange(),
                centre_id=self._centre_id,
                at=event.at,
                data={"exchange": event.exchange, **facts},
            )
        )

    def _phone(self, session: Writing, event: PhoneReached) -> None:
        phone_reached(session, self._centre_id, event)


def _position(session: Writing, exchange: str) -> ExchangePosition:
    """The exchange's row, held: its events wait for one another here."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    position = session.lock(ExchangePosition, exchange)
    if position is None:
        session.execute(
            insert(ExchangePosition)
            .values(exchange=exchange, generation="", row=0, link_up=False, link_reason="")
            .on_conflict_do_nothing()
        )
        position = session.lock(ExchangePosition, exchange)
    assert position is not None
    return position


def _leg(session: Writing, exchange: str, uniqueid: str) -> Leg | None:
    return session.scalar(select(Leg).where(col(Leg.exchange) == exchange, col(Leg.uniqueid) == uniqueid))


def _caller_leg(session: Writing, call: Call) -> Leg | None:
    return session.scalar(select(Leg).where(col(Leg.call_id) == call.id, col(Leg.role) == LegRole.CALLER))


def _call_of(session: Writing, exchange: str, uniqueid: str) -> Call | None:
    """The call of that leg, held."""
    leg = _leg(session, exchange, uniqueid)
    return session.lock(Call, leg.call_id) if leg is not None else None


def _known_call(session: Writing, event: BridgeEvent, uniqueid: str) -> Call | None:
    call = _call_of(session, event.exchange, uniqueid)
    if call is None:  # CEL brings it
        log.info("call.not_known_yet", exchange=event.exchange, uniqueid=uniqueid, event_type=type(event).__name__)
    return call


def _queue(session: Writing, call: Call, at: datetime, **facts: str | int) -> None:
    call.queued_at = call.queued_at or at
    move(session, call, CallState.QUEUED, Actor.exchange(), at=at, **facts)


def _end(session: Writing, call: Call, at: datetime, end: CallEnd, by: Party, cause: int) -> None:
    call.ended_at, call.end, call.hung_up_by, call.ringing = at, end, by, ""
    there = legs.live(session, call)
    legs.call_over(session, call, there)
    move(session, call, CallState.ENDED, Actor.exchange(), at=at, end=str(end), hung_up_by=str(by), cause=cause)
    for leg in there:
        leg.ended_at = at
        leg.cause = cause if leg.role is LegRole.CALLER else leg.cause
    if call.direction is Direction.IN:
        unanswered.ended(session, call)


def _by(operator: Operator | None) -> Actor:
    return Actor.operator(operator.id) if operator is not None and operator.id is not None else Actor.exchange()
