"""What the exchange reports, written down: calls with their legs, links, telephones, and the ends of our own calls.

Each event, or a few that come together, is one transaction that holds the exchange's position first, so that the
events of one exchange are applied one after the other, and what CEL has been read up to is committed together with
what was read. AMI tells first and CEL tells again: whatever comes twice changes nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from callbridge.events import (
    BridgeEvent,
    CallAnswered,
    CallArrived,
    CallDialled,
    CallEnd,
    CallEnded,
    CallerChose,
    CallerPressed,
    CallOut,
    CallQueued,
    CallRangOut,
    CallRecord,
    CallRinging,
    CallSilent,
    CelRead,
    CelState,
    LinkDown,
    LinkUp,
    Party,
    PhoneReached,
    PhoneRefuses,
    PhoneTaken,
    PresenceDialled,
    RingSurveyed,
)
from dispatch import call_ins, choices, gaps, legs, messages, phones, presence, recordings, results, unanswered
from dispatch.arrivals import Arrivals, Recognition, answered, answered_outside
from dispatch.attention import Need
from dispatch.models import Call, CallState, Direction, ExchangePosition, Leg, LegRole, Operator, RecordingKind
from dispatch.models.transitions import key, move, note
from dispatch.operators import with_extension
from dispatch.replies import Replies
from dispatch.unread import read_keys
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
        self._replies = Replies(centre_id, plan)
        self._handlers: dict[type[BridgeEvent], Callable[..., Recognition | None]] = {
            CallArrived: self._arrived,
            CallDialled: self._dialled,
            CallQueued: self._queued,
            CallRinging: self._ringing,
            CallRangOut: self._ringing,
            CallAnswered: self._answered,
            CallEnded: self._ended,
            CallSilent: self._silent,
            CallerChose: self._chose,
            CallerPressed: self._pressed,
            CallRecord: self._record,
            CallOut: self._call_out,
            LinkUp: self._link_up,
            LinkDown: self._link_down,
            CelState: self._cel_state,
            PhoneReached: lambda session, event: phones.phone_reached(session, centre_id, event),
            PhoneRefuses: lambda session, event: phones.phone_refuses(session, centre_id, event),
            PhoneTaken: lambda session, event: phones.phone_taken(session, centre_id, event),
            PresenceDialled: lambda session, event: presence.dialled(session, centre_id, event),
            RingSurveyed: self._surveyed,
            **legs.HANDLERS,
        }

    def handle(self, event: BridgeEvent) -> list[Recognition]:
        """Writes the event down and returns what the exchange should be told, now that it is committed.

        Idempotent: the same event again, from AMI or CEL, changes nothing.
        """
        return self.take([event])

    def take(self, events: Sequence[BridgeEvent]) -> list[Recognition]:
        """`handle` for some events of one exchange, in one transaction: all of them are written down, or none."""
        if len(events) == 1 and isinstance(events[0], CelRead):
            told, records = self._cel_read(events[0]), events[0].calls
            pressed = any(record.pressed for record in records)
        else:
            told = self._store.write(lambda session: self._take(session, events))
            pressed = any(isinstance(event, CallerPressed) for event in events)
        if pressed:  # stored by now: from here on it is read sooner or later, whatever happens
            read_keys(self._store, self._replies)
        return told

    def _take(self, session: Writing, events: Sequence[BridgeEvent]) -> list[Recognition]:
        _position(session, events[0].exchange)
        _hold_calls(session, events[0].exchange, events)
        told = [self._handlers[type(event)](session, event) for event in events]
        return [recognition for recognition in told if recognition is not None]

    def _cel_read(self, event: CelRead) -> list[Recognition]:
        """A long reading is several transactions; the position is kept with the last, so that a crash reads again."""
        told: list[Recognition] = []
        # Emergencies first: they are on the board while the others are still being written.
        urgent_first = sorted(event.calls, key=lambda each: not each.emergency)
        parts: list[CallRecord | CallOut] = [*urgent_first, *event.outgoing]
        for start in range(0, max(len(parts), 1), AT_ONCE):
            part, is_last = parts[start : start + AT_ONCE], start + AT_ONCE >= len(parts)
            told += self._store.write(partial(self._part_read, event=event, part=part, is_last=is_last))
        return told

    def _part_read(
        self, session: Writing, event: CelRead, part: Sequence[CallRecord | CallOut], *, is_last: bool
    ) -> list[Recognition]:
        position = _position(session, event.exchange)
        _hold_calls(session, event.exchange, part)
        told = [self._handlers[type(each)](session, each) for each in part]
        if part:
            gaps.count(session, self._centre_id, event.exchange)
        if is_last:
            reached = event.position
            position.generation, position.row, position.stamp = reached.generation, reached.row, reached.stamp
        return [recognition for recognition in told if recognition is not None]

    def _arrived(self, session: Writing, event: CallArrived) -> Recognition | None:
        known = legs.call_of(session, event.exchange, event.uniqueid)
        if known is not None:
            known.recovered = False  # CEL was only a little faster: we were listening
            return None
        _, recognition = self._arrivals.arrive(session, event, recovered=False)
        return recognition

    def _dialled(self, session: Writing, event: CallDialled) -> None:
        known = legs.call_of(session, event.exchange, event.uniqueid)
        if known is None:
            self._arrivals.dialled_by_hand(session, event, recovered=False)
        else:
            known.recovered = False

    def _queued(self, session: Writing, event: CallQueued) -> None:
        call = _known_call(session, event, event.uniqueid)
        if call is None or call.state is CallState.ENDED:
            return
        again = call.state is CallState.TALKING and call.answered_at is not None and event.at > call.answered_at
        if call.state is CallState.QUEUED or again:
            legs.back_in_the_queue(session, call)
        if call.state is CallState.RINGING or again:
            _queue(session, call, event.at, queue=event.queue, position=event.position)
        call_ins.begin(session, call)

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
        """An operator has taken the call: it is hers, and so is the emergency it opened. Without an `extension`: it
        was somebody outside.
        """
        if call.direction is Direction.OUT:
            legs.reached_at(session, call, at)
            return
        operator = with_extension(session, self._centre_id, extension)
        if operator_uniqueid is not None and legs.leg_of(session, call.exchange, operator_uniqueid) is None:
            legs.add(
                session,
                Leg(
                    call_id=key(call),
                    exchange=call.exchange,
                    uniqueid=operator_uniqueid,
                    role=LegRole.OPERATOR if extension else LegRole.THIRD,
                    extension=extension or None,
                    operator_id=operator.id if operator is not None else None,
                    started_at=at,
                    answered_at=at,
                ),
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
        elif not extension:
            answered_outside(session, call)

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

    def _pressed(self, session: Writing, event: CallerPressed) -> None:
        call = _known_call(session, event, event.uniqueid)
        if call is not None:
            call_ins.pressed(session, call, event.menu, event.key, event.at)

    def _ended(self, session: Writing, event: CallEnded) -> None:
        call = _known_call(session, event, event.uniqueid)
        if call is not None and call.state is not CallState.ENDED:
            end_call(session, call, event.at, event.end, event.hung_up_by, event.cause)
        if call is not None and event.recording:
            recordings.keep(session, call, RecordingKind.CONVERSATION, event.recording, event.at)

    def _record(self, session: Writing, record: CallRecord) -> Recognition | None:
        """CEL's account of a whole call: whatever AMI missed is filled in, and what AMI got wrong is put right."""
        recognition = None
        call = legs.call_of(session, record.exchange, record.uniqueid)
        if call is None and record.outgoing:
            if not record.number:  # ordered by a database that a restore has replaced
                return None
            call = self._arrivals.dialled_by_hand(session, record, recovered=True)
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
        for each in record.pressed:
            call_ins.pressed(session, call, each.menu, each.key, each.at)
        if record.recording and record.ended_at is not None:
            recordings.keep(session, call, RecordingKind.CONVERSATION, record.recording, record.ended_at)
        if record.ended_at is not None and record.end is not None:
            by = record.hung_up_by or Party.EXCHANGE
            if call.state is not CallState.ENDED:
                end_call(session, call, record.ended_at, record.end, by, record.cause or 0)
                return None
            end = unanswered.end_of(call, record.end, call.ended_at or record.ended_at)
            if (call.end, call.hung_up_by) != (end, by):
                before = str(call.end)
                call.end, call.hung_up_by = end, by
                call.version += 1
                note(session, call, "changed", Actor.exchange(), end=str(end), before=before, hung_up_by=str(by))
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
        if event.exchange_restarted:
            messages.ask_after_restart(session, event.exchange)
        away = event.away_since.isoformat() if event.away_since is not None else None
        self._note_link(session, event, "link_up", away_since=away, restarted=event.exchange_restarted)

    def _cel_state(self, session: Writing, event: CelState) -> None:
        position, problem = _position(session, event.exchange), event.problem[:200]
        if position.cel_problem == problem:
            return
        position.cel_problem = problem
        self._note_link(session, event, "log_unreadable" if problem else "log_readable", problem=problem)

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

    def _surveyed(self, session: Writing, event: RingSurveyed) -> None:
        presence.surveyed(session, self._centre_id, event)
        phones.ring_surveyed(session, self._centre_id, event)


def _position(session: Writing, exchange: str) -> ExchangePosition:
    """The exchange's row, held: its events wait for one another here."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    position = session.lock(ExchangePosition, exchange)
    if position is None:
        session.execute(
            insert(ExchangePosition)
            .values(exchange=exchange, generation="", row=0, stamp=0.0, cel_problem="", link_up=False, link_reason="")
            .on_conflict_do_nothing()
        )
        position = session.lock(ExchangePosition, exchange)
    assert position is not None
    return position


def _caller_leg(session: Writing, call: Call) -> Leg | None:
    return session.scalar(select(Leg).where(col(Leg.call_id) == call.id, col(Leg.role) == LegRole.CALLER))


def _hold_calls(session: Writing, exchange: str, events: Sequence[BridgeEvent]) -> None:
    """What these events are about is read in two statements. Several calls are held in one order and before any case:
    two who hold some never wait for each other.
    """
    uniqueids = {uniqueid for event in events if (uniqueid := getattr(event, "uniqueid", None)) is not None}
    if len(uniqueids) > 1:
        session.lock_all(Call, {leg.call_id for leg in legs.find(session, exchange, uniqueids)})


def _known_call(session: Writing, event: BridgeEvent, uniqueid: str) -> Call | None:
    call = legs.call_of(session, event.exchange, uniqueid)
    if call is None:  # CEL brings it
        log.info("call.not_known_yet", exchange=event.exchange, uniqueid=uniqueid, event_type=type(event).__name__)
    return call


def _queue(session: Writing, call: Call, at: datetime, **facts: str | int) -> None:
    call.queued_at = call.queued_at or at
    move(session, call, CallState.QUEUED, Actor.exchange(), at=at, **facts)


def end_call(session: Writing, call: Call, at: datetime, end: CallEnd, by: Party, cause: int) -> None:
    """The call, which the caller holds, has ended so; one from outside that nobody answered is to be called back."""
    end = unanswered.end_of(call, end, at)
    there = legs.live(session, call)
    call.ended_at, call.end, call.hung_up_by, call.ringing = at, end, by, ""
    legs.call_over(session, call, there)
    move(session, call, CallState.ENDED, Actor.exchange(), at=at, end=str(end), hung_up_by=str(by), cause=cause)
    for leg in there:
        leg.ended_at = at
        leg.cause = cause if leg.role is LegRole.CALLER else leg.cause
    if call.direction is Direction.IN:
        call_ins.over(session, call, at)
        unanswered.ended(session, call)


def _by(operator: Operator | None) -> Actor:
    return Actor.operator(operator.id) if operator is not None and operator.id is not None else Actor.exchange()
