"""Care calls: at the time agreed, whatever the clocks and the night do, and a case when nobody knows how she is."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from callbridge.events import Outcome
from dispatch import care, care_plans, ticker
from dispatch.attention import Need
from dispatch.errors import BadValue, Conflict, NotFound, StaleVersion
from dispatch.models import CareCheck, CarePlan, Case, CheckState, MessageState, PlanState, TimerKind
from dispatch.models import Timer as Clock
from dispatch.wire.care import CarePlanChange, CarePlanEnd, NewCarePlan
from registry.models import Hearing, Resident, RuleKind
from tests.dispatch.register import HER_LINE
from tests.dispatch.test_surveys import calls, later, rule
from tests.dispatch.town import Town

NINE_THIRTY = time(9, 30)  # half an hour after the town's morning begins


def plan(town: Town, resident: int, at: time = NINE_THIRTY, **more: Any) -> CarePlan:
    with town.store.writing() as session:
        return care_plans.make(session, town.desk, resident, NewCarePlan(local_time=at, **more))


def agreed(town: Town, at: time = NINE_THIRTY, **more: Any) -> CarePlan:
    return plan(town, town.resident(**more.pop("person", {})), at, **more)


def end(town: Town, plan: CarePlan) -> None:
    with town.store.writing() as session:
        care_plans.end(session, town.desk, plan.resident_id, plan.id or 0, CarePlanEnd(expects="active"))


def checks(town: Town) -> list[CheckState]:
    return [check.state for check in sorted(town.all(CareCheck), key=lambda check: check.id or 0)]


def test_she_is_called_at_her_time_and_is_well(town: Town) -> None:
    agreed(town)
    later(town, minutes=29)
    assert calls(town) == 0
    later(town, minutes=2)
    call = town.exchange.dialled[-1]
    assert (call.number, call.keys, call.repeat, call.reply) == (HER_LINE, "10", "9", "asked")
    town.presses(HER_LINE, "1")
    assert checks(town) == [CheckState.WELL]
    assert town.all(Case) == []
    later(town, hours=23, minutes=50)
    assert calls(town) == 1
    later(town, minutes=10)
    assert calls(town) == 2, "tomorrow again"


def test_who_wants_to_talk_gets_a_case_before_an_operator(town: Town) -> None:
    agreed(town)
    later(town, minutes=31)
    town.presses(HER_LINE, "0")
    (case,) = town.all(Case)
    assert (case.service_code, case.needs_why, case.priority) == ("care_check", Need.WANTS_TO_TALK, "urgent")
    assert checks(town) == [CheckState.TALK]


@pytest.mark.parametrize("outcome", [Outcome.NO_ANSWER, Outcome.NO_KEY, Outcome.BUSY])
def test_who_presses_nothing_is_tried_again_and_then_a_case(town: Town, outcome: Outcome) -> None:
    agreed(town)
    later(town, minutes=31)
    for tries in (1, 2, 3):
        assert calls(town) == tries
        assert town.all(Case) == []
        town.ends(HER_LINE, outcome)
        later(town, minutes=11)
    (case,) = town.all(Case)
    assert (case.service_code, case.needs_why) == ("care_check", Need.CARE_NOT_REACHED)
    assert calls(town) == 3
    assert checks(town) == [CheckState.NOT_REACHED]
    later(town, hours=24)  # tomorrow she does not answer either: the same case
    for _ in range(3):
        town.ends(HER_LINE, outcome)
        later(town, minutes=11)
    assert len(town.all(Case)) == 1


def test_a_night_off_leaves_the_mornings_call_and_drops_what_is_too_late(town: Town) -> None:
    agreed(town)
    town.clock.move(timedelta(days=2, hours=1))  # two mornings and half an hour
    later(town)
    assert checks(town) == [CheckState.MISSED, CheckState.MISSED, CheckState.CALLING]
    assert calls(town) == 1
    town.presses(HER_LINE, "1")
    assert checks(town)[-1] is CheckState.WELL


def test_a_call_that_could_not_be_made_in_time_is_missed_and_one_that_was_tried_is_a_case(town: Town) -> None:
    agreed(town)
    town.passes(minutes=31)
    town.clock.move(timedelta(hours=4))  # the exchange is away
    town.send()
    assert (checks(town), calls(town)) == ([CheckState.MISSED], 0)
    later(town, hours=20)
    town.ends(HER_LINE, Outcome.NO_ANSWER)
    town.clock.move(timedelta(hours=4))
    town.send()
    assert checks(town)[-1] is CheckState.NOT_REACHED
    assert len(town.all(Case)) == 1


def test_quiet_hours_put_a_call_off_and_a_time_in_the_night_is_refused(town: Town) -> None:
    her = town.resident()
    with pytest.raises(BadValue):
        plan(town, her, time(23, 0))
    plan(town, her, time(7, 30))
    town.clock.move_to(datetime(2026, 3, 2, 23, 31, tzinfo=UTC))  # 07:31 on Tuesday
    later(town)
    assert calls(town) == 0
    later(town, minutes=30)
    assert calls(town) == 1


def test_holidays_are_left_out_unless_the_plan_says_otherwise(town: Town) -> None:
    rule(town, RuleKind.QUIET_HOURS, holidays=["2026-03-02"])
    agreed(town)
    plan(town, town.resident("李玉兰", "+862367001002"), on_holidays=True)
    later(town, minutes=31)
    assert sorted(checks(town)) == [CheckState.CALLING, CheckState.SKIPPED]
    assert [call.number for call in town.exchange.dialled] == ["+862367001002"]


def test_only_the_weekdays_of_the_plan(town: Town) -> None:
    made = agreed(town, weekdays=[1, 4])  # Tuesday and Friday
    assert made.due_at == datetime(2026, 3, 3, 1, 30, tzinfo=UTC)
    with town.store.writing() as session:
        found = session.get(CarePlan, made.id)
        assert found is not None
        assert care.next_due(found, datetime(2026, 3, 3, 1, 30, tzinfo=UTC)) == datetime(
            2026, 3, 6, 1, 30, tzinfo=UTC
        )


def test_nine_o_clock_stays_nine_o_clock_when_the_clocks_change(town: Town) -> None:
    made = agreed(town, time(9, 0), zone="Europe/Berlin")
    dues = [made.due_at]
    while dues[-1] is not None and dues[-1] < datetime(2026, 3, 30, tzinfo=UTC):
        dues.append(care.next_due(made, dues[-1]))
    by_day = {due.date().day: due.hour for due in dues if due is not None}
    assert (by_day[28], by_day[29], by_day[30]) == (8, 7, 7)
    assert len(by_day) == len(dues), "one on each day"
    made.local_time = time(2, 30)  # left out on the 29th
    skipped = care.next_due(made, datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert skipped == datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "half past three, an hour that is there"
    twice = care.next_due(made, datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert care.next_due(made, twice) > twice + timedelta(hours=20), "half past two comes twice, the call once"


def test_a_clock_that_goes_off_twice_and_two_plans_at_one_time_make_one_call(town: Town) -> None:
    made = agreed(town)
    plan(town, made.resident_id)
    with town.store.writing() as session:
        session.add(
            Clock(
                centre_id=town.centre_id,
                kind=TimerKind.CARE_DUE,
                subject=made.subject,
                subject_id=made.id or 0,
                due_at=made.due_at or town.clock.now(),
            )
        )
    later(town, minutes=31)
    assert sorted(checks(town)) == [CheckState.CALLING, CheckState.SKIPPED]
    assert calls(town) == 1


def test_a_plan_that_ends_while_its_call_is_due_calls_nobody(town: Town) -> None:
    made = agreed(town)
    town.passes(minutes=31)
    end(town, made)
    town.send()
    assert (checks(town), calls(town)) == ([CheckState.CALLED_OFF], 0)
    assert len(town.messages(MessageState.DROPPED)) == 1
    later(town, hours=48)
    assert calls(town) == 0
    with pytest.raises(Conflict):
        end(town, made)


def test_a_plan_that_ends_while_it_rings_ends_the_call_but_a_wish_to_talk_is_heard(town: Town) -> None:
    made = agreed(town)
    later(town, minutes=31)
    end(town, made)
    town.send()
    assert len(town.exchange.hung_up) == 1
    town.presses(HER_LINE, "0")
    (case,) = town.all(Case)
    assert case.needs_why == Need.WANTS_TO_TALK


@pytest.mark.parametrize("before_the_clock", [True, False])
def test_the_plan_of_a_person_who_has_ended_calls_nobody(town: Town, before_the_clock: bool) -> None:
    made = agreed(town)
    if not before_the_clock:
        town.passes(minutes=31)
    with town.store.writing() as session:
        resident = session.get(Resident, made.resident_id)
        assert resident is not None
        resident.ended_at = session.clock.now()
    later(town, minutes=31)
    assert calls(town) == 0
    assert checks(town) == ([] if before_the_clock else [CheckState.CALLED_OFF])
    later(town, hours=24)
    assert town.get(CarePlan, made.id).state is PlanState.ENDED
    assert town.all(Case) == []


def test_who_cannot_hear_is_a_case_at_once(town: Town) -> None:
    agreed(town, person={"hearing": Hearing.DEAF})
    later(town, minutes=31)
    (case,) = town.all(Case)
    assert (calls(town), case.needs_why) == (0, Need.ASK_RESIDENT)


def test_a_call_of_which_nobody_knows_becomes_a_case_and_her_key_still_counts(town: Town) -> None:
    agreed(town)
    town.exchange.behaviour.append("lost_rings")
    town.exchange.deaf = True
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dispatch.handover.log.error", lambda *_, **__: None)
        later(town, minutes=31)
        for _ in range(6):
            later(town, minutes=1)
    (case,) = town.all(Case)
    assert (case.needs_why, calls(town)) == (Need.CARE_NOT_REACHED, 1)
    town.exchange.deaf = False
    town.presses(HER_LINE, "1")
    assert checks(town) == [CheckState.WELL]
    assert "care_check.well" in town.journal("care_check")


def test_a_changed_plan_is_due_at_its_new_time_and_a_stale_change_is_refused(town: Town) -> None:
    made = agreed(town)
    with town.store.writing() as session:
        change = CarePlanChange(version=made.version, local_time=time(10, 0))
        care_plans.change(session, town.desk, made.resident_id, made.id or 0, change)
    with town.store.writing() as session, pytest.raises(StaleVersion):
        care_plans.change(session, town.desk, made.resident_id, made.id or 0, change)
    with town.store.writing() as session, pytest.raises(NotFound):
        care_plans.change(session, town.desk, made.resident_id + 1, made.id or 0, change)
    later(town, minutes=31)
    assert calls(town) == 0
    later(town, minutes=30)
    assert calls(town) == 1


def test_nothing_is_lost_when_the_service_dies_between_clock_and_call(town: Town) -> None:
    agreed(town)
    town.clock.move(timedelta(minutes=31))
    assert ticker.tick(town.store, "serve-1") == 1
    town.restart()
    town.send()
    town.restart()
    later(town, minutes=2)
    assert calls(town) == 1
