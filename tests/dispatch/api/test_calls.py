"""A call on the boards, and the card that opens with it."""

from datetime import timedelta

import pytest
from fastapi import FastAPI

from callbridge.events import CallEnd, CallRinging, LinkUp, PhoneReached
from dispatch.models import Operator
from registry.areas import add_area
from registry.models import AccessLog
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town


def test_a_waiting_call_is_on_every_board_with_who_is_calling(
    console: Console, colleague: Console, town: Town
) -> None:
    town.resident("王秀英", groups=frozenset({"living_alone"}), hearing="hard", sight="blind", care_level=2)
    town.rings_in("02367001001", name="CHONGQING")
    for desk in (console, colleague):
        (line,) = desk.get("board")["calls"]
        assert (line["state"], line["number"], line["number_known"]) == ("queued", "+862367001001", True)
        (who,) = line["who"]
        assert who["addressed"] == "王秀英奶奶"
        assert (who["age"], who["address"]) == (85, "青石里5栋2单元502")
        assert (who["groups"], who["hearing"], who["sight"]) == (["living_alone"], "hard", "blind")
        assert who["care_level"] == 2
        assert "health_note" not in str(line)


def test_opening_a_call_opens_the_card_and_the_access_log_knows(console: Console, town: Town) -> None:
    resident = town.resident("王秀英", health_note="糖尿病", contacts=["13912345678"])
    call = town.call(town.rings_in("02367001001"))
    card = console.get(f"calls/{call.id}")["card"]
    assert (card["name"], card["health_note"], card["entrance_note"]) == ("王秀英", "糖尿病", "门铃坏了，请敲门")
    assert [contact["number"] for contact in card["contacts"]] == ["+8613912345678"]
    opened = town.all(AccessLog)
    assert {each.what for each in opened} == {"card", "health_note"}
    assert {(each.operator_id, each.resident_id, each.call_id) for each in opened} == {
        (town.desk.operator_id, resident, call.id)
    }


def test_a_board_and_a_search_open_no_record(console: Console, town: Town) -> None:
    town.resident()
    town.rings_in()
    console.get("board")
    console.get("calls")
    console.get("residents", q="王秀英")
    assert town.all(AccessLog) == []


def test_of_two_on_one_line_the_operator_picks(console: Console, town: Town) -> None:
    wang, li = town.resident("王秀英"), town.resident("李建国", gender="male")
    call = town.call(town.rings_in())
    opened = console.get(f"calls/{call.id}")
    assert {who["id"] for who in opened["who"]} == {wang, li}
    assert opened["card"] is None
    changed = console.patch(f"calls/{call.id}", version=opened["version"], resident_id=li)
    assert changed["card"]["name"] == "李建国"
    assert changed["resident"]["id"] == li
    stale = console.patch(f"calls/{call.id}", 409, version=opened["version"], resident_id=wang)
    assert stale["type"] == "/problems/stale_version"
    assert stale["values"]["now"] == changed["version"]


def test_an_unknown_caller_is_registered_on_the_spot_and_known_the_next_time(console: Console, town: Town) -> None:
    first = town.call(town.rings_in("13812345678"))
    opened = console.get(f"calls/{first.id}")
    assert (opened["who"], opened["resident"], opened["number"]) == ([], None, "+8613812345678")
    card = console.post("residents", 201, name="赵大爷", call_id=first.id)
    assert [line["number"] for line in card["lines"]] == ["+8613812345678"]
    assert console.get(f"calls/{first.id}")["resident"]["id"] == card["id"]
    again = town.call(town.rings_in("+86 138 1234 5678"))
    assert console.get(f"calls/{again.id}")["resident"]["id"] == card["id"]


def test_a_hidden_number_with_markup_and_breaks_is_shown_harmless(console: Console, town: Town) -> None:
    town.rings_in("", name="[/b]老人\x1b[31m\r\nEvent: X" + "长" * 300)
    (line,) = console.get("board")["calls"]
    assert line["number_known"] is False
    assert line["who"] == []
    assert len(line["name_heard"]) <= 400


def test_the_operator_who_answers_owns_the_call_and_others_see_that(
    console: Console, colleague: Console, town: Town
) -> None:
    town.resident()
    town.answers(town.rings_in())
    for desk in (console, colleague):
        (line,) = desk.get("board")["calls"]
        assert (line["state"], line["operator"]["name"]) == ("talking", "陈雨")


def test_an_abandoned_call_leaves_a_case_to_call_back_and_the_answered_one_settles_it_with_one_key(
    console: Console, town: Town
) -> None:
    town.resident()
    town.hangs_up(town.rings_in(), CallEnd.ABANDONED)
    board = console.get("board")
    assert board["calls"] == []
    (case,) = board["cases"]
    assert (case["call_back"], case["attempts"], case["needs_why"]) == (True, 1, "need.abandoned")
    town.answers(town.rings_in())
    (line,) = console.get("board")["calls"]
    assert line["call_back"] == case["number"]
    assert [each["number"] for each in console.get(f"calls/{line['id']}")["cases"]] == [case["number"]]
    settled = console.post(f"calls/{line['id']}/settle")
    assert settled["call_back"] is None
    assert console.get("board")["cases"] == []
    assert console.get(f"cases/{case['number']}")["outcome"] == "served"
    late = console.post(f"calls/{line['id']}/settle", 409)
    assert (late["type"], late["values"]["by"]) == ("/problems/conflict", "陈雨")


def test_calls_are_listed_by_state_and_time(console: Console, town: Town) -> None:
    for _ in range(3):
        town.hangs_up(town.rings_in())
        town.clock.move(timedelta(hours=1))
    town.rings_in()
    listed = console.get("calls", state="ended", limit=2)
    assert (listed["total"], len(listed["items"])) == (3, 2)
    since = (town.clock.now() - timedelta(minutes=90)).isoformat()
    assert console.get("calls", since=since)["total"] == 2
    assert console.get("calls", 422, since="2026-03-02T09:00:00")["type"] == "/problems/invalid"


def test_a_telephones_registration_is_on_the_board(console: Console, town: Town) -> None:
    town.tell(PhoneReached(exchange="main", at=town.clock.now(), extension="802", reachable=True))
    reachable = {each["extension"]: each["phone_reachable"] for each in console.get("board")["operators"]}
    assert reachable == {"801": False, "802": True}


@pytest.fixture
def elsewhere(town: Town) -> int:
    """Liu Yang sees only the village across the river; the resident lives in the town."""
    with town.store.writing() as session:
        here = add_area(session, town.centre_id, "TOWN", "青石镇")
        across = add_area(session, town.centre_id, "RIVER", "河对岸")
        operator = session.get(Operator, town.colleague.operator_id)
        assert operator is not None
        operator.area_id = across.id
        assert here.id is not None
        return here.id


def test_an_operator_sees_the_calls_of_her_area_and_those_that_ring_at_her_telephone(
    app: FastAPI, town: Town, elsewhere: int
) -> None:
    resident = town.resident(area_id=elsewhere)
    uniqueid = town.rings_in()
    call = town.call(uniqueid)
    with Console.of(app, town, town.colleague.operator_id) as liu:
        assert liu.get("board")["calls"] == []
        assert liu.get(f"calls/{call.id}", 404)["type"] == "/problems/not_found"
        assert liu.get(f"residents/{resident}", 404)["type"] == "/problems/not_found"
        assert liu.get("residents", q="王秀英")["items"] == []
        town.tell(CallRinging(exchange="main", at=town.clock.now(), uniqueid=uniqueid, extension="802"))
        assert [line["id"] for line in liu.get("board")["calls"]] == [call.id]
        assert liu.get(f"calls/{call.id}")["card"]["name"] == "王秀英"
        assert liu.get(f"residents/{resident}", 404)["type"] == "/problems/not_found", "only through the call"


def test_an_emergency_shows_its_ladder_and_a_gap_stands_on_the_board(console: Console, town: Town) -> None:
    now = town.clock.now()
    town.tell(LinkUp(exchange="main", at=now, away_since=now - timedelta(seconds=149), exchange_restarted=False))
    (gap,) = console.get("board")["gaps"]
    assert (gap["exchange"], gap["calls"], gap["to_call_back"]) == ("main", 0, 0)
    town.rings_in(emergency=True)
    (line,) = console.get("board")["cases"]
    assert line["clock"]["kind"] == "ladder_step"
    ladder = console.get(f"cases/{line['number']}")["ladder"]
    assert (ladder["state"], ladder["step"], ladder["round"]) == ("climbing", 0, 1)
    assert ladder["steps"] == ["operators", "supervisor", "on_call", "contacts"]
    console.post(f"cases/{line['number']}/acknowledge")
    ladder = console.get(f"cases/{line['number']}")["ladder"]
    assert (ladder["state"], ladder["by"]["name"]) == ("acknowledged", "陈雨")
