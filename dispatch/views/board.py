"""Everything on the board at one moment, for one desk."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, and_, union_all
from sqlmodel import col, func, select

from dispatch import calls, casebook
from dispatch.casebook import OPEN_STATES
from dispatch.desk import Desk
from dispatch.models import Call, Case
from dispatch.models.calls import GOING_ON
from dispatch.operators import working
from dispatch.views.calls import call_lines
from dispatch.views.cases import case_lines
from dispatch.views.desk import gap_lines, hold_line, link_lines, operator_line
from dispatch.views.findings import finding_lines
from dispatch.views.gateways import gateway_lines
from dispatch.views.inbound import waiting
from dispatch.views.merchants import expiries_to_renew, numbers_to_correct
from dispatch.views.proofs import proof_lines
from dispatch.wire.board import Board
from registry.models import Centre
from registry.store import Reading, Writing
from registry.store.journal import Journal


def board(session: Reading | Writing, desk: Desk, now: datetime) -> Board:
    centre = session.get(Centre, desk.centre_id)
    assert centre is not None
    ending, more_ending = expiries_to_renew(session, desk.scope, now)
    wrong, more_wrong = numbers_to_correct(session, desk.scope)
    return Board(
        at=now,
        last_event_id=f"{centre.epoch}-{last_seq(session)}",
        centre_name=centre.name,
        time_zone=centre.time_zone,
        calls=call_lines(session, _calls(session, desk), now),
        cases=case_lines(session, _cases(session, desk), now),
        inbound=waiting(session, desk),
        operators=[operator_line(operator) for operator in working(session, desk.centre_id)],
        links=link_lines(session),
        gaps=gap_lines(session, desk.centre_id, now),
        proofs=proof_lines(session, desk.centre_id),
        gateways=gateway_lines(session, desk.centre_id),
        findings=finding_lines(session, desk.centre_id),
        wrong_numbers=wrong,
        more_wrong_numbers=more_wrong,
        expiries=ending,
        more_expiries=more_ending,
        hold=hold_line(session, desk.centre_id),
    )


def last_seq(session: Reading | Writing) -> int:
    """The highest sequence of the journal in this session's view, 0 when it is empty."""
    return session.exec(select(func.max(Journal.seq))).one() or 0


Ids = CompoundSelect[*tuple[Any, ...]]


def calls_on_board(centre_id: int) -> ColumnElement[bool]:
    """The calls a board shows: those that are going on. Who was not answered has a case to be called back."""
    return and_(col(Call.centre_id) == centre_id, col(Call.state).in_(GOING_ON), col(Call.merged_into).is_(None))


def cases_on_board(centre_id: int) -> ColumnElement[bool]:
    """The open ones, and those that ended and still need somebody: a merchant could not be told off, say."""
    # Looked up by their ids, which two indexes name: with one condition every case there ever was is read.
    here = select(Case.id).where(Case.centre_id == centre_id)
    shown: Ids = union_all(
        here.where(col(Case.state).in_(OPEN_STATES)), here.where(col(Case.needs_since).is_not(None))
    )
    return col(Case.id).in_(shown)


def _calls(session: Reading | Writing, desk: Desk) -> Sequence[Call]:
    shown = select(Call).where(calls_on_board(desk.centre_id), calls.seen_by(desk))
    return session.exec(shown.order_by(col(Call.id))).all()


def _cases(session: Reading | Writing, desk: Desk) -> Sequence[Case]:
    shown = select(Case).where(cases_on_board(desk.centre_id), casebook.seen_by(desk))
    return session.exec(shown.order_by(col(Case.id))).all()
