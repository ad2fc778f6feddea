"""Limits with their warning, yellow and red card. The visits here take 60 minutes to arrive and 15 to finish."""

from datetime import timedelta

from dispatch import cases
from dispatch.attention import Need
from dispatch.models import Card, CardColour, CaseState, Lateness, Limit, Turn
from dispatch.wire.cases import CaseChange, Reopen
from tests.dispatch.test_hold import restore
from tests.dispatch.town import Town

SMS = "+8613900000001"


def accepted(town: Town) -> str:
    town.merchant("康宁药房", sms=SMS)
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    town.answer_by_word_of_mouth(number, "accept")
    town.send()
    return number


def given(town: Town) -> list[tuple[CardColour, Limit, int | None]]:
    return [(card.colour, card.limit, card.merchant_id) for card in town.all(Card)]


def test_a_merchant_is_warned_before_the_limit_and_gets_a_yellow_and_then_a_red_card(town: Town) -> None:
    number = accepted(town)
    town.passes(minutes=46)
    assert town.case(number).late is Lateness.NEAR
    assert town.case(number).needs_why is None, "a warning is not yet an operator's business"
    town.send()
    assert "请在10:00前到门口" in town.sms_to(SMS)[-1]
    town.passes(minutes=15)
    merchant = town.newest_offer(number).merchant_id
    assert given(town) == [(CardColour.YELLOW, Limit.ARRIVAL, merchant)]
    assert (town.case(number).late, town.case(number).needs_why) == (Lateness.YELLOW, Need.ARRIVAL_LATE)
    town.send()
    assert "黄牌" in town.sms_to(SMS)[-1]
    town.passes(minutes=30)
    assert given(town)[1:] == [(CardColour.RED, Limit.ARRIVAL, merchant)]
    assert town.case(number).late is Lateness.RED
    assert town.journal("card") == ["card.given", "card.given"]


def test_whoever_is_there_in_time_is_neither_warned_nor_carded(town: Town) -> None:
    number = accepted(town)
    town.passes(minutes=40)
    town.writes(SMS, "4")
    town.passes(minutes=10)
    town.writes(SMS, "5")
    town.passes(hours=3)
    assert (given(town), town.case(number).late) == ([], None)
    assert not [text for text in town.sms_to(SMS) if "请在" in text and "前到门口" in text]


def test_arriving_late_takes_the_mark_off_the_board_and_leaves_the_card(town: Town) -> None:
    number = accepted(town)
    town.passes(minutes=61)
    town.writes(SMS, "4")
    assert (town.case(number).late, len(given(town))) == (None, 1)
    town.passes(minutes=16)
    assert given(town)[1][:2] == (CardColour.YELLOW, Limit.FINISH)


def test_after_we_were_away_what_was_reported_meanwhile_comes_in_first(town: Town) -> None:
    number = accepted(town)
    town.passes(minutes=90)
    assert (given(town), town.case(number).needs_why) == ([], Need.ARRIVAL_LATE)
    town.passes(minutes=5)
    assert [colour for colour, *_ in given(town)] == [CardColour.YELLOW]


def test_on_hold_after_a_restore_nobody_gets_a_card(town: Town) -> None:
    number = accepted(town)
    restore(town, minutes=1)
    town.passes(minutes=61)
    assert (given(town), town.case(number).needs_why) == ([], Need.ARRIVAL_LATE)


def test_a_question_has_three_working_days_and_is_then_the_centres_own_card(town: Town) -> None:
    """It is Monday morning: settled by Thursday evening, warned of on Wednesday evening, red on Friday evening."""
    number = town.open(town.resident(), service="information")
    case = town.case(number)
    assert case.due_at is not None
    assert (case.due_at - town.clock.now()) == timedelta(days=3, hours=8, minutes=30)
    town.clock.move_to(case.due_at - timedelta(days=1))
    town.passes(seconds=1)
    assert (town.case(number).late, town.case(number).needs_why) == (Lateness.NEAR, Need.CASE_DUE_SOON)
    town.clock.move_to(case.due_at)
    town.passes(seconds=1)
    assert (town.case(number).needs_why, town.case(number).turn) == (Need.CASE_LATE, Turn.OPERATOR)
    town.clock.move_to(case.due_at + timedelta(days=1))
    town.passes(seconds=1)
    assert given(town) == [(CardColour.YELLOW, Limit.CASE, None), (CardColour.RED, Limit.CASE, None)]


def test_a_complex_one_has_seven_and_one_opened_again_begins_anew(town: Town) -> None:
    number = town.open(town.resident(), service="information")
    with town.store.writing() as session:
        change = CaseChange(version=town.case(number).version, complex=True)
        cases.change_case(session, town.desk, number, change)
    due = town.case(number).due_at
    assert due is not None
    assert due - town.clock.now() == timedelta(days=9, hours=8, minutes=30)
    with town.store.writing() as session:
        case = cases.held(session, town.desk, number)
        cases.end_case(session, case, CaseState.CLOSED, town.desk.actor)
    town.passes(days=30)
    assert given(town) == []
    with town.store.writing() as session:
        cases.reopen(session, town.desk, number, Reopen(expects="closed"))
    reopened = town.case(number).due_at
    assert reopened is not None
    assert reopened > town.clock.now() + timedelta(days=7)
