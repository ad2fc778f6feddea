"""Somebody has died or moved away: her lines and care calls end decently, and a mistake is undone."""

from datetime import time

from callbridge.events import CallEnd
from dispatch import care_plans
from dispatch.models import CarePlan, Case, PlanState
from dispatch.wire.care import NewCarePlan
from registry.models import Line
from registry.models.centre import Priority
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town


def test_her_lines_and_care_calls_end_and_what_is_open_comes_before_an_operator(town: Town, console: Console) -> None:
    her = town.resident()
    number = town.open(her)
    with town.store.writing() as session:
        care_plans.make(session, town.desk, her, NewCarePlan(local_time=time(9), weekdays=[0, 1]))
    card = console.get(f"residents/{her}")
    left = console.post(f"residents/{her}/leave", version=card["version"], why="died")
    assert (left["left"], left["lines"], left["care_plans"]) == ("died", [], [])
    assert left["left_at"] is not None
    assert town.case(number).needs_why == "need.person_left"
    assert {plan.state for plan in town.all(CarePlan)} == {PlanState.ENDED}
    (found,) = console.get("residents", q="王秀英")["items"]
    assert (found["id"], found["left"]) == (her, "died")
    assert console.get("residents")["items"] == [], "who looks through all of them sees the living"
    assert town.call(town.rings_in()).resident_id is None, "her old number is a stranger's, and gets through"
    again = console.post(f"residents/{her}/leave", 422, version=left["version"], why="moved")
    assert again["values"]["problems"][0]["key"] == "has_ended"


def test_an_emergency_of_hers_climbs_on(town: Town, console: Console) -> None:
    her = town.resident()
    call = town.rings_in(emergency=True)
    town.hangs_up(call, CallEnd.ABANDONED)
    (case,) = [each for each in town.all(Case) if each.priority is Priority.EMERGENCY]
    card = console.get(f"residents/{her}")
    console.post(f"residents/{her}/leave", version=card["version"], why="died")
    assert town.case(case.number).needs_why == case.needs_why == "need.emergency"


def test_a_mistake_is_undone_and_her_number_leads_to_her_again(town: Town, console: Console) -> None:
    her = town.resident()
    card = console.get(f"residents/{her}")
    console.post(f"residents/{her}/come-back", 422, version=card["version"])
    left = console.post(f"residents/{her}/leave", version=card["version"], why="moved")
    stale = console.post(f"residents/{her}/come-back", 409, version=card["version"])
    assert stale["type"] == "/problems/stale_version"
    left = console.patch(f"residents/{her}", version=left["version"], called="王老师")
    back = console.post(f"residents/{her}/come-back", version=left["version"])
    assert (back["left"], len(back["lines"])) == (None, 1)
    assert town.call(town.rings_in()).resident_id == her
    assert [line.ended_at for line in town.all(Line)] == [None]
    for q in ("王秀英", "1001", "02367001001"):
        assert [(each["id"], each["left"]) for each in console.get("residents", q=q)["items"]] == [(her, None)]
