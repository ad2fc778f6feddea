"""What a resident's record was before each change, in its history over HTTP; and what goes, and when."""

from typing import Any

from sqlmodel import select

from dispatch.deletion import delete_person
from registry.areas import add_area
from registry.models import Group, LineKind, ResidentBefore
from registry.store import Actor
from registry.store.journal import Journal
from tests.dispatch.api.desks import Console
from tests.dispatch.register import HER_LINE
from tests.dispatch.town import Town

NOTE, MOBILE = "对青霉素过敏", "+8613800001009"
CONTACT = {"name": "王珂", "relation": "女儿", "number": "13900001111", "has_key": False, "note": ""}


def change(console: Console, her: int, **fields: Any) -> None:
    console.patch(f"residents/{her}", version=console.get(f"residents/{her}")["version"], **fields)


def newest(console: Console, her: int) -> dict[str, tuple[Any, Any]]:
    entry = console.get(f"residents/{her}/history")["items"][0]
    return {each["field"]: (each["before"], each["after"]) for each in entry["changes"]}


def test_each_change_says_what_it_was_before_and_after(town: Town, console: Console) -> None:
    her = town.resident()
    change(console, her, door="602", called="王老师", care_level=2, consented_on="2026-01-20", hearing="hard")
    assert newest(console, her) == {
        "door": ("502", "602"),
        "called": (None, "王老师"),
        "care_level": (0, 2),
        "consented_on": (None, "2026-01-20"),
        "hearing": ("good", "hard"),
    }
    change(console, her, door="703")
    assert newest(console, her) == {"door": ("602", "703")}
    oldest = console.get(f"residents/{her}/history")["items"][-1]
    assert (oldest["what"], oldest["changes"]) == ("resident.created", [])


def test_lists_are_told_as_a_whole_and_what_is_a_number_by_its_name(town: Town, console: Console) -> None:
    pharmacy = town.merchant("康宁药房")
    with town.store.writing() as session:
        area = add_area(session, town.centre_id, "RIVER", "滨江").id
    her = town.resident(groups={Group.LIVING_ALONE})
    change(
        console,
        her,
        lines=[{"number": HER_LINE}, {"number": MOBILE}],
        contacts=[CONTACT],
        groups=["disabled", "living_alone"],
        usual_merchants={"pharmacy": pharmacy},
        latitude=29.5,
        longitude=106.5,
        area_id=area,
    )
    told = newest(console, her)
    (landline,), lines = told.pop("lines")
    assert [each["number"] for each in lines] == [landline["number"], MOBILE]
    assert (landline["kind"], lines[1]["kind"]) == ("landline", "mobile")
    before, after = told.pop("position")
    assert (before["source"], after) == ("operator", {"latitude": 29.5, "longitude": 106.5, "source": "operator"})
    assert told == {
        "contacts": ([], [CONTACT | {"number": "+8613900001111"}]),
        "groups": (["living_alone"], ["disabled", "living_alone"]),
        "usual_merchants": ([], [{"kind": "pharmacy", "merchant_id": pharmacy, "name": "康宁药房"}]),
        "area_id": (None, "滨江"),
    }


def test_of_what_is_sealed_in_her_record_the_history_says_only_that_it_changed(town: Town, console: Console) -> None:
    her = town.resident(health_note=NOTE)
    change(console, her, health_note="糖尿病", allergies="头孢", identity_number="510102194005010029", door="602")
    found = console.get(f"residents/{her}/history")
    assert found["items"][0]["fields"] == ["allergies", "door", "health_note", "identity_number"]
    assert [each["field"] for each in found["items"][0]["changes"]] == ["door"]
    assert not any(secret in str(found) for secret in (NOTE, "糖尿病", "头孢", "51010219400501002"))


def test_nothing_of_it_lies_open_and_nothing_is_kept_of_somebody_new(town: Town, console: Console) -> None:
    her = town.resident()
    assert town.all(ResidentBefore) == []
    change(console, her, entrance_note="从东门进", health_note=NOTE, consented_on="2026-01-20")
    (row,) = town.all(ResidentBefore)
    kept = (row.facts or b"") + (row.sensitive or b"")
    assert not any(text.encode() in kept for text in ("从东门进", "门铃坏了", "entrance", NOTE))
    with town.store.reading() as session:
        assert "从东门进" not in str([entry.data for entry in session.exec(select(Journal))])


def test_withdrawing_consent_takes_every_health_note_that_was_kept(town: Town, console: Console) -> None:
    her = town.resident(health_note=NOTE)
    change(console, her, health_note="糖尿病", door="602")
    assert town.all(ResidentBefore)[0].sensitive is not None
    change(console, her, consented_on=None, health_note="")
    assert [row.sensitive for row in town.all(ResidentBefore)] == [None, None]
    assert newest(console, her) == {"consented_on": ("2026-01-15", None)}


def test_after_a_merge_each_change_of_both_records_says_what_it_was(town: Town, supervisor: Console) -> None:
    keep = town.resident("王秀英", "02367001001", called=None)
    other = town.resident("王秀英", MOBILE, kind=LineKind.MOBILE, called="秀英阿婆", sight="poor")
    change(supervisor, keep, door="602")
    change(supervisor, other, door="601")
    supervisor.post(f"residents/{keep}/merge", other_id=other)
    entries = supervisor.get(f"residents/{keep}/history")["items"]
    told = [
        (each["resident_id"], change["field"], change["before"], change["after"])
        for each in entries
        for change in each["changes"]
        if change["field"] != "lines"
    ]
    assert told == [
        (keep, "called", None, "秀英阿婆"),
        (keep, "sight", "good", "poor"),
        (other, "door", "502", "601"),
        (keep, "door", "502", "602"),
    ]
    (lines,) = [each for each in entries[0]["changes"] if each["field"] == "lines"]
    assert [[each["number"] for each in lines[when]] for when in ("before", "after")] == [
        ["+862367001001"],
        ["+862367001001", MOBILE],
    ]


def test_a_deletion_takes_it_along_also_that_of_a_record_that_went_into_hers(town: Town, supervisor: Console) -> None:
    keep, other = town.resident("王秀英", "02367001001"), town.resident("王秀英", MOBILE, kind=LineKind.MOBILE)
    change(supervisor, other, door="601")
    change(supervisor, keep, door="602")
    supervisor.post(f"residents/{keep}/merge", other_id=other)
    delete_person(town.store, town.centre_id, keep, Actor.system(), lambda row: None)
    assert town.all(ResidentBefore) == []
    found = supervisor.get(f"residents/{keep}/history")
    assert [each["changes"] for each in found["items"] if each["changes"]] == []
