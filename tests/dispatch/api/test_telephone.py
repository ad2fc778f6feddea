"""The telephone's verbs over HTTP: what a console sends, and what it is answered."""

from datetime import timedelta

import pytest

from callbridge.events import CallHeld, CallReached, LinkUp, PartyJoined, PhoneReached
from dispatch.models import Leg, LegRole, Operator, PhoneOrder
from registry.store import Role
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town


@pytest.fixture(autouse=True)
def telephones(town: Town) -> None:
    town.tell(LinkUp(exchange="main", at=town.clock.now(), away_since=None, exchange_restarted=False))
    for extension in ("801", "802"):
        town.tell(PhoneReached(exchange="main", at=town.clock.now(), extension=extension, reachable=True))


def test_the_second_to_take_a_call_is_told_who_was_first(console: Console, colleague: Console, town: Town) -> None:
    call = town.call(town.rings_in())
    line = console.post(f"calls/{call.id}/take", expects="queued")
    assert line["taken_by"]["extension"] == "801"
    told = colleague.post(f"calls/{call.id}/take", 409, expects="queued")
    assert told["type"] == "/problems/conflict"
    assert (told["values"]["now"], told["values"]["by"]) == ("taken", "陈雨")
    again = console.post(f"calls/{call.id}/take", 409, expects="talking")
    assert again["values"]["now"] == "taken"


def test_a_repeated_command_is_ordered_once(console: Console, town: Town) -> None:
    call = town.call(town.rings_in())
    first = console.post(f"calls/{call.id}/take", key="once", expects="queued")
    assert console.post(f"calls/{call.id}/take", key="once", expects="queued") == first
    takes = [order for order in town.all(PhoneOrder) if order.kind == "take"]
    assert len(takes) == 1


def test_a_call_shows_who_is_in_it_and_that_it_is_held(console: Console, town: Town) -> None:
    uniqueid = town.rings_in()
    town.answers(uniqueid)
    call = town.call(uniqueid)
    console.post(f"calls/{call.id}/hold", expects="talking")
    town.tell(CallHeld(exchange="main", at=town.clock.now(), uniqueid=uniqueid))
    console.post(f"calls/{call.id}/bring-in", expects="talking", number="120")
    third = next(leg for leg in town.all(Leg) if leg.role is LegRole.THIRD)
    line = console.get(f"calls/{call.id}")
    assert line["held_since"] is not None
    assert [(leg["role"], leg["number"], leg["joined_at"] is not None) for leg in line["legs"]] == [
        ("caller", "", True),
        ("operator", "", True),
        ("third", "120", False),
    ]
    town.tell(PartyJoined(exchange="main", at=town.clock.now(), uniqueid=uniqueid, leg=third.uniqueid))
    line = console.post(f"calls/{call.id}/drop", expects="talking", leg_id=third.id)
    assert line["legs"][2]["joined_at"] is not None
    console.post(f"calls/{call.id}/resume", expects="talking")
    console.post(f"calls/{call.id}/hand-over", 409, expects="talking", operator_id=town.colleague.operator_id)
    console.post(f"calls/{call.id}/bring-in", 422, expects="talking", number="120", merchant_id=1)
    console.post(f"calls/{call.id}/hang-up", expects="talking")
    kinds = [str(order.kind) for order in town.all(PhoneOrder) if order.call_id == call.id]
    assert kinds == ["hold", "bring_in", "drop", "resume", "hang_up"]


def test_a_number_is_dialled_and_the_call_is_on_the_board(console: Console, town: Town) -> None:
    resident = town.resident()
    line = console.post("dial", 201, resident_id=resident)
    assert (line["direction"], line["state"], line["resident"]["id"]) == ("out", "ringing", resident)
    assert [each["id"] for each in console.get("board")["calls"]] == [line["id"]]
    own = town.all(Leg)[-1]
    town.tell(CallReached(exchange="main", at=town.clock.now(), uniqueid=own.uniqueid, called="main-1.5"))
    assert [leg["role"] for leg in console.get(f"calls/{line['id']}")["legs"]] == ["operator", "called"]
    console.post("dial", 422)
    console.post("dial", 422, number="not a number")


def test_only_supervisors_listen(console: Console, colleague: Console, town: Town) -> None:
    uniqueid = town.rings_in()
    town.answers(uniqueid)
    call = town.call(uniqueid)
    colleague.post(f"calls/{call.id}/listen", 403, expects="talking")
    with town.store.writing() as session:
        operator = session.get(Operator, town.colleague.operator_id)
        assert operator is not None
        operator.role = Role.SUPERVISOR
    line = colleague.post(f"calls/{call.id}/listen", expects="talking", how="whisper")
    assert [leg["role"] for leg in line["legs"]] == ["caller", "operator", "supervisor"]


def test_presence_is_changed_shown_and_needs_its_reason(console: Console, town: Town) -> None:
    line = console.post("me/presence", presence="break", reason="meal")
    assert (line["presence"], line["break_reason"], line["rings"]) == ("break", "meal", False)
    console.post("me/presence", 422, presence="break")
    console.post("me/presence", 422, presence="off")
    town.clock.move(timedelta(minutes=30))
    line = console.post("me/presence", presence="ready")
    assert (line["presence"], line["break_reason"], line["rings"]) == ("ready", None, True)
    assert line["presence_since"] is not None
