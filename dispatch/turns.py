"""Whose move an open case is. Whoever took it first stays its owner (首问负责); the turn goes from hand to hand."""

from dispatch.casebook import expect, held
from dispatch.desk import Desk
from dispatch.errors import Conflict
from dispatch.models import Case, Turn
from dispatch.models.transitions import note
from dispatch.operators import colleague
from dispatch.wire.cases import HandTurn
from registry.store import Actor, Subject, Writing


def hand_turn(session: Writing, desk: Desk, number: str, to: HandTurn) -> Case:
    """It is a colleague's move from now on, this desk's own, or that of whoever is there.

    Raises NotFound, BadValue for nobody who works here, Conflict for one who is not there or for a case that waits
    for a merchant or for nobody.
    """
    case = held(session, desk, number)
    expect(session, case, to.expects)
    if case.turn not in (Turn.OPERATOR, Turn.SUPERVISOR):
        raise Conflict(subject=Subject.CASE, now=case.state, turn=str(case.turn))
    if to.operator_id is not None:
        colleague(session, desk, to.operator_id)
    handed_over(session, case, to.operator_id, desk.actor)
    return case


def handed_over(session: Writing, case: Case, to: int | None, actor: Actor) -> None:
    """The turn of a case that the caller holds is that operator's, or with None anybody's who is there."""
    before = case.turn_operator_id
    case.turn, case.turn_operator_id = Turn.OPERATOR, to
    case.version += 1
    note(session, case, "turn_handed_over", actor, by=before, to=to)
