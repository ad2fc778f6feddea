"""The resident is asked whether it was good: once, at a decent hour, and by a person where the telephone cannot."""

from datetime import timedelta
from typing import Any

from callbridge.events import Outcome
from dispatch import cases
from dispatch.attention import Need
from dispatch.models import CaseState, MessageKind, MessageState, Satisfaction, Turn
from dispatch.wire.cases import Close, Reopen
from registry.models import Hearing, LineKind, Resident, Rule, RuleKind
from tests.dispatch.register import HER_LINE
from tests.dispatch.town import Town

SMS = "+8613900000001"


def served(town: Town, **resident: Any) -> str:
    """A case that a pharmacy has just finished; it is nine in the morning and a little."""
    town.merchant("康宁药房", sms=SMS)
    number = town.open(town.resident(**{"kind": LineKind.MOBILE} | resident))  # told by SMS who comes, so only asked
    town.dispatch(number)
    town.send()
    for digit in "135":
        town.writes(SMS, digit)
    assert town.case(number).state is CaseState.SERVED
    return number


def later(town: Town, **step: float) -> None:
    town.passes(**step)
    town.send()


def calls(town: Town) -> int:
    return sum(1 for call in town.exchange.dialled if call.number == HER_LINE)


def close(town: Town, number: str, satisfaction: Any = None) -> None:
    with town.store.writing() as session:
        close = Close(expects="served", outcome="served", satisfaction=satisfaction)
        cases.close(session, town.desk, number, close)


def rule(town: Town, kind: RuleKind, **body: Any) -> None:
    with town.store.writing() as session:
        from registry.centres import current_rule

        before = current_rule(session, town.centre_id, kind)
        session.add(
            Rule(
                centre_id=town.centre_id,
                kind=kind,
                version=before.version + 1,
                body=before.body | body,
                valid_from=town.clock.now(),
            )
        )


def test_her_key_is_the_satisfaction_of_the_case(town: Town) -> None:
    number = served(town)
    later(town, minutes=31)
    (call,) = town.exchange.dialled
    assert (call.number, call.keys, call.repeat, call.reply) == (HER_LINE, "1230", "9", "asked")
    assert "王秀英奶奶您好" in call.text
    town.presses(HER_LINE, "2")
    case = town.case(number)
    assert (case.satisfaction, case.needs_why, case.state) == (Satisfaction.FAIRLY, None, CaseState.SERVED)
    assert "case.surveyed" in town.journal("case")
    close(town, number)
    assert town.case(number).satisfaction is Satisfaction.FAIRLY, "closing without a word of it takes nothing away"
    later(town, hours=5)
    assert calls(town) == 1


def test_who_is_not_satisfied_is_brought_before_an_operator(town: Town) -> None:
    number = served(town)
    later(town, minutes=31)
    town.presses(HER_LINE, "3")
    case = town.case(number)
    assert (case.satisfaction, case.needs_why, case.turn) == (
        Satisfaction.NOT_SATISFIED,
        Need.NOT_SATISFIED,
        Turn.OPERATOR,
    )


def test_who_wants_to_talk_is_called_back_by_a_person(town: Town) -> None:
    number = served(town)
    later(town, minutes=31)
    town.presses(HER_LINE, "0")
    assert (town.case(number).satisfaction, town.case(number).needs_why) == (None, Need.WANTS_TO_TALK)
    later(town, hours=5)
    assert calls(town) == 1


def test_what_an_operator_has_asked_is_not_asked_again(town: Town) -> None:
    number = served(town)
    close(town, number, "satisfied")
    later(town, hours=2)
    assert calls(town) == 0


def test_a_case_closed_without_asking_is_still_asked_about(town: Town) -> None:
    number = served(town)
    close(town, number)
    later(town, minutes=31)
    town.presses(HER_LINE, "3")
    case = town.case(number)
    assert (case.state, case.satisfaction) == (CaseState.CLOSED, Satisfaction.NOT_SATISFIED)
    assert case.needs_why == Need.NOT_SATISFIED


def test_an_operator_who_asks_while_it_rings_has_the_word_but_a_complaint_is_heard(town: Town) -> None:
    number = served(town)
    later(town, minutes=31)
    close(town, number, "satisfied")
    town.presses(HER_LINE, "3")
    assert (town.case(number).satisfaction, town.case(number).needs_why) == (
        Satisfaction.SATISFIED,
        Need.NOT_SATISFIED,
    )


def test_a_case_reopened_before_the_call_is_asked_about_only_when_it_is_served_again(town: Town) -> None:
    number = served(town)
    close(town, number)
    with town.store.writing() as session:
        cases.reopen(session, town.desk, number, Reopen(expects="closed"))
    later(town, hours=2)
    assert calls(town) == 0


def test_who_does_not_answer_is_tried_again_and_then_asked_by_a_person(town: Town) -> None:
    number = served(town)
    later(town, minutes=31)
    town.ends(HER_LINE, Outcome.NO_ANSWER)
    later(town, minutes=110)
    assert calls(town) == 1, "the pause between two tries"
    later(town, minutes=11)
    town.ends(HER_LINE, Outcome.NO_KEY)
    later(town, minutes=121)
    assert calls(town) == 3
    assert town.case(number).needs_why is None
    town.ends(HER_LINE, Outcome.BUSY)
    assert town.case(number).needs_why == Need.ASK_RESIDENT
    later(town, hours=24)
    assert calls(town) == 3


def test_nobody_is_called_at_night_nor_on_a_holiday(town: Town) -> None:
    rule(town, RuleKind.QUIET_HOURS, holidays=["03-03"])
    town.clock.move(timedelta(hours=10, minutes=20))  # 19:20
    served(town)
    later(town, minutes=31)
    later(town, hours=3)
    assert calls(town) == 0
    later(town, hours=24)  # the whole holiday
    assert calls(town) == 0
    later(town, hours=10)  # Wednesday, nearly 9:00
    assert calls(town) == 0
    later(town, hours=1)
    assert calls(town) == 1


def test_a_call_that_was_wanted_by_day_does_not_go_out_at_night(town: Town) -> None:
    """The exchange was away from the afternoon until after midnight."""
    number = served(town)
    town.passes(minutes=31)
    assert [message.kind for message in town.messages(MessageState.WANTED)] == [MessageKind.SURVEY]
    town.clock.move(timedelta(hours=16))
    town.send()
    assert calls(town) == 0
    later(town, hours=8, minutes=30)
    assert calls(town) == 1
    assert town.case(number).needs_why is None


def test_after_days_without_the_service_a_person_decides(town: Town) -> None:
    number = served(town)
    later(town, hours=73)
    assert calls(town) == 0
    assert town.case(number).needs_why == Need.ASK_RESIDENT


def test_who_cannot_hear_is_asked_by_a_person(town: Town) -> None:
    number = served(town, hearing=Hearing.DEAF)
    later(town, minutes=31)
    assert calls(town) == 0
    assert town.case(number).needs_why == Need.ASK_RESIDENT


def test_who_is_no_longer_with_us_is_not_called(town: Town) -> None:
    number = served(town)
    town.passes(minutes=31)
    with town.store.writing() as session:
        resident = session.get(Resident, town.case(number).resident_id)
        assert resident is not None
        resident.ended_at = session.clock.now()
    town.send()
    assert calls(town) == 0
    assert [message.kind for message in town.messages(MessageState.DROPPED)] == [MessageKind.SURVEY]
    assert town.case(number).needs_why is None


def test_a_call_of_unknown_fate_is_asked_about_before_it_is_repeated(town: Town) -> None:
    served(town)
    town.exchange.behaviour.extend(["lost_rings"])
    later(town, minutes=31)
    later(town, minutes=5)
    assert calls(town) == 1, "the exchange knows it: it is not dialled again"
    town.presses(HER_LINE, "1")
    town.exchange.behaviour.clear()


def test_a_call_that_the_exchange_never_saw_goes_out_again(town: Town) -> None:
    number = served(town)
    town.exchange.behaviour.extend(["lost"])
    later(town, minutes=31)
    assert calls(town) == 0
    later(town, minutes=1)
    later(town, minutes=2)
    assert calls(town) == 1
    town.presses(HER_LINE, "1")
    assert town.case(number).satisfaction is Satisfaction.SATISFIED
