"""Two records of one person become one, and neither history is lost."""

import json
import zipfile
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from callbridge.events import CallEnd
from dispatch import care_plans, merging
from dispatch.deletion import resting
from dispatch.models import CallMatch, CarePlan, PlanState
from dispatch.wire.care import NewCarePlan
from registry.erasure import DELETED
from registry.joining import MERGED
from registry.lookup import who_calls
from registry.models import Contact, DataKey, Group, Line, LineKind, Resident, ResidentGroup, ResidentsApart
from registry.store import Actor, ActorKind, Scope
from registry.store.journal import Journal
from tests.dispatch.backup.installation import Installation
from tests.dispatch.town import Town

LANDLINE, MOBILE, DAUGHTER, NEPHEW = "02367001001", "13800001009", "13900001111", "13900002222"
IDENTITY = "510102194005010029"


@pytest.fixture
def installation(town: Town, tmp_path: Path) -> Installation:
    return Installation.of(town, tmp_path / "line")


@pytest.fixture
def records(town: Town) -> tuple[int, int]:
    """From last year's survey, and from her mobile by an operator: each knows something that the other does not."""
    keep = town.resident(
        "王秀英", LANDLINE, contacts=[DAUGHTER], health_note="高血压", allergies="头孢", groups={Group.LIVING_ALONE}
    )
    other = town.resident(
        "王秀英",
        MOBILE,
        kind=LineKind.MOBILE,
        contacts=[DAUGHTER, NEPHEW],
        called="秀英阿婆",
        health_note="青霉素过敏",
        identity_number=IDENTITY,
        groups={Group.DISABLED},
        community="滨江里",
        sight="poor",
        allergies="磺胺",
        medicines="缬沙坦",
        lift=False,
        lock="密码2580",
    )
    return keep, other


def merged(town: Town, keep: int, other: int) -> list[str]:
    return merging.merge_people(town.store, Scope(town.centre_id), keep, other, town.vault, Actor.system())


def row(town: Town, resident_id: int) -> Resident:
    with town.store.reading() as session:
        found = session.get(Resident, resident_id)
        assert found is not None
        return found


def test_the_kept_record_takes_what_it_lacks_and_everything_of_which_there_may_be_several(
    town: Town, records: tuple[int, int]
) -> None:
    keep, other = records
    merged(town, keep, other)
    her, gone = row(town, keep), row(town, other)
    assert (her.called, her.community, her.sight) == ("秀英阿婆", "青石里", "poor")
    assert (gone.merged_into, gone.ended_why, gone.community) == (keep, MERGED, "滨江里"), "it stays as it was"
    with town.store.reading() as session:
        health = town.vault.open(session, keep, "health_note", her.health_note)
        assert health == "高血压\n青霉素过敏"
        assert town.vault.open(session, keep, "allergies", her.allergies) == "头孢\n磺胺"
        assert town.vault.open(session, keep, "medicines", her.medicines) == "缬沙坦"
        assert (her.lift, her.lock) == (False, "密码2580")
        assert town.vault.open(session, keep, "identity_number", her.identity_number) == IDENTITY
        contacts = session.exec(
            select(Contact.number).where(Contact.resident_id == keep, col(Contact.rank).is_not(None))
        )
        assert sorted(contacts) == ["+8613900001111", "+8613900002222"]
        groups = session.exec(select(ResidentGroup.group).where(ResidentGroup.resident_id == keep))
        assert set(groups) == {Group.LIVING_ALONE, Group.DISABLED}


def test_either_number_leads_to_her_afterwards_and_she_is_found_once(town: Town, records: tuple[int, int]) -> None:
    keep, other = records
    merged(town, keep, other)
    with town.store.reading() as session:
        for number in ("+862367001001", "+8613800001009"):
            assert [one.id for one in who_calls(session, town.centre_id, number).residents] == [keep]
        living = session.exec(select(Line.resident_id).where(col(Line.ended_at).is_(None))).all()
    assert set(living) == {keep}
    call = town.call(town.rings_in(MOBILE))
    assert call.resident_id == keep


def test_calls_cases_and_care_calls_of_both_are_hers(town: Town, records: tuple[int, int]) -> None:
    keep, other = records
    town.merchant("康宁药房", sms="+8613900000001")
    call = town.rings_in(MOBILE)
    town.answers(call)
    number = town.open(other, call_id=town.call(call).id)
    town.hangs_up(call, CallEnd.ANSWERED)
    with town.store.writing() as session:
        for resident_id, at in ((keep, time(9)), (other, time(9)), (other, time(18))):
            care_plans.make(session, town.desk, resident_id, NewCarePlan(local_time=at, weekdays=[0, 1]))
    merged(town, keep, other)
    assert town.case(number).resident_id == keep
    assert town.call(call).resident_id == keep
    assert {each.resident_id for each in town.all(CallMatch)} <= {keep}
    plans = town.all(CarePlan)
    assert {each.resident_id for each in plans} == {keep}
    active = [each.local_time for each in plans if each.state is PlanState.ACTIVE]
    assert sorted(active) == [time(9), time(18)], "at nine she is called once"
    town.dispatch(number)
    town.send()
    assert town.sms_to("+8613900000001"), "the open case goes on"


def test_what_a_crash_has_left_is_done_by_whoever_starts_next(town: Town, records: tuple[int, int]) -> None:
    keep, other = records
    number = town.open(other)
    with resting(town.store) as session:
        merging.begin(session, Scope(town.centre_id), keep, other, town.vault, Actor.system())
    assert town.case(number).resident_id == other
    merging.follow_all(town.store)
    assert town.case(number).resident_id == keep
    assert merged(town, keep, other) == [], "said again it is done already"


def test_a_call_that_may_have_been_hers_is_followed_up_too(town: Town, records: tuple[int, int]) -> None:
    keep, other = records
    neighbour = town.resident("张玉珍", MOBILE, kind=LineKind.MOBILE)
    town.hangs_up(town.rings_in(MOBILE), CallEnd.ABANDONED)
    with resting(town.store) as session:
        merging.begin(session, Scope(town.centre_id), keep, other, town.vault, Actor.system())
    merging.follow_all(town.store)
    assert {each.resident_id for each in town.all(CallMatch)} == {keep, neighbour}


def test_nobody_is_merged_in_the_middle_of_an_emergency_or_of_a_call(
    town: Town, records: tuple[int, int], installation: Installation
) -> None:
    keep, other = (str(each) for each in records)
    call = town.rings_in(MOBILE)
    town.answers(call)
    assert "正在通话" in installation.is_refused("person", "merge", keep, other)
    town.hangs_up(call, CallEnd.ANSWERED)
    town.rings_in(LANDLINE, emergency=True)
    assert "紧急工单" in installation.is_refused("person", "merge", keep, other)


def test_one_record_with_itself_or_with_one_that_has_ended_is_refused(
    town: Town, records: tuple[int, int], installation: Installation
) -> None:
    keep, other = (str(each) for each in records)
    assert "同一份档案" in installation.is_refused("person", "merge", keep, keep)
    installation.does("person", "merge", keep, other)
    third = str(town.resident("张玉珍", "02367001007"))
    assert "已经停用" in installation.is_refused("person", "merge", third, other)


def test_her_extract_and_her_deletion_hold_both_records(
    town: Town, records: tuple[int, int], installation: Installation, tmp_path: Path
) -> None:
    keep, other = records
    installation.does("person", "merge", str(keep), str(other))
    installation.does("person", "extract", str(keep), str(tmp_path / "copy.zip"))
    with zipfile.ZipFile(tmp_path / "copy.zip") as archive:
        extract: dict[str, Any] = json.loads(archive.read("extract.json"))
        assert "滨江里" in archive.read("extract.txt").decode()
    assert [each["number"] for each in extract["merged"]] == [other]
    assert "青霉素过敏" in str(extract["person"])
    (before,) = [told for each in extract["changes"] for told in each["before"] or () if told.startswith("健康情况")]
    assert before == "健康情况: 高血压 → 高血压\n青霉素过敏"
    installation.does("person", "delete", str(keep), "--apply")
    assert {each.ended_why for each in town.all(Resident)} == {DELETED}
    assert town.all(DataKey) == []
    assert {each.name for each in town.all(Resident)} == {"—"}


def test_the_journal_knows_that_it_was_and_nothing_about_her(town: Town, records: tuple[int, int]) -> None:
    merged(town, *records)
    with town.store.reading() as session:
        entries = session.exec(select(Journal).where(col(Journal.what).in_(["resident.merged", "resident.changed"])))
        told = {entry.what: (entry.subject_id, entry.data) for entry in entries}
    keep, other = records
    assert told["resident.merged"] == (other, {"into": keep})
    assert told["resident.changed"][1]["merged"] == other
    assert "青霉素" not in str(told)


def test_doubles_are_told_and_two_people_are_kept_apart(
    town: Town, records: tuple[int, int], installation: Installation
) -> None:
    keep, other = (str(each) for each in records)
    (double,) = installation.does("person", "doubles")
    assert (str(double["one"]), str(double["other"])) == (keep, other)
    assert "姓名" in installation.ask("person", "doubles").output
    for _ in range(2):
        assert "两个人" in installation.ask("person", "apart", keep, other).output
    assert installation.does("person", "doubles") == []
    assert "没有发现" in installation.ask("person", "doubles").output
    assert kept_apart(town) == [(ActorKind.SYSTEM, None, records[0], {"other": records[1]})]


def test_one_record_with_itself_or_with_one_that_is_not_there_is_not_two_people(
    town: Town, records: tuple[int, int], installation: Installation
) -> None:
    keep, other = (str(each) for each in records)
    assert "同一份档案" in installation.is_refused("person", "apart", keep, keep)
    assert "没有这个居民编号" in installation.is_refused("person", "apart", keep, "99999")
    installation.does("person", "merge", keep, other)
    third = str(town.resident("张玉珍", "02367001007"))
    assert "已经停用" in installation.is_refused("person", "apart", third, other)
    assert town.all(ResidentsApart) == []
    assert kept_apart(town) == []


def kept_apart(town: Town) -> list[tuple[ActorKind, int | None, int, dict[str, Any]]]:
    with town.store.reading() as session:
        entries = session.exec(select(Journal).where(Journal.what == "resident.kept_apart")).all()
    return [(entry.actor, entry.actor_id, entry.subject_id, entry.data) for entry in entries]
