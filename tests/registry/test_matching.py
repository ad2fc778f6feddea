"""The rule itself, from values to a ranked list with reasons; nothing here touches a database."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from registry.absences import Absence
from registry.days_off import DaysOff
from registry.hours import Span
from registry.matching import LISTED, CandidateFacts, ContractFacts, Match, Need, Reason, Weights, match
from registry.models import Channel, MerchantKind

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 on a Monday in Shanghai
HOME = (29.534627, 106.503673)
DAY = tuple(Span.of(weekday, time(8), time(20)) for weekday in range(7))
NIGHT = tuple(Span.of(weekday, time(20), time(8)) for weekday in range(7))
ALWAYS = tuple(Span.of(weekday, time(0), time(0)) for weekday in range(7))
AGREED = ContractFacts(date(2026, 1, 1), date(2026, 12, 31), 3000, frozenset({"medicine"}), frozenset())
NEED = Need(
    service_code="medicine",
    merchant_kinds=(MerchantKind.PHARMACY,),
    at=MORNING,
    time_zone="Asia/Shanghai",
    latitude=HOME[0],
    longitude=HOME[1],
    areas=(1, 4),
)


def pharmacy(merchant_id: int, metres: float = 100, **facts: Any) -> CandidateFacts:
    """One that can come, so many metres north of home, unless `facts` say otherwise."""
    usual: dict[str, Any] = {
        "kind": MerchantKind.PHARMACY,
        "name": f"药房{merchant_id}",
        "address": "",
        "area_id": None,
        "latitude": HOME[0] + metres / 111_195,
        "longitude": HOME[1],
        "licence_expires": None,
        "capacity": None,
        "suspended": False,
        "suspended_why": "",
        "suspended_until": None,
        "first_channel": Channel.SMS,
        "load": 0,
        "numbers": {Channel.SMS: "+8619300234001", Channel.VOICE: "+862367008001"},
        "spans": DAY,
        "contracts": (AGREED,),
    }
    return CandidateFacts(merchant_id=merchant_id, **(usual | facts))


def matched(*merchants: CandidateFacts, need: Need = NEED, weights: Weights | None = None, seed: str = "7") -> Match:
    return match(need, merchants, weights or Weights(), seed)


def ranked(*merchants: CandidateFacts, **how: Any) -> list[int]:
    return [one.merchant_id for one in matched(*merchants, **how).candidates]


def why_not(merchant: CandidateFacts, need: Need = NEED) -> dict[str, dict[str, Any]]:
    result = matched(merchant, need=need)
    assert result.candidates == ()
    return {reason.key: reason.values for reason in result.excluded[0].reasons}


def test_the_contract_that_applies_says_what_it_costs_and_asks_for_and_nothing_is_decided_by_it() -> None:
    elsewhere = AGREED._replace(radius=100, fee="免费")
    paid = AGREED._replace(fee="每次5元", conditions="处方药凭处方")
    result = matched(pharmacy(1, 900, contracts=(elsewhere, paid)), pharmacy(2, 900))
    told = {one.merchant_id: [(each.key, each.values) for each in one.reasons] for one in result.candidates}
    assert told[1][-2:] == [("fee", {"fee": "每次5元"}), ("conditions", {"conditions": "处方药凭处方"})]
    assert "fee" not in dict(told[2])
    assert len({one.score for one in result.candidates}) == 1


def test_a_contract_that_ends_half_a_metre_before_the_door_is_not_the_one_that_applies() -> None:
    near, far = AGREED._replace(radius=500, fee="免费"), AGREED._replace(radius=1000, fee="每次5元")
    (one,) = matched(pharmacy(1, 500.4, contracts=(near, far))).candidates
    assert (one.distance, one.reasons[-1]) == (500, Reason("fee", {"fee": "每次5元"}))


def test_the_nearest_comes_first_and_says_how_far_it_is() -> None:
    result = matched(pharmacy(1, 900), pharmacy(2, 300), pharmacy(3, 600))
    assert [(one.merchant_id, one.distance) for one in result.candidates] == [(2, 300), (3, 600), (1, 900)]
    assert [(one.key, one.values) for one in result.candidates[0].reasons] == [
        ("distance", {"metres": 300}),
        ("open_until", {"at": "2026-03-02T20:00:00+08:00"}),
    ]


def test_the_reasons_of_a_candidate_add_up_to_its_score() -> None:
    need = replace(NEED, usual=frozenset({1}))
    for one in matched(pharmacy(1, 940, load=2), pharmacy(2, 5), need=need).candidates:
        assert one.score == pytest.approx(Weights().start + sum(reason.points for reason in one.reasons))
        assert one.usual == (one.merchant_id == 1)


def test_the_usual_merchant_may_be_a_kilometre_farther_and_a_busy_one_loses_its_lead() -> None:
    usual = replace(NEED, usual=frozenset({1}))
    assert ranked(pharmacy(1, 1290), pharmacy(2, 300), need=usual) == [1, 2]
    assert ranked(pharmacy(1, 1310), pharmacy(2, 300), need=usual) == [2, 1]
    assert ranked(pharmacy(1, 300, load=2), pharmacy(2, 600)) == [2, 1]


def test_other_weights_rank_otherwise() -> None:
    usual = replace(NEED, usual=frozenset({1}))
    assert ranked(pharmacy(1, 1290), pharmacy(2, 300), need=usual, weights=Weights(usual=0)) == [2, 1]


def test_equals_are_drawn_by_the_seed_and_not_by_their_order() -> None:
    equals = [pharmacy(number) for number in range(20)]
    drawn = ranked(*equals, seed="41")
    assert ranked(*reversed(equals), seed="41") == drawn
    assert ranked(*equals, seed="42") != drawn
    first = [ranked(*equals, seed=str(seed))[0] for seed in range(400)]
    assert all(5 <= first.count(number) <= 45 for number in range(20))  # nobody is favoured


def test_it_is_asked_as_it_wants_to_be_or_by_what_it_has() -> None:
    voice_only = {Channel.VOICE: "+862367008001"}
    channels = {
        one.merchant_id: one.channel
        for one in matched(
            pharmacy(1), pharmacy(2, first_channel=Channel.VOICE), pharmacy(3, numbers=voice_only)
        ).candidates
    }
    assert channels == {1: Channel.SMS, 2: Channel.VOICE, 3: Channel.VOICE}


@pytest.mark.parametrize(
    ("facts", "key", "values"),
    [
        ({"suspended": True, "suspended_why": "整改中"}, "suspended", {"why": "整改中", "until": None}),
        ({"licence_expires": date(2026, 3, 1)}, "licence_expired", {"on": "2026-03-01"}),
        ({"contracts": ()}, "no_contract", {}),
        (
            {"contracts": (AGREED._replace(valid_until=date(2026, 3, 1)),)},
            "contract_ended",
            {"on": "2026-03-01"},
        ),
        (
            {"contracts": (AGREED._replace(valid_from=date(2026, 3, 3)),)},
            "contract_not_begun",
            {"on": "2026-03-03"},
        ),
        (
            {"contracts": (AGREED._replace(services=frozenset({"clinic"})),)},
            "contract_does_not_cover_service",
            {"service": "medicine"},
        ),
        (
            {"contracts": (AGREED._replace(radius=None, areas=frozenset({9})),)},
            "contract_does_not_cover_area",
            {},
        ),
        ({"numbers": {}}, "no_number", {}),
        ({"staff": (Absence(),)}, "staff_away", {"back": None}),
        (
            {"staff": (Absence(last=date(2026, 3, 4)), Absence(date(2026, 3, 2), date(2026, 3, 2)), Absence())},
            "staff_away",
            {"back": "2026-03-03"},
        ),
        ({"staff": (Absence(last=date.max),)}, "staff_away", {"back": None}),
        ({"spans": NIGHT}, "closed", {"opens_at": "2026-03-02T20:00:00+08:00"}),
        ({"spans": ()}, "closed", {"opens_at": None}),
        ({"capacity": 3, "load": 3}, "at_capacity", {"jobs": 3, "capacity": 3}),
        ({"capacity": 0}, "at_capacity", {"jobs": 0, "capacity": 0}),
        ({"latitude": None, "longitude": None}, "position_unknown", {"radius": 3000}),
    ],
)
def test_who_cannot_come_is_told_why(facts: dict[str, Any], key: str, values: dict[str, Any]) -> None:
    assert why_not(pharmacy(1, **facts)) == {key: values}


@pytest.mark.parametrize(
    "staff",
    [
        (),
        (None, Absence()),
        (Absence(last=date(2026, 3, 1)),),
        (Absence(first=date(2026, 3, 3)),),
    ],
)
def test_one_of_its_staff_is_enough_and_who_names_none_is_not_asked_about_them(
    staff: tuple[Absence | None, ...],
) -> None:
    assert ranked(pharmacy(1, staff=staff)) == [1]


def test_a_day_away_is_a_day_at_the_centre() -> None:
    shop = pharmacy(1, spans=ALWAYS, staff=(Absence(date(2026, 3, 2), date(2026, 3, 2)),))
    late = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)  # half an hour into Monday in Shanghai, Sunday in London
    assert why_not(shop, replace(NEED, at=late)) == {"staff_away": {"back": "2026-03-03"}}
    assert ranked(shop, need=replace(NEED, at=late, time_zone="Europe/London")) == [1]


def test_too_far_is_told_in_metres_and_with_what_was_agreed() -> None:
    assert why_not(pharmacy(1, 3001)) == {"too_far": {"metres": 3001, "radius": 3000}}
    assert ranked(pharmacy(1, 2999)) == [1]


def test_who_declined_this_case_is_not_asked_again() -> None:
    assert why_not(pharmacy(1), replace(NEED, declined=frozenset({1}))) == {"declined_already": {}}


def test_all_reasons_are_told_and_not_only_the_first() -> None:
    hopeless = pharmacy(
        1,
        5000,
        suspended=True,
        licence_expires=date(2020, 1, 1),
        contracts=(AGREED._replace(valid_until=date(2026, 2, 1), services=frozenset({"clinic"})),),
        numbers={},
        staff=(Absence(),),
        spans=NIGHT,
        capacity=1,
        load=1,
    )
    assert list(why_not(hopeless, replace(NEED, declined=frozenset({1})))) == [
        "suspended",
        "licence_expired",
        "contract_ended",
        "contract_does_not_cover_service",
        "too_far",
        "no_number",
        "staff_away",
        "closed",
        "at_capacity",
        "declined_already",
    ]


def test_licence_and_contract_hold_through_their_last_day_at_the_centre() -> None:
    last_minute = replace(NEED, at=datetime(2026, 3, 2, 15, 59, tzinfo=UTC))  # 23:59 on the 2nd there
    next_day = replace(NEED, at=datetime(2026, 3, 2, 16, 0, tzinfo=UTC))
    open_always = pharmacy(
        1,
        spans=ALWAYS,
        licence_expires=date(2026, 3, 2),
        contracts=(AGREED._replace(valid_until=date(2026, 3, 2)),),
    )
    assert ranked(open_always, need=last_minute) == [1]
    assert set(why_not(open_always, next_day)) == {"licence_expired", "contract_ended"}


def test_what_counts_is_when_it_is_wanted() -> None:
    tonight = replace(NEED, at=datetime(2026, 3, 2, 14, 0, tzinfo=UTC))  # 22:00 there
    assert ranked(pharmacy(1), pharmacy(2, spans=NIGHT), need=tonight) == [2]
    assert ranked(pharmacy(1), pharmacy(2, spans=NIGHT)) == [1]


def test_one_good_contract_among_several_is_enough() -> None:
    ended = AGREED._replace(valid_until=date(2026, 1, 31))
    elsewhere = AGREED._replace(radius=None, areas=frozenset({9}))
    other = AGREED._replace(services=frozenset({"clinic"}))
    assert ranked(pharmacy(1, contracts=(ended, elsewhere, other, AGREED))) == [1]
    assert set(why_not(pharmacy(1, contracts=(ended, elsewhere, other)))) == {"contract_does_not_cover_area"}


def test_an_area_of_the_contract_covers_everything_below_it_however_far() -> None:
    by_area = AGREED._replace(radius=None, areas=frozenset({1}))
    whole_centre = AGREED._replace(radius=None)
    both = AGREED._replace(radius=100, areas=frozenset({4}))
    far = [pharmacy(n, 9000, contracts=(one,)) for n, one in enumerate((by_area, whole_centre, both))]
    assert sorted(ranked(*far)) == [0, 1, 2]


def test_where_the_position_is_unknown_those_of_the_same_area_can_still_come() -> None:
    somewhere = replace(NEED, latitude=None, longitude=None)
    here, there = pharmacy(1, area_id=4), pharmacy(2, area_id=5)
    result = matched(here, there, need=somewhere)
    (one,) = result.candidates
    assert (one.merchant_id, one.distance, one.reasons[0].key) == (1, None, "distance_unknown")
    assert [reason.key for reason in result.excluded[0].reasons] == ["position_unknown"]
    assert ranked(pharmacy(3, area_id=None), need=replace(somewhere, areas=())) == [3]


def test_a_known_distance_counts_more_than_an_unknown_one() -> None:
    whole_centre = (AGREED._replace(radius=None),)
    nowhere = pharmacy(1, latitude=None, longitude=None, contracts=whole_centre)
    assert ranked(nowhere, pharmacy(2, 1500)) == [2, 1]


def test_the_excluded_are_told_nearest_first_and_at_most_two_hundred_of_them() -> None:
    closed = [pharmacy(number, 10 * (300 - number), spans=NIGHT) for number in range(250)]
    result = matched(*closed, pharmacy(999))
    distances = [one.distance for one in result.excluded]
    assert distances == sorted(distances, key=lambda metres: metres or 0)
    assert (len(result.excluded), result.more_excluded) == (LISTED, 50)
    assert result.more_excluded_by == {"closed": 49, "too_far": 1}
    assert [one.merchant_id for one in result.candidates] == [999]


def test_what_keeps_most_of_those_who_are_not_told_is_said_first() -> None:
    closed = [pharmacy(number, number, spans=NIGHT) for number in range(LISTED + 2)]
    for farther, said in ((1, ["closed", "too_far"]), (2, ["closed", "too_far"]), (3, ["too_far", "closed"])):
        result = match(NEED, closed, Weights(), "7", farther=farther)
        assert list(result.more_excluded_by) == list(result.basis()["more_excluded_by"]) == said


def test_what_it_was_decided_from_is_plain_json_and_names_no_person_and_no_place_but_the_position() -> None:
    need = replace(NEED, usual=frozenset({1}), declined=frozenset({3}))
    basis = matched(pharmacy(1), pharmacy(2, spans=NIGHT), pharmacy(3), need=need).basis()
    again = json.loads(json.dumps(basis))
    assert again == basis
    assert again["seed"] == "7"
    assert again["need"]["at"] == "2026-03-02T01:00:00+00:00"
    assert (again["need"]["usual"], again["need"]["declined"]) == ([1], [3])
    assert "药房" not in json.dumps(basis, ensure_ascii=False)


def test_nobody_asked_means_nobody_found() -> None:
    assert matched().candidates == matched().excluded == ()


def test_weights_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="metres_per_point"):
        Weights.model_validate({"metres_per_point": 0})
    with pytest.raises(ValueError, match="nearness"):
        Weights.model_validate({"nearness": 1})


def test_on_a_day_that_is_another_one_than_its_weekday_it_says_why_and_until_when() -> None:
    eve = replace(NEED, at=datetime(2026, 2, 17, 13, 30, tzinfo=UTC))  # 21:30 in Shanghai
    shut = why_not(pharmacy(1, spans=ALWAYS, special_hours=("2026-02-16..2026-02-20/closed/春节",)), need=eve)
    assert shut == {"closed_for": {"why": "春节", "opens_at": "2026-02-21T00:00:00+08:00"}}
    festival = replace(eve, days_off=DaysOff.of(["2026-02-15/2026-02-23"], [], []))
    short = pharmacy(2, spans=ALWAYS, special_hours=("holidays/10:00-16:00",))
    assert why_not(short, need=festival) == {"closed_that_day": {"opens_at": "2026-02-18T10:00:00+08:00"}}
    duty = pharmacy(3, spans=DAY, special_hours=("2026-02-17/20:00-23:00/值班",))
    (able,) = matched(duty, need=eve).candidates
    assert {reason.key: reason.values for reason in able.reasons}["open_until"] == {"at": "2026-02-17T23:00:00+08:00"}


@pytest.mark.parametrize(
    ("hour", "load", "against"),
    [
        (9, 2, {}),
        (9, 3, {"at_capacity_then": {"jobs": 3, "capacity": 3, "hours": "08:00-12:00"}}),
        (12, 3, {}),  # the first minute of no line: what it usually carries
        (12, 5, {"at_capacity": {"jobs": 5, "capacity": 5}}),
        (23, 1, {"at_capacity_then": {"jobs": 1, "capacity": 1, "hours": "22:00-06:00"}}),
        (5, 0, {}),
        (6, 0, {"at_capacity_then": {"jobs": 0, "capacity": 0, "hours": "06:00-08:00"}}),
    ],
)
def test_how_much_it_carries_is_told_by_the_hour_that_it_is_wanted_at(
    hour: int, load: int, against: dict[str, Any]
) -> None:
    plan = ("06:00-08:00/0", "08:00-12:00/3", "22:00-06:00/1")
    shop = pharmacy(1, spans=ALWAYS, capacity=5, capacity_plan=plan, load=load)
    need = replace(NEED, at=datetime(2026, 3, 2, hour, 0, 59, tzinfo=ZoneInfo("Asia/Shanghai")))
    if against:
        assert why_not(shop, need) == against
    else:
        assert ranked(shop, need=need) == [1]
