"""Somebody was answered and says nothing."""

from callbridge.events import CallEnd, CallSilent
from dispatch.attention import Need
from dispatch.models import Case
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
