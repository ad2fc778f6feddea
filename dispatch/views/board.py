"""Everything on the board at one moment, for one desk."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, func, select

from callbridge.events import CallEnd
from dispatch import calls, casebook
from dispatch.desk import Desk
from dispatch.models import Call, CallState, Case
from dispatch.operators import working
from dispatch.views.calls import call_lines
from dispatch.views.cases import ENDED, case_lines
from dispatch.views.desk import link_lines, operator_line
from dispatch.views.inbound import waiting
from dispatch.wire.work import Board
from registry.models import Centre
from registry.store import Reading, Writing
from registry.store.journal import Journal


def board(session: Reading | Writing, desk: Desk, now: datetime) -> Board:
    centre = session.get(Centre, desk.centre_id)
    assert centre is not None
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
    )


def last_seq(session: Reading | Writing) -> int:
    """The highest sequence of the journal in this session's view, 0 when it is empty."""
    return session.exec(select(func.max(Journal.seq))).one() or 0


def on_board() -> ColumnElement[bool]:
    """The calls a board shows: those that are going on, and those that ended and nobody has dealt with."""
    return or_(
        col(Call.state) != CallState.ENDED,
        and_(col(Call.settled_at).is_(None), col(Call.end) != CallEnd.ANSWERED),
    )


def _calls(session: Reading | Writing, desk: Desk) -> Sequence[Call]:
    here = (Call.centre_id == desk.centre_id, col(Call.merged_into).is_(None), on_board(), calls.seen_by(desk))
    return session.exec(select(Call).where(*here).order_by(col(Call.id))).all()


def _cases(session: Reading | Writing, desk: Desk) -> Sequence[Case]:
    """The open ones, and those that ended and still need somebody: a merchant could not be told off, say."""
    wanted = or_(col(Case.state).not_in(ENDED), col(Case.needs_since).is_not(None))
    here = (Case.centre_id == desk.centre_id, wanted, casebook.seen_by(desk))
    return session.exec(select(Case).where(*here).order_by(col(Case.id))).all()
