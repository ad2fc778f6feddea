"""A person is deleted on her own wish: what was said, written and recorded about her goes, the figures stay right.

Rows stay with their numbers, times and states, so that every report and the journal are as they were; what says who,
where, in which words and with which health is emptied. It is done a few rows at a time, and whoever goes on after a
crash finds what is left: her numbers, which lead to it, go last.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import delete, select, update
from sqlmodel import col

from dispatch import care
from dispatch.errors import Conflict, NotFound
from dispatch.holdings import Holdings, holdings
from dispatch.models import (
    Attempt,
    Call,
    Card,
    Case,
    DecisionSheet,
    Direction,
    IdempotentReply,
    Inbound,
    Leg,
    Message,
    PhoneOrder,
    Recording,
    Visit,
)
from registry import erasure
from registry.models import Resident
from registry.store import Actor, Store, Subject, Writing

log = structlog.get_logger()

AT_ONCE = 40  # rows in one transaction
ROUNDS = 5  # of looking for what has come in meanwhile
REMEMBERED = timedelta(minutes=10)  # answers to commands that are younger may be asked for again

_PLACE = ("position", "distance")  # in a decision sheet
_OPEN: dict[str, Any] = {"sealed": None, "sealed_for": None}

Transactions = Callable[[], AbstractContextManager[Writing]]


def delete_person(
    store: Store, centre_id: int, resident_id: int, actor: Actor, confirm: Callable[[Resident], None]
) -> Holdings:
    """Deletes her while the service runs; `confirm` is told of her row, and of each that has gone into it, before
    anything is emptied.

    Raises NotFound, and Conflict while a case of hers is open or a call about her goes on.
    """
    with store.reading() as session:
        row = session.get(Resident, resident_id)
        if row is None or row.centre_id != centre_id:
            raise NotFound(subject=Subject.RESIDENT, id=resident_id)
        had = holdings(session, resident_id)
        rows = [row, *session.scalars(select(Resident).where(col(Resident.merged_into) == resident_id))]
    for each in rows:
        confirm(each)
    for each in rows:
        empty(lambda: resting(store), each.id or 0, actor)
    log.info("resident.deleted", resident=resident_id)
    return had


def empty(transactions: Transactions, resident_id: int, actor: Actor, *, whatever_is_open: bool = False) -> list[str]:
    """Every step of it, from wherever it stopped; the names of the recordings that have to go. Raises Conflict."""
    with transactions() as session:
        _end(session, resident_id, actor, whatever_is_open=whatever_is_open)
    found: Holdings | None = None
    for _ in range(ROUNDS):
        with transactions() as session:
            again = holdings(session, resident_id)
        if again == found:
            break
        found = again
        for rows, blank in _blanks(found):
            for some in _portions(rows):
                with transactions() as session:
                    blank(session, some)
    with transactions() as session:
        resident = session.lock(Resident, resident_id)
        assert resident is not None
        if resident.ended_why != erasure.DELETED:
            erasure.forget_numbers(session, resident, actor)
        files = select(col(Recording.file)).where(col(Recording.id).in_(found.recordings if found else []))
        return list(session.scalars(files))


def _end(session: Writing, resident_id: int, actor: Actor, *, whatever_is_open: bool) -> None:
    """Nobody calls, finds or recognises her from now on."""
    care.end_all(session, resident_id, actor)
    resident = session.lock(Resident, resident_id)
    if resident is None or resident.ended_why in (erasure.DELETING, erasure.DELETED):
        return
    found = holdings(session, resident_id)
    if found.open_cases and not whatever_is_open:
        raise Conflict(subject=Subject.CASE, now="open", cases=found.open_cases)
    if found.talking and not whatever_is_open:
        raise Conflict(subject=Subject.CALL, now="going_on", calls=found.talking)
    young = col(IdempotentReply.at) > session.clock.now() - REMEMBERED
    told = col(IdempotentReply.body).contains(resident.name, autoescape=True)
    session.execute(delete(IdempotentReply).where(told | ~young).execution_options(synchronize_session=False))
    erasure.withdraw(session, resident, actor)


def _blanks(found: Holdings) -> Iterator[tuple[Sequence[int], Callable[[Writing, list[int]], None]]]:
    """What is emptied of which rows."""
    yield found.cases, _values(Case, words="", outcome_note="", place=None, latitude=None, longitude=None, **_OPEN)
    yield found.cases, _call_backs
    yield found.sheets, _sheets
    yield found.visits, _values(Visit, word=None)
    yield found.cards, _values(Card, dispute="", decision="", **_OPEN)
    yield found.calls, _calls
    yield found.legs, _values(Leg, number=None, channel="")
    yield found.messages, _messages
    yield found.received, _received
    yield found.recordings, _recordings


def _values(table: Any, **values: Any) -> Callable[[Writing, list[int]], None]:
    def blank(session: Writing, some: list[int]) -> None:
        _set(session, table, col(table.id).in_(some), **values)

    return blank


def _set(session: Writing, table: Any, *which: Any, **values: Any) -> None:
    session.execute(update(table).where(*which).values(values).execution_options(synchronize_session=False))


def _call_backs(session: Writing, some: list[int]) -> None:
    """Whom to call back is told by a number where nobody was known."""
    _set(session, Case, col(Case.id).in_(some), col(Case.call_back).startswith("number:"), call_back=None)


def _calls(session: Writing, some: list[int]) -> None:
    which = col(Call.id).in_(some)
    _set(session, Call, which, number_heard="", name_heard="", number=None, speaker_name=None)
    _set(session, Call, which, col(Call.direction) == Direction.OUT, dialled="")
    _set(session, PhoneOrder, col(PhoneOrder.call_id).in_(some), body={})


def _messages(session: Writing, some: list[int]) -> None:
    """One that was still to go out has no words any more, and is dropped by whoever would send it."""
    which = col(Message.id).in_(some)
    _set(session, Message, which, body="", text_values={}, **_OPEN)
    _set(session, Message, which, col(Message.merchant_id).is_(None), number="")
    _set(session, Attempt, col(Attempt.message_id).in_(some), detail="")


def _received(session: Writing, some: list[int]) -> None:
    which = col(Inbound.id).in_(some)
    _set(session, Inbound, which, body="", **_OPEN)
    _set(session, Inbound, which, col(Inbound.merchant_id).is_(None), number="")


def _recordings(session: Writing, some: list[int]) -> None:
    """The files go with the next round of whoever has them (`dispatch.recordings`)."""
    which = col(Recording.id).in_(some), col(Recording.removed_at).is_(None), col(Recording.unwanted_at).is_(None)
    _set(session, Recording, *which, unwanted_at=session.clock.now())


def _sheets(session: Writing, some: list[int]) -> None:
    """Why each merchant was in or out stays; where she lives, and how far from each, does not."""
    for sheet in session.lock_all(DecisionSheet, some):
        sheet.body = _without_place(sheet.body)


def _without_place(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: None if name in _PLACE else _without_place(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_place(each) for each in value if not (isinstance(each, dict) and _tells_metres(each))]
    return value


def _tells_metres(reason: dict[str, Any]) -> bool:
    return "metres" in (reason.get("values") or {})


def _portions(rows: Sequence[int]) -> Iterator[list[int]]:
    return (list(rows[place : place + AT_ONCE]) for place in range(0, len(rows), AT_ONCE))


@contextmanager
def resting(store: Store) -> Iterator[Writing]:
    """A transaction, after which the database is left alone for as long as it was held."""
    began = time.monotonic()
    with store.writing() as session:
        yield session
    time.sleep(time.monotonic() - began)
