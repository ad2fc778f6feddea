"""Whose move an open case is, handed from one to another."""

import pytest

from dispatch import turns
from dispatch.errors import BadValue, Conflict
from dispatch.models import Operator, Presence, Turn
from dispatch.wire.cases import HandTurn
from registry.store.journal import Journal
from tests.dispatch.town import Town


def hand(town: Town, number: str, operator_id: int | None, expects: str = "open") -> None:
    with town.store.writing() as session:
        turns.hand_turn(session, town.desk, number, HandTurn(expects=expects, operator_id=operator_id))


def sits_down(town: Town, operator_id: int) -> None:
    with town.store.writing() as session:
        operator = session.lock(Operator, operator_id)
        assert operator is not None
        operator.presence = Presence.READY


def test_the_turn_goes_to_a_colleague_and_the_owner_stays(town: Town) -> None:
    number = town.open(town.resident())
    sits_down(town, town.colleague.operator_id)
    hand(town, number, town.colleague.operator_id)
    case = town.case(number)
    assert (case.turn, case.turn_operator_id) == (Turn.OPERATOR, town.colleague.operator_id)
    assert case.owner_id == town.desk.operator_id
    (entry,) = [each for each in town.all(Journal) if each.what == "case.turn_handed_over"]
    assert entry.data == {"by": town.desk.operator_id, "to": town.colleague.operator_id}
    assert entry.actor_id == town.desk.operator_id


def test_it_may_be_anybodys_who_is_there(town: Town) -> None:
    number = town.open(town.resident())
    hand(town, number, None)
    assert (town.case(number).turn, town.case(number).turn_operator_id) == (Turn.OPERATOR, None)


def test_nobody_is_handed_a_turn_who_is_not_there(town: Town) -> None:
    number = town.open(town.resident())
    with pytest.raises(Conflict):
        hand(town, number, town.colleague.operator_id)
    with pytest.raises(BadValue):
        hand(town, number, 999)
    assert town.case(number).turn_operator_id == town.desk.operator_id


def test_a_merchants_turn_is_nobody_elses(town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident())
    town.dispatch(number)
    with pytest.raises(Conflict):
        hand(town, number, None, expects="offering")


def test_who_saw_another_state_is_told_what_is_now(town: Town) -> None:
    number = town.open(town.resident())
    with pytest.raises(Conflict) as refused:
        hand(town, number, None, expects="served")
    assert refused.value.values["now"] == "open"
