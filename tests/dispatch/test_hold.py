"""After a restore nothing leaves the house until a person says so, and emergencies that come after it do."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from callbridge.events import CallEnd, Outcome
from dispatch import auditor, dialling, handover, phone_orders, presence, restored
from dispatch.attention import Need
from dispatch.errors import Conflict
from dispatch.models import (
    Call,
    CallState,
    CareCheck,
    Case,
    CaseState,
    CheckState,
    ExchangePosition,
    Hold,
    Ladder,
    LadderState,
    Lease,
    MessageState,
    OfferState,
    Operator,
    OrderKind,
    OrderState,
    PhoneOrder,
    Presence,
    Timer,
    Turn,
)
from dispatch.models.timers import TimerState
from dispatch.release import Released, release
from dispatch.wire.telephone import Dial
from registry.models import Centre, LineKind
from registry.store import Actor
from tests.dispatch.event_log import cel, record
from tests.dispatch.register import HER_LINE
from tests.dispatch.test_care import agreed
from tests.dispatch.test_ladders import BUTTON, DAUGHTER, SON, SUPERVISOR, _rule
from tests.dispatch.test_surveys import later, served
from tests.dispatch.town import Town

SMS, OTHER_SMS = "+8613900000001", "+8613900000002"


def restore(town: Town, lost_log_of: str | None = None, **ago: float) -> None:
    """The database is from some time ago, and another service starts on it."""
    with town.store.writing() as session:
        restored.settle(session, town.clock.now() - timedelta(**ago), lost_log_of)
    town.restart()


def release_all(town: Town) -> Released:
    with town.store.writing() as session:
        released = release(session, town.centre_id, Actor.system())
    town.send()
    return released


def press(town: Town) -> str:
    return town.rings_in(BUTTON)


@pytest.fixture
def button(town: Town) -> None:
    town.resident(number=BUTTON, kind=LineKind.BUTTON, contacts=[DAUGHTER, SON])
    _rule(town)


def only_case(town: Town) -> Case:
    (found,) = town.all(Case)
    return found


def only_ladder(town: Town) -> Ladder:
    (found,) = town.all(Ladder)
    return found


def test_what_was_to_be_sent_waits_until_it_is_released(town: Town) -> None:
    town.merchant("康宁药房", sms=SMS)
    town.dispatch(town.open(town.resident()))
    restore(town, minutes=10)
    town.send()
    assert town.sms_to(SMS) == []
    assert release_all(town) == Released(messages=1, ladders=0)
    assert len(town.sms_to(SMS)) == 1


def test_what_is_put_into_the_outbox_during_the_hold_waits_as_well(town: Town) -> None:
    town.merchant("康宁药房", sms=SMS)
    number = town.open(town.resident())
    restore(town)
    town.dispatch(number)
    town.send()
    town.writes(SMS, "请问地址在哪里")
    assert town.sms_to(SMS) == []
    release_all(town)
    assert len(town.sms_to(SMS)) == 2


def test_what_had_been_handed_over_is_asked_about_and_not_sent_again(town: Town) -> None:
    town.merchant("康宁药房", sms=SMS)
    town.gateway.behaviour.append("unsure_taken")
    town.dispatch(town.open(town.resident()))
    town.send()
    restore(town)
    town.clock.move(timedelta(minutes=2))
    town.send()
    assert [message.state for message in town.messages(MessageState.SENT)] == [MessageState.SENT]
    assert (town.gateway.hand_overs, len(town.sms_to(SMS))) == (1, 1)


def test_an_offer_whose_time_runs_out_goes_to_the_operator_and_not_to_the_next_merchant(town: Town) -> None:
    town.merchant("康宁药房", sms=SMS)
    town.merchant("同仁药房", sms=OTHER_SMS)
    number = town.open(town.resident())
    town.dispatch(number)
    restore(town, hours=1)
    town.passes(hours=1)
    town.send()
    case = town.case(number)
    assert (case.state, case.turn, case.needs_why) == (CaseState.OPEN, Turn.OPERATOR, Need.OFFER_HELD)
    assert town.states(number) == [OfferState.WITHDRAWN], "who was not asked has not been silent"
    release_all(town)
    assert town.gateway.taken == []


def test_an_offer_that_had_been_sent_counts_as_not_answered_and_nobody_is_told_off(town: Town) -> None:
    town.merchant("康宁药房", sms=SMS)
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    restore(town, hours=1)
    town.passes(hours=1)
    assert town.states(number) == [OfferState.EXPIRED]
    assert town.case(number).needs_why == Need.OFFER_HELD
    release_all(town)
    assert len(town.sms_to(SMS)) == 1


def test_a_merchant_who_answers_during_the_hold_has_the_job_and_learns_the_door_on_release(town: Town) -> None:
    town.merchant("康宁药房", sms=SMS)
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    restore(town)
    town.writes(SMS, "1")
    assert town.case(number).state is CaseState.ACCEPTED
    assert len(town.sms_to(SMS)) == 1
    release_all(town)
    assert any("502" in text for text in town.sms_to(SMS))


def test_a_care_call_that_is_too_late_on_release_is_not_made(town: Town) -> None:
    agreed(town)
    town.passes(minutes=31)
    restore(town)
    town.passes(hours=4)
    town.send()
    assert auditor.audit(town.store) == {}
    assert [check.state for check in town.all(CareCheck)] == [CheckState.CALLING]
    release_all(town)
    assert [check.state for check in town.all(CareCheck)] == [CheckState.MISSED]
    assert town.exchange.dialled == []


def test_a_care_call_that_is_still_worth_it_is_made_on_release(town: Town) -> None:
    agreed(town)
    town.passes(minutes=31)
    restore(town)
    town.passes(hours=1)
    town.send()
    assert town.exchange.dialled == []
    release_all(town)
    assert [call.number for call in town.exchange.dialled] == [HER_LINE]


def test_a_survey_that_is_too_late_on_release_is_for_an_operator(town: Town) -> None:
    number = served(town)
    restore(town)
    town.passes(hours=2)
    town.send()
    town.passes(hours=90)
    release_all(town)
    assert town.exchange.dialled == []
    assert town.case(number).needs_why == Need.ASK_RESIDENT


def test_a_ladder_of_before_the_backup_stands_still_and_its_case_says_so(town: Town, button: None) -> None:
    press(town)
    town.passes(seconds=30)
    restore(town, minutes=5)
    town.send()
    town.passes(hours=1)
    town.send()
    assert town.exchange.dialled == []
    assert only_ladder(town).state is LadderState.HELD
    assert only_case(town).needs_why == Need.LADDER_HELD


def test_on_release_it_climbs_from_the_beginning_and_nobody_is_called_for_what_was_before(
    town: Town, button: None
) -> None:
    press(town)
    town.passes(seconds=30)
    restore(town, minutes=5)
    assert release_all(town) == Released(messages=0, ladders=1)
    assert (only_ladder(town).state, only_case(town).needs_why) == (LadderState.CLIMBING, Need.EMERGENCY)
    assert town.exchange.dialled == []
    town.passes(seconds=30)
    town.send()
    assert [call.number for call in town.exchange.dialled] == [SUPERVISOR]


def test_on_release_the_ladder_of_a_care_call_says_again_why_it_climbs(town: Town) -> None:
    agreed(town)
    later(town, minutes=31)
    for _ in range(3):
        town.ends(HER_LINE, Outcome.NO_ANSWER)
        later(town, minutes=11)
    restore(town)
    assert (only_ladder(town).state, only_case(town).needs_why) == (LadderState.HELD, Need.CARE_HELD)
    assert release_all(town) == Released(messages=0, ladders=1)
    assert (only_ladder(town).state, only_case(town).needs_why) == (LadderState.CLIMBING, Need.CARE_NOT_REACHED)


def test_an_emergency_that_comes_during_the_hold_climbs_at_once(town: Town, button: None) -> None:
    restore(town)
    press(town)
    town.passes(seconds=30)
    town.send()
    assert [call.number for call in town.exchange.dialled] == [SUPERVISOR]


def test_a_new_press_sets_the_ladder_that_stands_still_going(town: Town, button: None) -> None:
    press(town)
    restore(town)
    town.passes(minutes=5)
    press(town)
    assert (only_ladder(town).state, only_case(town).needs_why) == (LadderState.CLIMBING, Need.EMERGENCY)
    town.passes(seconds=30)
    town.send()
    assert [call.number for call in town.exchange.dialled] == [SUPERVISOR]


@pytest.mark.parametrize("answered", [True, False])
def test_an_emergency_from_between_backup_and_restore_climbs_unless_somebody_had_answered(
    town: Town, button: None, answered: bool
) -> None:
    at = town.clock.now()
    town.clock.move(timedelta(hours=2))
    restore(town, hours=3)
    facts = {"answered_at": at, "extension": "801", "operator_uniqueid": "main-9.2"} if answered else {}
    end, over = CallEnd.ANSWERED if answered else CallEnd.ABANDONED, at + timedelta(seconds=30)
    call = record("main-9.1", at, number=BUTTON, emergency=True, queued_at=at, end=end, ended_at=over, **facts)
    town.tell(cel(town.clock.now(), 9, call))
    town.passes(seconds=30)
    town.send()
    assert [call.number for call in town.exchange.dialled] == ([] if answered else [SUPERVISOR])
    state = LadderState.ACKNOWLEDGED if answered else LadderState.CLIMBING
    assert only_ladder(town).state is state


def test_an_operator_who_answers_the_call_has_the_emergency_that_stood_still(town: Town, button: None) -> None:
    call = press(town)
    restore(town)
    town.answers(call)
    ladder = only_ladder(town)
    assert (ladder.state, ladder.operator_id) == (LadderState.ACKNOWLEDGED, town.desk.operator_id)


def test_the_daughter_who_was_called_before_and_presses_now_is_heard(town: Town, button: None) -> None:
    press(town)
    for seconds in (30, 40, 50):
        town.passes(seconds=seconds)
        town.send()
    restore(town)
    town.presses(DAUGHTER, "1")
    assert only_ladder(town).state is LadderState.ACKNOWLEDGED
    assert only_case(town).needs_since is None


def test_who_was_on_the_way_at_the_backup_and_did_not_arrive_is_a_matter_for_the_operators(
    town: Town, button: None
) -> None:
    press(town)
    for seconds in (30, 40, 50):
        town.passes(seconds=seconds)
        town.send()
    town.presses(DAUGHTER, "1")
    town.passes(seconds=1)
    restore(town)
    dialled = len(town.exchange.dialled)
    town.passes(hours=1)
    town.send()
    assert len(town.exchange.dialled) == dialled
    assert (only_ladder(town).state, only_case(town).needs_why) == (LadderState.HELD, Need.LADDER_HELD)


def test_only_one_releases_and_the_other_is_told_who_was_first(town: Town) -> None:
    restore(town)
    with town.store.writing() as session:
        release(session, town.centre_id, town.desk.actor)
    with pytest.raises(Conflict) as second, town.store.writing() as session:
        release(session, town.centre_id, town.colleague.actor)
    assert (second.value.values["now"], second.value.values["by"]) == ("released", "陈雨")
    (hold,) = town.all(Hold)
    assert hold.released_by_id == town.desk.operator_id


def test_a_backup_that_was_made_on_hold_is_held_once(town: Town) -> None:
    restore(town, hours=2)
    (before,) = town.all(Hold)
    town.clock.move(timedelta(hours=5))
    restore(town, hours=1)
    (hold,) = town.all(Hold)
    assert (hold.backup_at, hold.since) == (before.backup_at, town.clock.now())


def test_orders_to_telephones_of_before_are_void_and_an_operators_new_one_is_done(town: Town) -> None:
    with town.store.writing() as session:
        session.add(ExchangePosition(exchange="main"))
        operator = session.get(Operator, town.desk.operator_id)
        assert operator is not None
        operator.phone_reachable = True
        presence.become(session, operator, Presence.READY, Actor.system())
        dialling.dial(session, town.desk, town.plan, "main", Dial(number="02367001009"))
    restore(town)
    assert phone_orders.claim(town.store, "main") is None
    assert {order.state for order in town.all(PhoneOrder)} == {OrderState.FAILED}
    assert [call.state for call in town.all(Call)] == [CallState.ENDED]
    with town.store.writing() as session:
        dialling.dial(session, town.desk, town.plan, "main", Dial(number="02367001009"))
    claimed = phone_orders.claim(town.store, "main")
    assert claimed is not None
    assert claimed.kind is OrderKind.DIAL


def test_each_centre_begins_another_history_with_numbers_far_from_those_it_has_forgotten(town: Town) -> None:
    before, first = town.get(Centre, town.centre_id).epoch, town.open(town.resident())
    restore(town)
    assert town.get(Centre, town.centre_id).epoch != before
    assert (first[-4:], town.open(None)[-4:]) == ("0001", "1002")
    assert town.journal("centre") == ["centre.restored"]


def test_who_had_claimed_something_is_forgotten(town: Town) -> None:
    town.merchant("康宁药房", sms=SMS)
    town.dispatch(town.open(town.resident()))
    assert len(handover.claim(town.store, "serve-0", 5)) == 1
    with town.store.writing() as session:
        timer = session.exec(select(Timer).where(Timer.state == TimerState.ARMED)).first()
        assert timer is not None
        timer.claimed_by, timer.claimed_until = "serve-0", town.clock.now() + timedelta(minutes=1)
        session.add(Lease(name="exchange:main", holder="serve-0", until=town.clock.now() + timedelta(seconds=15)))
    restore(town)
    assert town.all(Lease) == []
    assert [message.claimed_by for message in town.messages(MessageState.WANTED)] == [None]
    with town.store.reading() as session:
        assert session.exec(select(Timer).where(col(Timer.claimed_by).is_not(None))).all() == []


def test_calls_whose_end_nobody_will_tell_are_over_and_the_unanswered_are_to_be_called_back(town: Town) -> None:
    town.resident()
    talking = town.rings_in("02367001009")
    town.answers(talking)
    waiting = town.rings_in()
    town.passes(minutes=2)
    restore(town, lost_log_of="main", minutes=1)
    assert (town.call(talking).end, town.call(waiting).end) == (CallEnd.ANSWERED, CallEnd.CUT_OFF)
    assert [case.needs_why for case in town.all(Case)] == [Need.CUT_OFF]


def test_calls_come_in_during_the_hold_and_the_auditor_finds_only_whom_nobody_calls_back(town: Town) -> None:
    town.merchant("康宁药房", sms=SMS)
    town.dispatch(town.open(town.resident()))
    restore(town)
    town.answers(call := town.rings_in())
    town.hangs_up(call, CallEnd.ANSWERED)
    town.hangs_up(town.rings_in())
    town.passes(minutes=30)
    assert auditor.audit(town.store) == {auditor.Finding.CASE_UNATTENDED: 1}
    assert town.call(call).end is CallEnd.ANSWERED
