"""The order in which those who can come are asked, and that each says why it stands where it stands."""

from datetime import UTC, date, datetime

import pytest

from registry.asking_order import AskingOrder, in_order
from registry.hours import Span
from registry.matching import CandidateFacts, ContractFacts, Match, Need, Weights, match
from registry.models import Channel, MerchantKind, Way

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def shop(merchant_id: int, north: float) -> CandidateFacts:
    return CandidateFacts(
        merchant_id=merchant_id,
        kind=MerchantKind.PHARMACY,
        name=f"第{merchant_id}药房",
        address="",
        area_id=None,
        latitude=29.53 + north,
        longitude=106.50,
        licence_expires=None,
        capacity=None,
        suspended=False,
        suspended_why="",
        suspended_until=None,
        first_channel=Channel.SMS,
        load=0,
        numbers={Channel.SMS: f"+861390000000{merchant_id}"},
        spans=tuple(Span(day * 86400, 86400) for day in range(7)),
        contracts=(ContractFacts(date(2026, 1, 1), date(2026, 12, 31), 9000, frozenset({"medicine"}), frozenset()),),
    )


@pytest.fixture
def found() -> Match:
    """Five shops, the nearest first; the fourth is where she usually has it from, but too far to be the best."""
    need = Need(
        service_code="medicine",
        merchant_kinds=(MerchantKind.PHARMACY,),
        at=NOON,
        time_zone="Asia/Shanghai",
        latitude=29.53,
        longitude=106.50,
        usual=frozenset({4}),
    )
    shops = [shop(number, 0.001 if number == 1 else number * 0.01) for number in range(1, 6)]
    return match(need, shops, Weights(), "TL-20260302-0001")


def ids(found: Match) -> list[int]:
    return [one.merchant_id for one in found.candidates]


def keys(found: Match) -> list[str]:
    return [one.reasons[-1].key for one in found.candidates]


@pytest.mark.parametrize("way", [Way.BEST_FIRST, Way.RACE])
def test_best_first_and_race_leave_the_ranking_as_it_is(found: Match, way: Way) -> None:
    assert ids(in_order(found, AskingOrder(way=way))) == ids(found) == [1, 2, 3, 4, 5]


def test_the_usual_one_is_asked_first_and_then_the_best(found: Match) -> None:
    assert ids(in_order(found, AskingOrder(way=Way.USUAL_FIRST))) == [4, 1, 2, 3, 5]


def test_a_draw_is_the_same_for_the_same_case_and_another_for_another(found: Match) -> None:
    order = AskingOrder(way=Way.RANDOM)
    drawn = in_order(found, order)
    assert ids(drawn) == ids(in_order(found, order))
    assert set(keys(drawn)) == {"drawn"}
    others = {tuple(ids(in_order(match_again(found, f"TL-20260302-{n:04}"), order))) for n in range(40)}
    assert {order[0] for order in others} == {1, 2, 3, 4, 5}


def match_again(found: Match, seed: str) -> Match:
    return match(found.need, [one.merchant for one in found.candidates], found.weights, seed)


def test_whoever_was_not_asked_for_the_longest_time_has_its_turn(found: Match) -> None:
    order = AskingOrder(way=Way.ROUND_ROBIN, last_asked={1: 90, 2: 30, 3: 60, 5: 10})
    turns = in_order(found, order)
    assert ids(turns) == [4, 5, 2, 3, 1]
    assert keys(turns) == ["never_asked", "its_turn", "its_turn", "its_turn", "its_turn"]
    assert order.basis() == {"way": "round_robin", "within": 0, "last_asked": {"1": 90, "2": 30, "3": 60, "5": 10}}


def test_those_farther_away_come_after_everybody_who_is_near(found: Match) -> None:
    near_first = in_order(found, AskingOrder(way=Way.USUAL_FIRST, within=2500))
    assert ids(near_first) == [1, 2, 4, 3, 5]
    assert keys(near_first)[2:] == ["beyond", "beyond", "beyond"]
