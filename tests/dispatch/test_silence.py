"""Somebody was answered and says nothing."""

import pytest

from callbridge.events import CallEnd, CallSilent
from dispatch import silence
from dispatch.attention import Need
from dispatch.errors import Conflict
from dispatch.models import Case, CaseState, Ladder, LadderState, Reason
from dispatch.wire.calls import ClearSilence
from registry.models import LineKind
from registry.models.centre import Priority
from tests.dispatch.town import Town


def falls_silent(town: Town, call: str) -> None:
    town.tell(CallSilent(exchange="main", at=town.clock.now(), uniqueid=call))


def test_an_answered_call_without_a_word_is_an_emergency_before_the_operators(town: Town) -> None:
    resident = town.resident()
    call = town.rings_in()
    town.answers(call)
    falls_silent(town, call)
    falls_silent(town, call)
    (case,) = town.all(Case)
    assert (case.resident_id, case.priority, case.needs_why) == (resident, Priority.EMERGENCY, Need.SILENT)
    assert town.call(call).silent_at == town.clock.now()
    town.hangs_up(call, CallEnd.ANSWERED)
    assert len(town.all(Case)) == 1


def test_a_silent_button_asks_again_in_the_case_it_opened(town: Town) -> None:
    town.resident()
    call = town.rings_in(emergency=True)
    town.answers(call)
    assert town.all(Case)[0].needs_why is None, "taken by whoever answered"
    falls_silent(town, call)
    (case,) = town.all(Case)
    assert (case.needs_why, case.reminders) == (Need.SILENT, 0)


def test_a_call_that_is_over_is_not_silent(town: Town) -> None:
    call = town.rings_in()
    town.answers(call)
    town.hangs_up(call, CallEnd.ANSWERED)
    falls_silent(town, call)
    assert town.all(Case) == []


def clear(town: Town, call: str) -> None:
    with town.store.writing() as session:
        silence.clear(session, town.desk, town.call(call).id or 0, ClearSilence())


def test_the_operator_clears_what_the_silence_alone_had_made_an_emergency(town: Town) -> None:
    call = town.rings_in("02367009999")
    town.answers(call)
    falls_silent(town, call)
    town.hangs_up(call, CallEnd.ANSWERED)
    clear(town, call)
    (case,) = town.all(Case)
    assert (case.state, case.outcome, case.needs_why) == (CaseState.CLOSED, Reason.FALSE_ALARM, None)
    assert case.owner_id == town.desk.operator_id
    assert [ladder.state for ladder in town.all(Ladder)] == [LadderState.OVER]
    assert town.journal("call")[-1] == "call.cleared"
    with pytest.raises(Conflict):
        clear(town, call)


def test_a_button_stays_an_emergency_when_its_silence_is_cleared(town: Town) -> None:
    town.resident()
    call = town.rings_in(emergency=True)
    town.answers(call)
    falls_silent(town, call)
    clear(town, call)
    (case,) = town.all(Case)
    assert (case.state, case.needs_why, case.turn_operator_id) == (CaseState.OPEN, None, town.desk.operator_id)
    assert [ladder.state for ladder in town.all(Ladder)] == [LadderState.ACKNOWLEDGED]


def test_an_emergency_that_was_there_before_is_not_closed_with_the_silence_of_a_later_call(town: Town) -> None:
    town.resident()
    pressed = town.rings_in(emergency=True)
    town.answers(pressed)
    town.hangs_up(pressed, CallEnd.ANSWERED)
    call = town.rings_in()
    town.answers(call)
    falls_silent(town, call)
    clear(town, call)
    (case,) = town.all(Case)
    assert (case.state, case.needs_why) == (CaseState.OPEN, None)


def test_a_telephone_that_was_only_lifted_is_an_emergency_until_who_hears_it_says_that_it_is_none(town: Town) -> None:
    resident = town.resident()
    call = town.rings_in(emergency=True, dialled="")
    (case,) = town.all(Case)
    assert (case.resident_id, case.priority, case.needs_why) == (resident, Priority.EMERGENCY, Need.NO_DIGITS)
    town.answers(call)
    (case,) = town.all(Case)
    assert case.needs_why == Need.NO_DIGITS, "she is asked what it is"
    assert [ladder.state for ladder in town.all(Ladder)] == [LadderState.ACKNOWLEDGED], "nobody is called meanwhile"
    clear(town, call)
    (case,) = town.all(Case)
    assert (case.state, case.outcome) == (CaseState.CLOSED, Reason.FALSE_ALARM)


def test_a_lifted_telephone_on_which_nobody_speaks_is_climbed_for_and_can_still_be_cleared(town: Town) -> None:
    town.resident()
    call = town.rings_in(emergency=True, dialled="")
    town.answers(call)
    falls_silent(town, call)
    assert [ladder.state for ladder in town.all(Ladder)] == [LadderState.CLIMBING]
    clear(town, call)
    (case,) = town.all(Case)
    assert case.state is CaseState.CLOSED


def test_a_button_that_dials_nothing_is_a_button(town: Town) -> None:
    town.resident(number="+8613700000001", kind=LineKind.BUTTON)
    town.rings_in("13700000001", emergency=True, dialled="")
    (case,) = town.all(Case)
    assert case.needs_why == Need.EMERGENCY


def test_a_call_that_was_never_silent_cannot_be_cleared(town: Town) -> None:
    call = town.rings_in(emergency=True)
    with pytest.raises(Conflict):
        clear(town, call)
