from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import col, select

from callbridge.events import CallEnd, Outcome
from dispatch import cases
from dispatch.attention import Need
from dispatch.models import (
    Attempt,
    AttemptResult,
    Case,
    CaseState,
    Ladder,
    LadderAnswer,
    LadderCall,
    LadderState,
    Rung,
)
from dispatch.views.ladders import ladder_of
from dispatch.wire.cases import Acknowledge, Close
from registry.models import LineKind, Rule, RuleKind
from registry.store.journal import Journal
from tests.dispatch.town import Town

DAUGHTER, SON = "+8617700232004", "+8617700232005"
SUPERVISOR, DOCTOR, NURSE = "+8613600000001", "+8613600000002", "+8613600000003"
BUTTON = "+8619800235004"
ORDER = [SUPERVISOR, DOCTOR, NURSE, DAUGHTER, SON]


@pytest.fixture
def press(town: Town) -> Callable[[], str]:
    """A resident with a button and two children; the centre has a supervisor's mobile and two on call."""
    town.resident(number=BUTTON, kind=LineKind.BUTTON, contacts=[DAUGHTER, SON])
    _rule(town)
    return lambda: town.rings_in(BUTTON)


def _rule(town: Town, **other: Any) -> None:
    body = {
        "steps": [
            {"who": "operators", "seconds": 30},
            {"who": "supervisor", "seconds": 40, "numbers": [SUPERVISOR]},
            {"who": "on_call", "seconds": 50, "numbers": [DOCTOR, NURSE]},
            {"who": "contacts", "seconds": 60},
        ],
        "pause_seconds": 15,
        "arrival_seconds": 600,
    } | other
    with town.store.writing() as session:
        known = session.exec(select(Rule).where(Rule.kind == RuleKind.LADDER).order_by(col(Rule.version))).all()
        session.add(
            Rule(
                centre_id=town.centre_id,
                kind=RuleKind.LADDER,
                version=known[-1].version + 1,
                body=body,
                valid_from=town.clock.now(),
            )
        )


def ladder(town: Town) -> Ladder:
    (found,) = town.all(Ladder)
    return found


def the_case(town: Town) -> Case:
    (found,) = town.all(Case)
    return found


def called(town: Town) -> list[str]:
    """In the order of their steps; within one step everybody is called at the same time."""
    return sorted((call.number for call in town.exchange.dialled), key=ORDER.index)


def climbs_to_the_contacts(town: Town) -> None:
    for seconds in (30, 40, 50):
        town.passes(seconds=seconds)
        town.send()


def acknowledge(town: Town) -> None:
    with town.store.writing() as session:
        cases.acknowledge(session, town.desk, the_case(town).number, Acknowledge())


def test_it_climbs_from_the_operators_to_the_family_while_nobody_acknowledges(
    town: Town, press: Callable[[], str]
) -> None:
    press()
    town.send()
    assert called(town) == []
    town.passes(seconds=30)
    town.send()
    assert called(town) == [SUPERVISOR]
    town.passes(seconds=40)
    town.send()
    assert called(town) == [SUPERVISOR, DOCTOR, NURSE]
    town.passes(seconds=50)
    town.send()
    assert called(town)[3:] == [DAUGHTER, SON]
    text = town.exchange.dialled[-1].text
    assert "王秀英奶奶" in text
    assert "五零二" in text
    entries = sorted(town.all(Journal), key=lambda entry: entry.seq or 0)
    rungs = [entry.data["rung"] for entry in entries if entry.what == "ladder.step"]
    assert rungs == ["operators", "supervisor", "on_call", "contacts"]


def test_a_contact_who_is_an_emergency_service_is_left_to_people(town: Town) -> None:
    town.resident(number=BUTTON, kind=LineKind.BUTTON, contacts=["120", DAUGHTER])
    _rule(town)
    town.rings_in(BUTTON)
    climbs_to_the_contacts(town)
    assert {call.number for call in town.exchange.dialled} == {SUPERVISOR, DOCTOR, NURSE, DAUGHTER}
    (refused,) = [each for each in town.all(Attempt) if each.result == AttemptResult.REFUSED]
    assert "only people dial those" in refused.detail


def test_an_operator_who_answers_stops_it_before_anybody_is_called(town: Town, press: Callable[[], str]) -> None:
    call = press()
    town.answers(call)
    town.passes(hours=1)
    town.send()
    assert called(town) == []
    assert (ladder(town).state, ladder(town).operator_id) == (LadderState.ACKNOWLEDGED, town.desk.operator_id)
    assert the_case(town).state is CaseState.OPEN


def test_an_operator_who_acknowledges_on_the_board_hangs_up_what_still_rings(
    town: Town, press: Callable[[], str]
) -> None:
    press()
    town.passes(seconds=30)
    town.send()
    acknowledge(town)
    town.send()
    assert town.exchange.hung_up == [town.exchange.dialled[0].attempt]
    town.ends(SUPERVISOR, Outcome.NO_ANSWER)
    town.passes(minutes=30)
    town.send()
    assert called(town) == [SUPERVISOR]


def test_the_daughter_who_goes_wins_and_her_brothers_telephone_stops(town: Town, press: Callable[[], str]) -> None:
    press()
    climbs_to_the_contacts(town)
    town.presses(DAUGHTER, "1")
    assert (ladder(town).state, ladder(town).operator_id) == (LadderState.ACKNOWLEDGED, None)
    assert the_case(town).needs_since is None
    town.send()
    rang = {call.attempt: call.number for call in town.exchange.dialled}
    assert SON in [rang[attempt] for attempt in town.exchange.hung_up]
    assert DAUGHTER not in [rang[attempt] for attempt in town.exchange.hung_up]
    assert "ladder.acknowledged" in town.journal("ladder")
    with town.store.reading() as session:
        view = ladder_of(session, the_case(town))
    assert view is not None
    assert view.going is not None
    assert (view.going.name, view.going.relation, view.going.answer) == ("王珂", "女儿", "going")


def test_acknowledged_is_not_settled_who_does_not_arrive_starts_it_again(
    town: Town, press: Callable[[], str]
) -> None:
    press()
    climbs_to_the_contacts(town)
    town.presses(DAUGHTER, "1")
    town.send()
    town.passes(seconds=601)
    assert (ladder(town).state, ladder(town).round) == (LadderState.CLIMBING, 2)
    assert the_case(town).needs_why == Need.RESPONDER_LATE


def test_somebody_outside_whom_the_exchange_found_stops_it_until_she_should_have_arrived(
    town: Town, press: Callable[[], str]
) -> None:
    call = press()
    climbs_to_the_contacts(town)
    town.answers(call, "")
    assert ladder(town).state is LadderState.ACKNOWLEDGED
    town.send()
    assert len(town.exchange.hung_up) == 5
    assert the_case(town).needs_why == Need.EMERGENCY, "it stays before the operators"
    town.hangs_up(call, CallEnd.ANSWERED)
    town.passes(seconds=601)
    assert ladder(town).state is LadderState.CLIMBING


def test_a_closed_case_ends_it_for_good(town: Town, press: Callable[[], str]) -> None:
    press()
    climbs_to_the_contacts(town)
    town.presses(DAUGHTER, "1")
    with town.store.writing() as session:
        word = Close(expects="open", outcome="served")
        cases.close(session, town.desk, the_case(town).number, word)
    town.passes(hours=2)
    town.send()
    assert ladder(town).state is LadderState.OVER
    assert len(called(town)) == 5


def test_when_everybody_of_a_step_cannot_the_next_one_is_asked_at_once(town: Town, press: Callable[[], str]) -> None:
    press()
    town.passes(seconds=30)
    town.send()
    town.presses(SUPERVISOR, "2")
    town.send()
    assert called(town) == [SUPERVISOR, DOCTOR, NURSE]
    town.presses(DOCTOR, "2")
    town.send()
    assert DAUGHTER not in called(town)


def test_an_exhausted_ladder_starts_again_and_never_ends_by_itself(town: Town, press: Callable[[], str]) -> None:
    press()
    for _ in range(3):
        climbs_to_the_contacts(town)
        town.passes(seconds=60)
    assert (ladder(town).state, ladder(town).round, ladder(town).step) == (LadderState.CLIMBING, 4, 0)
    assert town.journal("ladder").count("ladder.exhausted") == 3


def test_who_does_not_answer_is_called_again_while_her_step_is_asked(town: Town, press: Callable[[], str]) -> None:
    press()
    town.passes(seconds=30)
    town.send()
    town.ends(SUPERVISOR, Outcome.BUSY)
    town.passes(seconds=15)
    town.send()
    assert called(town) == [SUPERVISOR, SUPERVISOR]
    town.ends(SUPERVISOR, Outcome.NO_ANSWER)
    town.passes(seconds=26)
    town.send()
    assert called(town).count(SUPERVISOR) == 2


def test_a_key_of_an_earlier_step_still_counts(town: Town, press: Callable[[], str]) -> None:
    press()
    climbs_to_the_contacts(town)
    town.presses(SUPERVISOR, "1")
    assert ladder(town).state is LadderState.ACKNOWLEDGED


def test_a_second_who_is_going_is_written_down_and_changes_nothing(town: Town, press: Callable[[], str]) -> None:
    press()
    climbs_to_the_contacts(town)
    town.presses(DAUGHTER, "1")
    first = ladder(town).ladder_call_id
    town.presses(SON, "1")
    assert ladder(town).ladder_call_id == first
    answers = [call.answer for call in town.all(LadderCall) if call.rung is Rung.CONTACTS]
    assert answers == [LadderAnswer.GOING, LadderAnswer.GOING]


def test_a_press_while_it_climbs_goes_on_and_one_after_the_acknowledgement_starts_it_again(
    town: Town, press: Callable[[], str]
) -> None:
    press()
    town.passes(seconds=30)
    press()
    assert (ladder(town).step, ladder(town).round) == (1, 1)
    acknowledge(town)
    press()
    assert (ladder(town).state, ladder(town).step, ladder(town).round) == (LadderState.CLIMBING, 0, 2)
    assert the_case(town).reminders == 2


def test_steps_with_nobody_to_call_are_passed_over(town: Town, press: Callable[[], str]) -> None:
    steps = [
        {"who": "operators", "seconds": 30},
        {"who": "supervisor", "seconds": 30},
        {"who": "contacts", "seconds": 30},
    ]
    _rule(town, steps=steps)
    press()
    town.passes(seconds=30)
    town.send()
    assert called(town) == [DAUGHTER, SON]


def test_an_unknown_button_with_nobody_to_call_is_climbed_for_ever(town: Town) -> None:
    _rule(town, steps=[{"who": "contacts", "seconds": 30}])
    town.rings_in("13700000001", emergency=True)
    for _ in range(3):
        town.passes(seconds=30)
    assert ladder(town).state is LadderState.CLIMBING


def test_a_call_of_which_nobody_knows_is_made_again_and_the_double_is_counted(
    town: Town, press: Callable[[], str]
) -> None:
    press()
    town.exchange.behaviour.append("lost_rings")
    town.exchange.deaf = True
    town.passes(seconds=30)
    town.send()
    for _ in range(4):
        town.passes(seconds=8)
        town.send()
    assert called(town) == [SUPERVISOR, SUPERVISOR]
    assert [attempt.repeated for attempt in town.all(Attempt)].count(True) == 1
    with town.store.reading() as session:
        view = ladder_of(session, the_case(town))
    assert view is not None
    assert view.doubles == 1


def test_after_a_crash_the_ladder_goes_on_where_it_was(town: Town, press: Callable[[], str]) -> None:
    call = press()
    town.hangs_up(call, CallEnd.ABANDONED)
    town.passes(seconds=30)
    town.send()
    town.restart()
    town.passes(seconds=40)
    town.send()
    assert called(town) == [SUPERVISOR, DOCTOR, NURSE]
    assert the_case(town).attempts == 1
