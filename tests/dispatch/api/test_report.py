"""The report over HTTP: a supervisor's, of what lies in her areas."""

from datetime import date

import pytest

from callbridge.events import CallEnd
from dispatch.models import Operator
from registry import areas
from registry.store import Role
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town

THERE, HERE = "02367001001", "02367001002"


@pytest.fixture
def towns(town: Town) -> tuple[int, int]:
    """Two towns, each with one resident who has called, in March 2026."""
    with town.store.writing() as session:
        root = areas.root(session, town.centre_id)
        ids = [
            areas.add_area(session, town.centre_id, code, name, root.id).id or 0
            for code, name in (("500103001", "青石镇"), ("500103002", "白沙镇"))
        ]
    for number, area_id in zip((THERE, HERE), ids, strict=True):
        town.resident("王秀英", number, area_id=area_id)
        town.hangs_up(town.rings_in(number), CallEnd.ABANDONED)
    return ids[0], ids[1]


def becomes(town: Town, role: Role, area_id: int | None = None) -> None:
    with town.store.writing() as session:
        operator = session.get(Operator, town.desk.operator_id)
        assert operator is not None
        operator.role = role
        if area_id is not None:
            operator.area_id = area_id


def test_a_supervisor_reads_the_month_that_runs_along_the_areas(
    town: Town, towns: tuple[int, int], console: Console
) -> None:
    becomes(town, Role.SUPERVISOR)
    found = console.get("report")
    day = town.clock.now().astimezone().date()
    assert (found["first"], found["last"][:8]) == (day.replace(day=1).isoformat(), f"{day:%Y-%m-}")
    assert [(each["name"], each["calls"]) for each in found["lines"]] == [("青石镇", 1), ("白沙镇", 1)]
    assert found["total"]["calls"] == 2
    assert console.get("report", first="2026-01-01", last="2026-01-31")["total"]["calls"] == 0
    alone = console.get("report", area="500103002")
    assert (alone["name"], alone["total"]["calls"]) == ("白沙镇", 1)


def test_what_lies_outside_her_areas_is_not_hers_to_read(
    town: Town, towns: tuple[int, int], console: Console
) -> None:
    becomes(town, Role.SUPERVISOR, towns[1])
    found = console.get("report")
    assert (found["name"], found["total"]["calls"]) == ("白沙镇", 1)
    console.get("report", 404, area="500103001")


def test_days_that_run_backwards_and_an_operator_are_refused(
    town: Town, towns: tuple[int, int], console: Console
) -> None:
    console.get("report", 403)
    becomes(town, Role.SUPERVISOR)
    refused = console.get("report", 422, first=date(2026, 3, 2).isoformat(), last=date(2026, 3, 1).isoformat())
    assert refused["values"]["field"] == "last"
