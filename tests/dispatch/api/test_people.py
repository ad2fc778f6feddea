"""Residents, merchants and services over HTTP."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from dispatch.models import Operator
from dispatch.views import merchants
from registry.areas import add_area, root
from registry.models import AccessLog, Channel
from registry.store.journal import Journal
from registry.wrong_numbers import note_wrong
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town


def test_a_resident_is_registered_found_opened_and_changed(console: Console, town: Town) -> None:
    card = console.post(
        "residents",
        201,
        name="欧阳秀兰",
        gender="female",
        born="1938-12-01",
        community="青石里",
        building="7",
        door="301",
        health_note="高血压",
        consented_on="2026-01-15",
        groups=["living_alone"],
        lines=[{"number": "(023) 6700 1002"}],
        contacts=[{"name": "欧阳明", "relation": "儿子", "number": "13900001111", "has_key": True}],
    )
    assert card["lines"][0]["number"] == "+862367001002"
    for q in ("秀兰", "oyxl", "ouyang", "1002", "7-301"):
        assert [each["id"] for each in console.get("residents", q=q)["items"]] == [card["id"]], q
    opened = console.get(f"residents/{card['id']}")
    assert opened == card
    changed = console.patch(f"residents/{card['id']}", version=card["version"], health_note="", door="302")
    assert (changed["health_note"], changed["door"], changed["groups"]) == ("", "302", ["living_alone"])
    assert changed["version"] > card["version"]
    stale = console.patch(f"residents/{card['id']}", 409, version=card["version"], door="303")
    assert (stale["type"], stale["values"]["by"]) == ("/problems/stale_version", "陈雨")
    assert {each.resident_id for each in town.all(AccessLog)} == {card["id"]}


def test_the_card_tells_how_her_position_was_got_and_which_lines_she_has_given_up(console: Console) -> None:
    place = {"community": "青石里", "building": "7"}
    card = console.post("residents", 201, name="王秀英", latitude=29.5, longitude=106.5, **place)
    assert (card["position_source"], card["position_at"]) == ("operator", "2026-03-02T01:00:00Z")
    neighbour = console.post("residents", 201, name="李建国", lines=[{"number": "67001002"}], **place)
    assert (neighbour["position_source"], neighbour["past_lines"]) == ("neighbour", [])
    changed = console.patch(f"residents/{neighbour['id']}", version=neighbour["version"], lines=[])
    assert (changed["lines"], changed["past_lines"][0]["number"]) == ([], "+862367001002")
    assert changed["past_lines"][0]["ended_at"] == "2026-03-02T01:00:00Z"


def test_the_card_names_the_area_that_she_lives_in(console: Console, town: Town) -> None:
    with town.store.writing() as session:
        top = root(session, town.centre_id)
        below = add_area(session, town.centre_id, "500108001", "南坪街道", top.id)
    card = console.post("residents", 201, name="王秀英", area_id=top.id)
    assert (card["area_id"], card["area"]) == (top.id, "")
    moved = console.patch(f"residents/{card['id']}", version=card["version"], area_id=below.id)
    assert (moved["area_id"], moved["area"]) == (below.id, "南坪街道")


def test_her_consent_is_recorded_with_who_gave_it_and_withdrawn(console: Console, town: Town) -> None:
    her = town.resident()
    card = console.get(f"residents/{her}")
    assert (card["consented_on"], card["visited_on"]) == (None, None)
    given = console.patch(
        f"residents/{her}", version=card["version"], consented_on="2026-03-01", consented_by="女儿王珂"
    )
    assert (given["consented_on"], given["consented_by"]) == ("2026-03-01", "女儿王珂")
    withdrawn = console.patch(f"residents/{her}", version=given["version"], consented_on=None, consented_by="")
    assert withdrawn["consented_on"] is None
    with town.store.reading() as session:
        changes = session.exec(select(Journal).where(Journal.what == "resident.changed").order_by(col(Journal.seq)))
        fields = [(entry.data["fields"], entry.actor_id) for entry in changes]
    assert fields == [(["consented_by", "consented_on"], town.desk.operator_id)] * 2, "by whom, and not what"


def test_a_health_note_is_refused_until_she_has_consented_and_goes_when_she_withdraws(
    console: Console, town: Town
) -> None:
    her = town.resident()
    version = console.get(f"residents/{her}")["version"]
    refused = console.patch(f"residents/{her}", 422, version=version, health_note="高血压")
    assert [(each["field"], each["key"]) for each in refused["values"]["problems"]] == [
        ("health_note", "needs_consent")
    ]
    assert "consented_on" in refused["detail"]
    new = {"name": "李桂兰", "health_note": "心脏起搏器"}
    assert console.post("residents", 422, **new)["values"]["problems"][0]["field"] == "health_note"
    told = console.patch(f"residents/{her}", version=version, health_note="高血压", consented_on="2026-03-01")
    assert told["health_note"] == "高血压"
    withdrawn = console.patch(f"residents/{her}", version=told["version"], consented_on=None)
    assert (withdrawn["health_note"], console.get(f"residents/{her}")["health_note"]) == ("", "")


def test_who_is_registered_by_an_operator_of_an_area_belongs_to_it(
    console: Console, colleague: Console, town: Town
) -> None:
    here, across = town.two_areas()
    town.sits_in(town.desk, here)
    town.sits_in(town.colleague, across)
    card = console.post("residents", 201, name="欧阳秀兰")
    assert card["area_id"] == here
    assert colleague.get("residents")["total"] == 0
    assert console.post("residents", 422, name="王五", area_id=across)["values"]["problems"][0]["field"] == "area_id"


def test_all_residents_are_listed_by_name_in_pages(console: Console, town: Town) -> None:
    for number, name in enumerate(("陈一", "陈二", "陈三")):
        town.resident(name, number=f"0236700200{number}")
    first = console.get("residents", limit=2)
    second = console.get("residents", limit=2, offset=2)
    assert (first["total"], len(first["items"]), len(second["items"])) == (3, 2, 1)
    assert len({each["id"] for each in first["items"] + second["items"]}) == 3


CONTRACT = {"valid_from": "2026-01-01", "valid_until": "2026-12-31", "services": ["medicine"], "radius": 3000}
NEW = {
    "name": "康宁药房",
    "kind": "pharmacy",
    "numbers": [{"channel": "sms", "number": "13900000001"}, {"channel": "voice", "number": "02367005555"}],
    "hours": [{"weekday": 0, "opens": "08:00", "closes": "20:00"}],
    "contracts": [CONTRACT | {"fee": "每次5元", "conditions": "处方药凭处方"}],
}


def test_a_merchant_is_registered_read_and_changed_by_a_supervisor(supervisor: Console) -> None:
    card = supervisor.post("merchants", 201, **NEW)
    assert card["number"] == "+862367005555", "the one that an operator would call"
    agreed = card["contracts"][0]
    assert (agreed["services"], agreed["fee"], agreed["conditions"]) == (["medicine"], "每次5元", "处方药凭处方")
    assert supervisor.get(f"merchants/{card['id']}") == card
    assert [each["id"] for each in supervisor.get("merchants", q="康宁", kind="pharmacy")["items"]] == [card["id"]]
    assert supervisor.get("merchants", q="康宁", kind="water")["items"] == []
    supervisor.post("merchants", 201, **NEW | {"name": "同心药房"})
    page = supervisor.get("merchants", kind="pharmacy", limit=1, offset=1)
    assert (page["total"], [each["name"] for each in page["items"]]) == (2, [NEW["name"]])
    plan = ["20:00-08:00/voice_first/3"]
    changed = supervisor.patch(
        f"merchants/{card['id']}",
        version=card["version"],
        suspended_why="装修",
        channel_plan=plan,
        capacity_plan=["18:00-22:00/1", "08:00-12:00/5"],
    )
    assert changed["capacity_plan"] == ["08:00-12:00/5", "18:00-22:00/1"]
    assert changed["channel_plan"] == plan
    assert changed["suspended_at"] is not None
    assert changed["numbers"] == card["numbers"]
    assert supervisor.patch(f"merchants/{card['id']}", 409, version=card["version"], name="x")["values"]["now"] == 2


def test_who_goes_to_the_door_is_written_read_and_refused_with_the_field_that_is_wrong(supervisor: Console) -> None:
    staff = [
        {"name": "李䶮", "number": "193 0023 4011"},
        {"name": "陈静", "away": {"first": "2026-02-16", "last": "2026-03-02"}},
        {"name": "王五", "away": {}},
    ]
    card = supervisor.post("merchants", 201, **NEW | {"staff": staff})
    told = [{name: value for name, value in one.items() if name != "id"} for one in card["staff"]]
    assert told == [
        {"name": "李䶮", "number": "+8619300234011", "away": None},
        {"name": "陈静", "number": None, "away": {"first": "2026-02-16", "last": "2026-03-02"}},
        {"name": "王五", "number": None, "away": {"first": None, "last": None}},
    ]
    path = f"merchants/{card['id']}"
    assert supervisor.patch(path, version=1, capacity=2)["staff"] == card["staff"]
    assert supervisor.patch(path, version=2, staff=told)["version"] == 2
    left = supervisor.patch(path, version=2, staff=[{"name": "陈静"}])
    assert left["staff"] == [card["staff"][1] | {"away": None}]
    problem = supervisor.patch(path, 422, version=3, staff=[{"name": "陈静"}, {"name": "王五", "number": "没有"}])
    assert problem["values"]["problems"] == [{"field": "staff.1.number", "key": "no_number", "values": {}}]
    assert supervisor.get(path) == left


def test_an_operator_may_read_merchants_and_not_write_them(colleague: Console, town: Town) -> None:
    merchant = town.merchant("康宁药房", sms="+8613900000001")
    assert colleague.get(f"merchants/{merchant}")["name"] == "康宁药房"
    assert colleague.post("merchants", 403, **NEW)["type"] == "/problems/not_allowed"
    assert colleague.patch(f"merchants/{merchant}", 403, version=1, name="x")["values"]["needed"] == "supervisor"


def test_a_contract_for_a_service_that_is_not_offered_is_refused(supervisor: Console) -> None:
    wrong = NEW | {"contracts": [CONTRACT | {"services": ["haircut"]}]}
    problem = supervisor.post("merchants", 422, **wrong)
    assert problem["values"]["problems"][0]["field"] == "contracts.0.services"


def test_the_services_are_those_in_force_with_their_questions(console: Console) -> None:
    services = {each["code"]: each for each in console.get("services")}
    assert services["medicine"]["merchant_kinds"] == ["pharmacy"]
    assert services["medicine"]["questions_zh"]
    assert services["medicine"]["questions_en"]
    assert services["emergency_medical"]["priority"] == "emergency"


def test_a_wrong_number_of_a_merchant_is_on_the_board_until_the_numbers_are_written_anew(
    supervisor: Console, town: Town
) -> None:
    merchant = town.merchant("康宁药房", voice="+8613900000011")
    with town.store.writing() as session:
        note_wrong(session, merchant, Channel.VOICE, "+8613900000011")
    (wrong,) = supervisor.get("board")["wrong_numbers"]
    assert (wrong["merchant"]["name"], wrong["number"]) == ("康宁药房", "+8613900000011")
    card = supervisor.get(f"merchants/{merchant}")
    assert card["numbers"][0]["wrong_since"] is not None
    numbers = [{"channel": "voice", "number": "+8613900000012"}]
    supervisor.patch(f"merchants/{merchant}", version=card["version"], numbers=numbers)
    assert supervisor.get("board")["wrong_numbers"] == []


def test_a_licence_and_a_contract_that_end_soon_are_on_the_board_until_they_are_renewed(
    supervisor: Console, town: Town
) -> None:
    today = town.clock.now().date()
    soon, later = today + timedelta(days=20), today + timedelta(days=300)
    merchant = town.merchant("康宁药房", sms="+8613900000011", licence_expires=soon)
    (ends,) = supervisor.get("board")["expiries"]
    assert (ends["merchant"]["name"], ends["term"], ends["last"]) == ("康宁药房", "licence", soon.isoformat())
    contract = {"valid_from": "2026-01-01", "valid_until": soon.isoformat(), "services": ["medicine"]}
    card = supervisor.get(f"merchants/{merchant}")
    renewed = supervisor.patch(
        f"merchants/{merchant}", version=card["version"], licence_expires=later.isoformat(), contracts=[contract]
    )
    assert [each["term"] for each in supervisor.get("board")["expiries"]] == ["contract"]
    following = contract | {"valid_from": soon.isoformat(), "valid_until": later.isoformat()}
    supervisor.patch(f"merchants/{merchant}", version=renewed["version"], contracts=[contract, following])
    assert supervisor.get("board")["expiries"] == []


def test_of_what_ends_or_is_wrong_a_board_lists_the_first_of_its_own_areas_and_counts_the_rest(
    console: Console, colleague: Console, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merchants, "MOST_LISTED", 2)
    here, across = town.two_areas()
    town.sits_in(town.desk, here)
    town.sits_in(town.colleague, across)
    today = town.clock.now().date()
    for days in (5, 4, 3):
        ends = today + timedelta(days=days)
        number = f"+861390000001{days}"
        shop = town.merchant(f"{days}天药房", sms=number, licence_expires=ends, area_id=here)
        with town.store.writing() as session:
            note_wrong(session, shop, Channel.SMS, number)
    board = console.get("board")
    assert [each["merchant"]["name"] for each in board["expiries"]] == ["3天药房", "4天药房"]
    assert [each["merchant"]["name"] for each in board["wrong_numbers"]] == ["5天药房", "4天药房"]
    assert (board["more_expiries"], board["more_wrong_numbers"]) == (1, 1)
    across_the_river = colleague.get("board")
    assert (across_the_river["expiries"], across_the_river["more_expiries"]) == ([], 0)
    assert (across_the_river["wrong_numbers"], across_the_river["more_wrong_numbers"]) == ([], 0)


def test_a_desk_sees_its_own_area_and_what_lies_below_it(colleague: Console, supervisor: Console, town: Town) -> None:
    with town.store.writing() as session:
        west = add_area(session, town.centre_id, "500107", "九龙坡区")
        add_area(session, town.centre_id, "500107102", "西彭镇", west.id)
        add_area(session, town.centre_id, "500103", "渝中区")
        operator = session.get(Operator, town.colleague.operator_id)
        assert operator is not None
        operator.area_id = west.id
    hers = colleague.get("areas")
    assert (hers["total"], [each["name"] for each in hers["items"]]) == (2, ["九龙坡区", "西彭镇"])
    assert hers["items"][1]["parent_id"] == hers["items"][0]["id"]
    assert {each["name"] for each in supervisor.get("areas")["items"]} > {"九龙坡区", "西彭镇", "渝中区"}
    assert [each["name"] for each in supervisor.get("areas", q="5001071")["items"]] == ["西彭镇"]
    assert [each["name"] for each in supervisor.get("areas", q="渝")["items"]] == ["渝中区"]
    page = supervisor.get("areas", q="5001", limit=1, offset=1)
    assert (page["total"], len(page["items"])) == (3, 1)
