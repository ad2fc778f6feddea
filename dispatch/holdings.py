"""What the line holds about one resident, by the numbers of the rows: for her extract, and for her deletion."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlmodel import col

from dispatch.casebook import OPEN_STATES
from dispatch.models import (
    Call,
    CallState,
    Card,
    CarePlan,
    Case,
    CaseCall,
    DecisionSheet,
    Inbound,
    Leg,
    Message,
    Offer,
    Recording,
    Visit,
)
from registry.among import among, ids
from registry.erasure import numbers_of
from registry.store import Reading, Writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """`open_cases` are numbers of cases, `talking` calls that go on: with them she is not deleted."""

    lines: int
    contacts: int
    cases: list[int]
    sheets: list[int]
    visits: list[int]
    cards: list[int]
    calls: list[int]
    legs: list[int]
    messages: list[int]
    received: list[int]
    care_plans: list[int]
    recordings: list[int]
    open_cases: list[str]
    talking: list[int]

    def counts(self) -> dict[str, int]:
        named = ("cases", "calls", "messages", "received", "recordings", "care_plans")
        return {"lines": self.lines, "contacts": self.contacts} | {name: len(getattr(self, name)) for name in named}


def holdings(session: Reading | Writing, resident_id: int) -> Holdings:
    """A call or an SMS is about her when it was said so, when it came from a number of hers or of her contacts and is
    about nobody else, or when it belongs to a case of hers and is about nobody else.
    """
    hers, contacts = numbers_of(session, resident_id)
    numbers = hers | contacts
    cases = _ids(session, Case, col(Case.resident_id) == resident_id)
    offers = _ids(session, Offer, among(col(Offer.case_id), "ids"), cases)
    nobody_elses = col(Call.resident_id).is_(None)
    linked = select(col(CaseCall.call_id)).where(among(col(CaseCall.case_id), "ids"))
    calls = _ids(
        session,
        Call,
        or_(
            col(Call.resident_id) == resident_id,
            and_(nobody_elses, or_(col(Call.number).in_(numbers), col(Call.id).in_(linked))),
        ),
        cases,
    )
    messages = _ids(
        session, Message, or_(col(Message.resident_id) == resident_id, among(col(Message.case_id), "ids")), cases
    )
    from_her = and_(col(Inbound.number).in_(numbers), col(Inbound.merchant_id).is_(None))
    received = _ids(session, Inbound, or_(from_her, among(col(Inbound.offer_id), "ids")), offers)
    answers = _ids(session, Message, among(col(Message.inbound_id), "ids"), received)
    return Holdings(
        lines=len(hers),
        contacts=len(contacts),
        cases=cases,
        sheets=_ids(session, DecisionSheet, among(col(DecisionSheet.case_id), "ids"), cases),
        visits=_ids(session, Visit, among(col(Visit.case_id), "ids"), cases),
        cards=_ids(session, Card, among(col(Card.case_id), "ids"), cases),
        calls=calls,
        legs=_ids(session, Leg, among(col(Leg.call_id), "ids"), calls),
        messages=sorted({*messages, *answers}),
        received=received,
        care_plans=_ids(session, CarePlan, col(CarePlan.resident_id) == resident_id),
        recordings=_ids(session, Recording, among(col(Recording.call_id), "ids"), calls),
        open_cases=list(
            session.scalars(
                select(col(Case.number))
                .where(col(Case.resident_id) == resident_id, col(Case.state).in_(OPEN_STATES))
                .order_by(col(Case.id))
            )
        ),
        talking=_ids(
            session,
            Call,
            and_(among(col(Call.id), "ids"), col(Call.state) != CallState.ENDED) if calls else false(),
            calls,
        ),
    )


def _ids(
    session: Reading | Writing, table: type, which: ColumnElement[bool], given: Iterable[int] | None = None
) -> list[int]:
    """The ids of the rows, in their order; `given` are those that `which` speaks of."""
    rows = select(table.id).where(which).order_by(table.id)  # type: ignore[attr-defined]
    return list(session.scalars(rows, {"ids": ids(given)} if given is not None else {}))
