from datetime import timedelta
from threading import Thread

import pytest

from dispatch import calls, cases, offers
from dispatch.attention import Need
from dispatch.errors import BadValue, Conflict, ForbiddenMove, NotFound, StaleVersion
from dispatch.models import CallState, Case, CaseCall, CaseState, LinkWhy, OfferState, Reason, Timer, TimerState, Turn
from dispatch.wire.calls import CallChange
from dispatch.wire.cases import Acknowledge, Cancel, CaseChange, Close, NewCase, Remind, Reopen
from dispatch.wire.offers import OfferEnd
from registry.models.centre import Priority
from tests.dispatch.register import FAR
from tests.dispatch.town import Town


def test_a_case_has_the_services_priority_unless_the_operator_says_otherwise(town: Town) -> None:
    resident = town.resident()
    assert town.case(town.open(resident, "medicine")).priority is Priority.ROUTINE
    assert town.case(town.open(resident, "gas")).priority is Priority.URGENT
    assert town.case(town.open(resident, "medicine", priority="emergency")).priority is Priority.EMERGENCY


def test_the_operator_who_answered_owns_the_case_that_another_opens(town: Town) -> None:
    call = town.rings_in()
    town.answers(call, extension="802")
    case = town.case(town.open(town.resident(), call_id=town.call(call).id))
    assert (case.owner_id, case.turn_operator_id) == (town.colleague.operator_id, town.desk.operator_id)


def test_numbers_begin_anew_with_the_centres_own_day(town: Town) -> None:
    resident = town.resident()
    assert town.open(resident) == "TL-20260302-0001"
    assert town.open(resident) == "TL-20260302-0002"
    town.clock.move(timedelta(hours=15))  # 16:00 UTC is midnight in Shanghai
    assert town.open(resident) == "TL-20260303-0001"


def test_no_two_cases_opened_at_once_share_a_number(town: Town) -> None:
    resident = town.resident()
    threads = [Thread(target=town.open, args=(resident,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(case.number[-4:] for case in town.all(Case)) == [f"{n:04d}" for n in range(1, 9)]


@pytest.mark.parametrize(("field", "value"), [("service", "massage"), ("resident_id", 4711)])
def test_what_there_is_not_is_refused(town: Town, field: str, value: object) -> None:
    with pytest.raises(BadValue) as refused, town.store.writing() as session:
        cases.open_case(session, town.desk, NewCase.model_validate({"service": "medicine"} | {field: value}))
    assert refused.value.values["field"] == field
    assert town.all(Case) == []


def test_asking_again_joins_the_open_case(town: Town) -> None:
    resident = town.resident()
    number = town.open(resident)
    call = town.rings_in()
    with town.store.writing() as session:
        cases.remind(session, town.desk, number, Remind(call_id=town.call(call).id))
    case = town.case(number)
    assert (case.reminders, case.last_reminder_at) == (1, town.clock.now())
    assert [link.why for link in town.all(CaseCall)] == [LinkWhy.REMINDER]
    assert len(town.all(Case)) == 1


def test_an_edit_changes_what_was_sent_and_says_so(town: Town) -> None:
    number = town.open(town.resident(), words="降压药")
    later = town.clock.now() + timedelta(hours=5)
    with town.store.writing() as session:
        changed = CaseChange(version=town.case(number).version, wanted_at=later, place="居委会门口")
        cases.change_case(session, town.desk, number, changed)
    case = town.case(number)
    assert (case.words, case.wanted_at, case.place) == ("降压药", later, "居委会门口")
    with pytest.raises(StaleVersion), town.store.writing() as session:
        cases.change_case(session, town.desk, number, CaseChange(version=1, words="x"))


def test_another_place_is_not_where_the_one_before_was(town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident(), place="区医院", latitude=FAR[0], longitude=FAR[1])
    for place, metres in (("居委会门口", None), (None, 35)):
        with town.store.writing() as session:
            changed = CaseChange(version=town.case(number).version, place=place)
            cases.change_case(session, town.desk, number, changed)
        with town.store.writing() as session:
            sheet = offers.candidates(session, town.desk, number)
            assert [each["distance"] for each in sheet.body["candidates"]] == [metres]


def test_a_need_is_acknowledged_once_and_a_newer_one_stays(town: Town) -> None:
    number = town.open(town.resident())
    town.rings_in("13700000009", emergency=True)
    emergency = next(case for case in town.all(Case) if case.number != number)
    seen = emergency.needs_since
    town.clock.move(timedelta(seconds=5))
    town.rings_in("13700000009", emergency=True)

    with pytest.raises(Conflict) as newer, town.store.writing() as session:
        cases.acknowledge(session, town.desk, emergency.number, Acknowledge(needs_since=seen))
    assert newer.value.values["needs"] == Need.EMERGENCY

    now_seen = town.case(emergency.number).needs_since
    with town.store.writing() as session:
        cases.acknowledge(session, town.desk, emergency.number, Acknowledge(needs_since=now_seen))
    case = town.case(emergency.number)
    assert (case.needs_since, case.turn_operator_id, case.owner_id) == (
        None,
        town.desk.operator_id,
        town.desk.operator_id,
    )
    with pytest.raises(Conflict) as second, town.store.writing() as session:
        cases.acknowledge(session, town.colleague, emergency.number, Acknowledge(needs_since=now_seen))
    assert second.value.values["by"] == "陈雨"


def test_what_nobody_has_to_go_for_is_closed_straight_away(town: Town) -> None:
    number = town.open(town.resident(), "information")
    with town.store.writing() as session:
        cases.close(session, town.desk, number, Close(expects="open", outcome="information"))
    case = town.case(number)
    assert (case.state, case.outcome, case.turn) == (CaseState.CLOSED, Reason.INFORMATION, Turn.NOBODY)


def test_a_case_that_somebody_is_asked_for_is_not_closed(town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident())
    town.dispatch(number)
    with pytest.raises(ForbiddenMove), town.store.writing() as session:
        cases.close(session, town.desk, number, Close(expects="offering", outcome="served"))


def test_a_command_for_another_state_says_what_is_and_who_was_first(town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    town.writes("+8613900000001", "1")
    with pytest.raises(Conflict) as conflict, town.store.writing() as session:
        cases.cancel(session, town.desk, number, Cancel(expects="offering"))
    assert conflict.value.values["now"] == CaseState.ACCEPTED
    assert conflict.value.values["by"] == "康宁药房"
    assert conflict.value.values["at"].startswith("2026-03-02T01:00")


def test_cancelling_calls_everybody_off_and_stops_every_clock(town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident(), wanted_at=town.clock.now() + timedelta(hours=5))
    town.dispatch(number)
    town.send()
    town.writes("+8613900000001", "1")
    with town.store.writing() as session:
        cases.cancel(session, town.desk, number, Cancel(expects="accepted"))
    town.send()
    assert town.states(number) == [OfferState.REVOKED]
    assert town.case(number).outcome is Reason.CANCELLED_BY_RESIDENT
    assert "不需要您去了" in town.sms_to("+8613900000001")[-1]
    assert {timer.state for timer in town.all(Timer)} <= {TimerState.STOPPED, TimerState.FIRED}


def test_a_cancelled_case_whose_offer_never_left_tells_nobody(town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident())
    town.dispatch(number)
    with town.store.writing() as session:
        cases.cancel(session, town.desk, number, Cancel(expects="offering"))
    town.send()
    assert town.sms_to("+8613900000001") == []
    assert town.states(number) == [OfferState.WITHDRAWN]


def test_a_reopened_case_can_be_served_by_the_same_merchant_again(town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident())
    for _ in range(2):
        town.dispatch(number)
        town.send()
        town.writes("+8613900000001", "1")
        town.writes("+8613900000001", "5")
        assert town.case(number).state is CaseState.SERVED
        town.close(number)
        with town.store.writing() as session:
            cases.reopen(session, town.desk, number, Reopen(expects="closed", note="没送对"))
        assert (town.case(number).state, town.case(number).outcome) == (CaseState.OPEN, None)
    assert town.states(number) == [OfferState.FULFILLED, OfferState.FULFILLED]


def test_a_closed_case_is_not_changed_any_more(town: Town) -> None:
    number = town.open(town.resident(), "information")
    with town.store.writing() as session:
        cases.close(session, town.desk, number, Close(expects="open", outcome="information"))
    version = town.case(number).version
    with pytest.raises(Conflict), town.store.writing() as session:
        cases.change_case(session, town.desk, number, CaseChange(version=version, words="x"))
    with pytest.raises(Conflict), town.store.writing() as session:
        cases.remind(session, town.desk, number, Remind())


def test_a_number_that_there_is_not_is_not_found(town: Town) -> None:
    with pytest.raises(NotFound), town.store.writing() as session:
        offers.candidates(session, town.desk, "TL-20260302-9999")


def test_somebody_is_asked_for_in_time_when_it_is_wanted_later(town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident(), wanted_at=town.clock.now() + timedelta(hours=5))
    town.passes(hours=3)
    assert town.case(number).needs_why is None
    town.passes(minutes=56)  # 65 minutes before: 5 to accept and 60 to arrive
    assert town.case(number).needs_why == Need.WANTED_SOON


def test_who_was_withdrawn_leaves_a_case_for_later_that_is_asked_for_in_time(town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident(), wanted_at=town.clock.now() + timedelta(hours=5))
    offer = town.dispatch(number)
    with town.store.writing() as session:
        offers.end_offer(session, town.desk, number, offer.id or 0, OfferEnd(expects="pending", how="withdraw"))
    town.passes(hours=3)
    assert town.case(number).needs_why is None
    town.passes(minutes=56)
    assert town.case(number).needs_why == Need.WANTED_SOON


def test_who_has_accepted_is_told_what_has_changed_and_has_the_time_for_it(town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    town.writes("+8613900000001", "1")
    later = town.clock.now() + timedelta(hours=6)  # 15:00 in Shanghai
    for change in ({"place": "居委会门口", "wanted_at": later}, {"priority": "urgent"}):
        with town.store.writing() as session:
            cases.change_case(
                session, town.desk, number, CaseChange.model_validate({"version": town.case(number).version} | change)
            )
        town.send()
    *_, before, after = town.sms_to("+8613900000001")
    assert "5栋2单元502" in before
    assert "居委会门口" in after, "told once: the priority is no news for it"
    assert "15:00" in after
    assert "5栋2单元502" not in after
    town.passes(hours=5, minutes=59)
    assert town.case(number).needs_why is None
    town.passes(minutes=2)
    assert town.case(number).needs_why == Need.ARRIVAL_LATE


def test_who_has_accepted_is_told_the_door_of_somebody_who_is_recognised_only_now(town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    call = town.rings_in("13700000009")
    town.answers(call)
    number = town.open(None, call_id=town.call(call).id)
    town.dispatch(number)
    town.send()
    town.writes("+8613900000001", "1")
    assert "502" not in town.sms_to("+8613900000001")[-1]
    known, resident = town.call(call), town.resident()
    with town.store.writing() as session:
        recognised = CallChange(version=known.version, resident_id=resident)
        calls.change_call(session, town.desk, known.id or 0, recognised)
    town.send()
    assert "5栋2单元502" in town.sms_to("+8613900000001")[-1]


def test_a_call_is_over_and_its_case_goes_on(town: Town) -> None:
    call = town.rings_in()
    town.answers(call)
    number = town.open(town.resident(), call_id=town.call(call).id)
    town.hangs_up(call)
    assert town.call(call).state is CallState.ENDED
    assert town.case(number).state is CaseState.OPEN
