"""How cases are offered: by the rule of the service, or as an operator has chosen for one case."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from callbridge.events import Outcome
from dispatch import cases, offers
from dispatch.attention import Need
from dispatch.errors import Conflict, DispatchError
from dispatch.models import Case, CaseState, DecisionSheet, Inbound, Offer, OfferState, Turn
from dispatch.policy import offer_policy, service_policy
from dispatch.wire.cases import CaseChange
from dispatch.wire.offers import OfferAnswer, OfferEnd
from registry.centres import current_services
from registry.errors import Refused
from registry.models import Channel
from registry.store import Store
from tests.dispatch.register import FAR, NEAR
from tests.dispatch.town import Town

SHOPS = {f"第{number}药房": f"+861390000000{number}" for number in range(1, 6)}
POLICY = {"way": "best_first", "at_once": 3, "emergency_minutes": 2, "urgent_minutes": 3, "routine_minutes": 5}


@pytest.fixture
def five(town: Town) -> Town:
    for place, (name, number) in enumerate(SHOPS.items()):
        position = (NEAR[0] + place * 0.001, NEAR[1])
        town.merchant(name, sms=number, voice=number[:-1] + "9" if place == 4 else None, position=position)
    return town


def test_every_service_of_a_new_centre_can_be_offered_also_one_that_nobody_goes_for(town: Town) -> None:
    with town.store.reading() as session:
        services = current_services(session, town.centre_id)
        assert {0} < {service.accept_minutes for service in services}
        for service in services:
            assert service_policy(session, service).routine_minutes >= 1


def offered(town: Town, way: str | None, **policy: Any) -> str:
    """A case of a service that is offered in that way."""
    if way is not None:
        town.rule("policies", medicine=POLICY | {"way": way} | policy)
    return town.open(town.resident())


def choose(town: Town, number: str, way: str | None) -> None:
    with town.store.writing() as session:
        change = CaseChange.model_validate({"version": town.case(number).version, "way": way})
        cases.change_case(session, town.desk, number, change)


def asked(town: Town, number: str) -> list[int]:
    return [offer.merchant_id for offer in town.offers(number)]


def test_in_a_race_the_best_are_asked_at_once_and_the_first_acceptance_wins(five: Town) -> None:
    number = offered(five, "race")
    five.dispatch(number)
    five.send()
    assert asked(five, number) == [1, 2, 3]
    assert five.states(number) == [OfferState.SENT] * 3
    five.passes(minutes=2)
    five.writes(SHOPS["第2药房"], "1")
    assert five.states(number) == [OfferState.WITHDRAWN, OfferState.ACCEPTED, OfferState.WITHDRAWN]
    assert (five.case(number).state, five.case(number).turn) == (CaseState.ACCEPTED, Turn.MERCHANT)
    for loser in ("第1药房", "第3药房"):
        assert "09:02已由另一家接单" in five.sms_to(SHOPS[loser])[-1]
        assert "第2药房" not in five.sms_to(SHOPS[loser])[-1]


def test_in_a_race_a_place_that_becomes_free_is_taken_at_once(five: Town) -> None:
    number = offered(five, "race", at_once=2)
    five.dispatch(number)
    five.send()
    five.writes(SHOPS["第1药房"], "2")
    assert asked(five, number) == [1, 2, 3]
    five.passes(minutes=6)
    assert asked(five, number) == [1, 2, 3, 4, 5]
    assert five.states(number)[3:] == [OfferState.PENDING] * 2
    five.passes(minutes=6)
    case = five.case(number)
    assert (case.state, case.turn, case.needs_why) == (CaseState.OPEN, Turn.OPERATOR, Need.NOBODY_LEFT)


def test_who_answers_the_telephone_too_late_hears_when_the_job_went(five: Town) -> None:
    caller = SHOPS["第5药房"][:-1] + "9"
    number = offered(five, "race", at_once=5)
    five.dispatch(number, channel=None)
    offer = five.newest_offer(number)
    with five.store.writing() as session:
        case, held = session.lock(Case, offer.case_id), session.lock(Offer, offer.id or 0)
        assert case is not None
        assert held is not None
        assert offers.ask_by(session, case, held, Channel.VOICE)
    five.send()
    five.answer(number, 1, "accept")
    five.ends(caller, Outcome.KEY, "1")
    five.send()
    assert "已由另一家接单" in five.sms_to(SHOPS["第5药房"])[-1]


def test_a_draw_stands_on_its_sheet_with_its_seed(five: Town) -> None:
    number = offered(five, "random")
    first = five.dispatch(number)
    sheet = five.get(DecisionSheet, first.sheet_id).body
    assert (sheet["way"], sheet["seed"]) == ("random", number)
    order = [one["merchant"]["id"] for one in sheet["candidates"]]
    assert first.merchant_id == order[0]
    for _ in range(4):
        five.answer_by_word_of_mouth(number, "decline")
    assert asked(five, number) == order


def test_everybody_has_a_turn_before_anybody_has_a_second_one(five: Town) -> None:
    five.rule("policies", medicine=POLICY | {"way": "round_robin"})
    resident = five.resident()
    turns = []
    for _ in range(7):
        number = five.open(resident)
        turns.append(five.dispatch(number).merchant_id)
        five.passes(seconds=1)
    assert turns == [1, 2, 3, 4, 5, 1, 2]


def test_where_she_usually_has_it_from_is_asked_first(five: Town) -> None:
    five.rule("policies", medicine=POLICY | {"way": "usual_first"})
    usual = five.merchant("老药房", sms="+8613900000008", position=FAR)
    resident = five.resident(usual_merchants={"pharmacy": usual})
    assert five.dispatch(five.open(resident)).merchant_id == usual


def test_how_long_they_have_depends_on_how_urgent_it_is(five: Town) -> None:
    resident = five.resident()
    for priority, minutes in (("routine", 5), ("urgent", 3), ("emergency", 2)):
        number = five.open(resident, priority=priority)
        offer = five.dispatch(number)
        assert offer.expires_at - offer.offered_at == timedelta(minutes=minutes)


def test_an_operator_chooses_another_way_for_one_case(five: Town) -> None:
    number, other = offered(five, None), five.open(1)
    choose(five, number, "race")
    five.dispatch(number)
    five.dispatch(other)
    assert (asked(five, number), asked(five, other)) == ([1, 2, 3], [1])
    choose(five, other, "race")  # while one is being asked: two more at once
    assert asked(five, other) == [1, 2, 3]
    choose(five, other, None)
    five.answer(other, 1, "decline")
    assert asked(five, other) == [1, 2, 3]


def test_the_near_ones_are_asked_before_it_is_widened_as_far_as_the_contract_goes(five: Town) -> None:
    number = offered(five, "race", at_once=3, within_metres=150)
    five.dispatch(number)
    assert asked(five, number) == [1, 2]
    five.answer(number, 1, "decline")
    assert asked(five, number) == [1, 2]
    five.answer(number, 2, "decline")
    assert asked(five, number) == [1, 2, 3, 4, 5]
    assert five.journal("case")[-2:] == ["case.offering", "case.widened"]


def test_a_policy_that_cannot_be_is_refused_at_its_value(five: Town) -> None:
    with pytest.raises(Refused) as refused:
        five.rule("policies", medicine=POLICY | {"at_once": 0, "way": "loudest"})
    assert {problem.field for problem in refused.value.problems} == {"medicine.way", "medicine.at_once"}


@pytest.mark.parametrize("turn", range(4))
def test_acceptance_and_withdrawal_in_the_same_second_one_wins_and_both_hear_the_truth(five: Town, turn: int) -> None:
    number = offered(five, "race")
    first = five.dispatch(number)
    five.send()
    barrier, told = Barrier(2), dict[str, str]()

    def accept() -> None:
        barrier.wait()
        told["shop"] = str(five.get(Inbound, five.hears(SHOPS["第1药房"], "1")).reading)

    def withdraw() -> None:
        barrier.wait()
        try:
            with five.store.writing() as session:
                order = OfferEnd(expects="sent", how="withdraw")
                offers.end_offer(session, five.desk, number, first.id or 0, order)
            told["operator"] = "withdrawn"
        except DispatchError as refused:
            told["operator"] = f"{refused.values['now']} by {refused.values['by']}"

    threads = [Thread(target=accept), Thread(target=withdraw)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    five.send()
    last = five.sms_to(SHOPS["第1药房"])[-1]
    if five.states(number)[0] is OfferState.ACCEPTED:
        assert told == {"shop": "accept", "operator": "accepted by 第1药房"}
        assert "已由您接单" in last
        assert five.states(number)[1:] == [OfferState.WITHDRAWN] * 2
    else:
        assert told == {"shop": "too_late", "operator": "withdrawn"}
        assert "不需要您去了" in last
        assert five.states(number) == [OfferState.WITHDRAWN, OfferState.SENT, OfferState.SENT]


def test_two_shops_that_accept_in_the_same_second_are_told_apart(five: Town) -> None:
    number = offered(five, "race")
    five.dispatch(number)
    five.send()
    barrier, refused = Barrier(3), []

    def accept(offer_id: int) -> None:
        barrier.wait()
        try:
            with five.store.writing() as session:
                told = OfferAnswer(expects="sent", answer="accept")
                offers.answer_offer(session, five.desk, number, offer_id, told)
        except Conflict as conflict:
            refused.append(conflict.values["by"])

    threads = [Thread(target=accept, args=(offer.id,)) for offer in five.offers(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = five.states(number)
    assert sorted(states) == sorted([OfferState.ACCEPTED, OfferState.WITHDRAWN, OfferState.WITHDRAWN])
    assert refused == [list(SHOPS)[states.index(OfferState.ACCEPTED)]] * 2


def test_a_rule_that_another_service_changes_counts_from_the_next_decision(five: Town) -> None:
    another = Store(five.store.url, clock=five.clock)
    with five.store.reading() as session:
        assert offer_policy(session, five.centre_id).sms_tries != 7
        replace(five, store=another).rule("offer_policy", sms_tries=7)
        assert offer_policy(session, five.centre_id).sms_tries != 7  # one decision, one rule
    with five.store.reading() as session:
        assert offer_policy(session, five.centre_id).sms_tries == 7
    another.close()
