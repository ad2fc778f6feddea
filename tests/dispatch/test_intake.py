"""Calls as they are heard: who it is, what is opened at once, what is kept whatever the network says."""

from datetime import timedelta

import pytest

from callbridge.events import (
    BridgeEvent,
    CallAnswered,
    CallEnd,
    CallEnded,
    CallOut,
    CallQueued,
    CallRangOut,
    CallRinging,
    LinkDown,
    LinkUp,
    Outcome,
    Party,
    PhoneReached,
)
from dispatch.arrivals import Recognition
from dispatch.attention import Need
from dispatch.models import (
    Call,
    CallMatch,
    CallState,
    Case,
    CaseState,
    ExchangePosition,
    Leg,
    LegRole,
    Operator,
    Speaker,
    Turn,
)
from dispatch.views.calls import call_card
from registry.models import LineKind
from registry.models.centre import Priority
from tests.dispatch.register import HER_LINE
from tests.dispatch.town import Town, arrived
from tests.errorlog import ErrorLog


def test_a_caller_is_recognised_and_the_exchange_is_told_her_name(town: Town) -> None:
    resident = town.resident()
    told = town.tell(arrived("u1", "02367001001", town.clock.now()))
    assert told == [Recognition("u1", None, "王秀英奶奶")]
    call = town.call("u1")
    assert (call.number, call.resident_id, call.speaker) == (HER_LINE, resident, Speaker.RESIDENT)
    assert call.number_heard == "02367001001"


def test_someone_who_needs_much_care_waits_less(town: Town) -> None:
    town.resident(care_level=3)
    (told,) = town.tell(arrived("u1", HER_LINE, town.clock.now()))
    assert told.priority == 10
    assert town.call("u1").priority is Priority.URGENT


def test_the_same_events_twice_change_nothing(town: Town) -> None:
    town.resident()
    for _ in range(2):
        town.rings_in(uniqueid="u1")
        town.answers("u1")
    for _ in range(2):
        town.hangs_up("u1", CallEnd.ANSWERED)
    assert len(town.all(Call)) == 1
    assert sorted(leg.role for leg in town.all(Leg)) == [LegRole.CALLER, LegRole.OPERATOR]
    assert town.journal("call") == [
        "call.arrived",
        "call.recognised",
        "call.queued",
        "call.ringing",
        "call.talking",
        "call.ended",
    ]


def test_ringing_telephones_are_listed_while_they_ring(town: Town) -> None:
    call = town.rings_in()
    now = town.clock.now()
    for extension in ("802", "801"):
        town.tell(CallRinging(exchange="main", at=now, uniqueid=call, extension=extension))
    assert town.call(call).ringing == "801,802"
    town.tell(CallRangOut(exchange="main", at=now, uniqueid=call, extension="802"))
    assert town.call(call).ringing == "801"
    town.answers(call)
    assert town.call(call).ringing == ""


def test_two_residents_on_one_line_are_both_offered_and_none_is_chosen(town: Town) -> None:
    both = {town.resident("周桂芳"), town.resident("李建国")}
    town.rings_in(uniqueid="u1")
    assert town.call("u1").resident_id is None
    assert {match.resident_id for match in town.all(CallMatch)} == both


def test_a_daughter_who_calls_is_a_contact_and_her_mother_is_whom_it_is_about(town: Town) -> None:
    resident = town.resident(contacts=["+8617700232004"])
    (told,) = town.tell(arrived("u1", "17700232004", town.clock.now()))
    call = town.call("u1")
    assert (call.speaker, call.speaker_name, call.resident_id) == (Speaker.CONTACT, "王珂", resident)
    assert told.name == "王秀英奶奶 女儿"


def test_the_card_of_a_merchant_who_calls_has_its_open_jobs(town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    town.merchant("同心药房", sms="+8613900000002")
    numbers = [town.open(town.resident()), town.open(town.resident("李建国", number="+862367001002"))]
    for number in numbers:
        town.dispatch(number, merchant_id=1)
    town.send()
    town.writes("+8613900000001", f"{town.newest_offer(numbers[0]).code} 1")
    call = town.call(town.rings_in("13900000001"))
    with town.store.reading() as session:
        card = call_card(session, call, None, town.clock.now())
    assert card.merchant is not None
    assert [(offer.case_number, offer.state) for offer in card.merchant_offers] == [
        (numbers[0], "accepted"),
        (numbers[1], "sent"),
    ]


def test_a_merchant_who_calls_is_known_as_one(town: Town) -> None:
    merchant = town.merchant("康宁药房", sms="+8613900000001")
    (told,) = town.tell(arrived("u1", "13900000001", town.clock.now()))
    call = town.call("u1")
    assert (call.speaker, call.speaker_merchant_id, call.resident_id) == (Speaker.MERCHANT, merchant, None)
    assert told.name == "康宁药房"


@pytest.mark.parametrize("number", ["", "anonymous", "sip:x@y", "12345678901234567890123456789"])
def test_a_number_that_nobody_knows_is_a_call_all_the_same(town: Town, number: str) -> None:
    assert town.tell(arrived("u1", number, town.clock.now())) == []
    call = town.call("u1")
    assert (call.state, call.resident_id, call.speaker) == (CallState.RINGING, None, Speaker.UNKNOWN)


@pytest.mark.parametrize(
    "evil", ["[/b]老人", "a\r\nEvent: X", "x\x00y", "\ud800lone", "9" * 300, "名" * 5000, "\u202egnp"]
)
def test_whatever_the_network_says_is_kept_harmless(town: Town, evil: str) -> None:
    town.tell(arrived("u1", evil, town.clock.now(), name=evil))
    call = town.call("u1")
    assert len(call.name_heard) <= 400
    assert not set("\r\n\x00\ud800\u202e") & set(call.name_heard + call.number_heard)
    assert len(town.all(Call)) == 1


def test_a_call_of_an_area_without_a_case_can_be_answered_by_an_operator_nobody_knows(town: Town) -> None:
    call = town.rings_in()
    town.answers(call, extension="899")
    assert (town.call(call).state, town.call(call).operator_id) == (CallState.TALKING, None)


def test_a_button_opens_an_emergency_case_before_anybody_answers(town: Town) -> None:
    resident = town.resident(number="+8619800235004", kind=LineKind.BUTTON)
    (told,) = town.tell(arrived("u1", "19800235004", town.clock.now()))
    assert told.priority == 100
    (case,) = town.all(Case)
    assert (case.priority, case.resident_id, case.needs_why) == (Priority.EMERGENCY, resident, Need.EMERGENCY)
    assert (case.turn, case.owner_id) == (Turn.OPERATOR, None)

    town.answers("u1")
    (case,) = town.all(Case)
    assert (case.owner_id, case.turn_operator_id, case.needs_since) == (
        town.desk.operator_id,
        town.desk.operator_id,
        None,
    )


def test_an_emergency_nobody_answers_stays_with_the_operators(town: Town) -> None:
    call = town.rings_in("13700000009", emergency=True)
    town.hangs_up(call)
    (case,) = town.all(Case)
    assert (case.state, case.needs_why) == (CaseState.OPEN, Need.EMERGENCY)


def test_a_button_pressed_again_joins_the_open_emergency(town: Town) -> None:
    for _ in range(3):
        call = town.rings_in("13700000009", emergency=True)
        town.hangs_up(call)
        town.clock.move(timedelta(seconds=20))
    (case,) = town.all(Case)
    assert case.reminders == 2
    assert case.needs_since == town.clock.now() - timedelta(seconds=20)


def test_emergencies_of_hidden_numbers_are_not_thrown_together(town: Town) -> None:
    town.rings_in("anonymous", emergency=True)
    town.rings_in("anonymous", emergency=True)
    assert len(town.all(Case)) == 2


def test_a_transferred_call_stays_with_who_answered_it(town: Town) -> None:
    call = town.rings_in()
    town.answers(call)
    town.tell(
        CallAnswered(
            exchange="main",
            at=town.clock.now(),
            uniqueid=call,
            extension="802",
            operator_uniqueid="second",
            waited=timedelta(),
        )
    )
    assert town.call(call).operator_id == town.desk.operator_id
    assert len([leg for leg in town.all(Leg) if leg.role is LegRole.OPERATOR]) == 2


def test_events_of_a_call_that_is_not_known_yet_wait_for_cel(town: Town) -> None:
    town.answers("nobody-1")
    town.hangs_up("nobody-1")
    assert town.all(Call) == []


def test_the_link_and_the_telephones_are_written_down(town: Town) -> None:
    now = town.clock.now()
    town.tell(LinkDown(exchange="main", at=now, reason="the exchange closed the connection"))
    position = town.get(ExchangePosition, "main")
    assert (position.link_up, position.link_reason) == (False, "the exchange closed the connection")
    town.tell(LinkUp(exchange="main", at=now, away_since=now, exchange_restarted=False))
    assert town.get(ExchangePosition, "main").link_up
    for _ in range(2):
        town.tell(PhoneReached(exchange="main", at=now, extension="801", reachable=True))
    assert town.get(Operator, town.desk.operator_id).phone_reachable
    assert town.journal("exchange", "operator") == [
        "exchange.link_down",
        "exchange.link_up",
        "operator.phone_reached",
    ]


def test_the_end_of_a_call_that_we_never_made_is_only_noted(town: Town, error_log: ErrorLog) -> None:
    now = town.clock.now()
    town.tell(CallOut(exchange="main", at=now, attempt="x", outcome=Outcome.KEY, key="1", answered_at=now, cause=16))
    assert town.journal() == []


def test_events_that_come_together_do_what_they_do_one_after_the_other(town: Town) -> None:
    town.resident(care_level=3)
    now, first, second = town.clock.now(), "main-7.1", "main-8.1"
    told = town.intake.take(
        [
            arrived(first, "02367001001", now),
            arrived(second, "13500000001", now),
            CallQueued(exchange="main", at=now, uniqueid=first, queue="hotline", position=1),
            CallRinging(exchange="main", at=now, uniqueid=first, extension="801"),
            CallEnded(
                exchange="main",
                at=now,
                uniqueid=second,
                end=CallEnd.ABANDONED,
                hung_up_by=Party.CALLER,
                cause=16,
            ),
        ]
    )
    assert [(each.uniqueid, each.priority) for each in told] == [(first, 10)]
    assert (town.call(first).state, town.call(first).ringing) == (CallState.QUEUED, "801")
    assert town.call(second).state is CallState.ENDED
    assert [case.call_back for case in town.all(Case)] == ["number:+8613500000001"]


def test_of_events_that_come_together_all_are_written_down_or_none(town: Town) -> None:
    class Unheard(BridgeEvent):
        """Nobody takes it."""

    now = town.clock.now()
    with pytest.raises(KeyError):
        town.intake.take([arrived("main-7.1", "02367001001", now), Unheard(exchange="main", at=now)])
    assert town.all(Call) == []
