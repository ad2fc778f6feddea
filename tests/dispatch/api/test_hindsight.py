"""Why not this shop, and what if: answered for a past case from its sheet and the merchants' rows as they were."""

from typing import Any

import pytest

from dispatch.models import Case, DecisionSheet, Operator
from registry import candidates
from registry.drafts import MerchantChange, read
from registry.merchants import change_merchant, resume, suspend
from registry.models import Merchant, MerchantKind
from registry.store import Actor, Role
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town

BY_DAY = {"hours": [{"weekday": day, "opens": "08:00", "closes": "20:00"} for day in range(7)]}
ELSEWHERE = (29.6500, 106.5050)  # 13 km north


def changes(town: Town, merchant_id: int, **wish: Any) -> None:
    with town.store.writing() as session:
        merchant = session.get(Merchant, merchant_id)
        assert merchant is not None
        change = read(MerchantChange, wish)
        seen = merchant.version
        change_merchant(session, town.desk.scope, merchant_id, change, seen_version=seen, actor=Actor.system())


def served(town: Town, number: str) -> None:
    town.dispatch(number)
    town.answer_by_word_of_mouth(number, "accept")
    town.reports(number, "done")
    town.close(number)


def names(view: dict[str, Any], of: str = "candidates") -> list[str]:
    return [one["merchant"]["name"] for one in view[of]]


def keys(reasons: list[dict[str, Any]]) -> list[str]:
    return [reason["key"] for reason in reasons]


def test_a_past_decision_is_told_from_the_rows_as_they_were(town: Town, supervisor: Console) -> None:
    chosen = town.merchant("康宁药房", sms="+8613900000001")
    by_day = town.merchant("白日药房", sms="+8613900000002", position=(29.5400, 106.5120))
    changes(town, by_day, **BY_DAY)
    number = town.open(town.resident())
    served(town, number)
    (line,) = supervisor.get(f"cases/{number}/sheets")
    assert (line["able"], line["unable"], [one["id"] for one in line["asked"]]) == (2, 0, [chosen])
    before = supervisor.get(f"cases/{number}/hindsight")
    kept = town.all(DecisionSheet)[0].body
    assert (before["candidates"], before["excluded"]) == (kept["candidates"], kept["excluded"])

    town.passes(hours=2)
    changes(town, by_day, contracts=[])
    changes(town, chosen, latitude=ELSEWHERE[0], longitude=ELSEWHERE[1], name="新康宁")
    suspended(town, by_day)
    later = town.merchant("后来药房", sms="+8613900000003")
    assert supervisor.get(f"cases/{number}/hindsight") == before
    why = supervisor.get(f"cases/{number}/hindsight", merchant_id=by_day)["why"]
    assert (why["place"], why["changed_since"]) == (2, True)
    assert supervisor.get(f"cases/{number}/hindsight", merchant_id=later)["why"] is None

    at_night = supervisor.get(f"cases/{number}/hindsight", at="2026-03-02T21:30:00+08:00", merchant_id=by_day)
    assert (names(at_night), names(at_night, "excluded")) == (["康宁药房"], ["白日药房"])
    assert (at_night["changed"], at_night["at"]) == (["at"], "2026-03-02T21:30:00+08:00")
    assert keys(at_night["why"]["reasons"]) == ["reason.closed"]
    assert len(town.all(DecisionSheet)) == 1


def test_staff_count_as_they_were_when_it_was_decided(town: Town, supervisor: Console) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    away = town.merchant("家庭药房", sms="+8613900000002", staff=[{"name": "李伟", "away": {"last": "2026-03-02"}}])
    number = town.open(town.resident())
    served(town, number)
    changes(town, away, staff=[{"name": "李伟"}])
    why = supervisor.get(f"cases/{number}/hindsight", merchant_id=away)["why"]
    assert (keys(why["reasons"]), why["changed_since"]) == (["reason.staff_away"], True)
    later = supervisor.get(f"cases/{number}/hindsight", merchant_id=away, at="2026-03-03T10:00:00+08:00")
    assert (later["why"]["place"], names(later, "excluded")) == (2, [])


def test_how_many_were_not_listed_is_told_as_it_was_kept(
    town: Town, supervisor: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "FARTHER", 1)
    town.merchant("康宁药房", sms="+8613900000001")
    for number in range(3):
        town.merchant(f"河对岸药房{number}", sms=f"+861390000001{number}", position=(29.5970, 106.5050))
    number = town.open(town.resident())
    town.dispatch(number)
    told = supervisor.get(f"cases/{number}/hindsight")
    assert (len(told["excluded"]), told["more_excluded"], told["more_excluded_by"]) == (1, 2, {"too_far": 2})
    at_night = supervisor.get(f"cases/{number}/hindsight", at="2026-03-02T21:30:00+08:00")
    assert (at_night["more_excluded"], at_night["more_excluded_by"]) == (2, {"too_far": 2})
    (line,) = supervisor.get(f"cases/{number}/sheets")
    assert line["unable"] == 3


def suspended(town: Town, merchant_id: int) -> None:
    with town.store.writing() as session:
        merchant = session.lock(Merchant, merchant_id)
        assert merchant is not None
        suspend(session, merchant, "牌照在查", None, Actor.system())
        resume(session, merchant, Actor.system())


def test_another_place_priority_and_another_kind_of_shop(town: Town, supervisor: Console) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    town.merchant("北街药房", sms="+8613900000002", position=ELSEWHERE)
    clinic = town.merchant("青石诊所", voice="+8613900000003", kind=MerchantKind.CLINIC, services=("clinic",))
    her = town.resident()
    number = town.open(her)
    served(town, number)
    there = supervisor.get(f"cases/{number}/hindsight", latitude=ELSEWHERE[0], longitude=ELSEWHERE[1])
    assert (names(there), there["changed"]) == (["北街药房"], ["place"])
    neighbour = town.resident(name="李桂兰", number="+862367001002", latitude=ELSEWHERE[0], longitude=ELSEWHERE[1])
    assert names(supervisor.get(f"cases/{number}/hindsight", home_of=neighbour)) == ["北街药房"]
    urgent = supervisor.get(f"cases/{number}/hindsight", priority="urgent")
    assert (urgent["priority"], urgent["minutes"], names(urgent)) == ("urgent", 3, ["康宁药房"])
    why = supervisor.get(f"cases/{number}/hindsight", merchant_id=clinic)["why"]
    assert keys(why["reasons"]) == ["reason.other_kind", "reason.contract_does_not_cover_service"]


def test_who_had_declined_and_who_was_full_is_so_in_hindsight_too(town: Town, supervisor: Console) -> None:
    first = town.merchant("康宁药房", sms="+8613900000001", capacity=1)
    town.merchant("同心药店", sms="+8613900000002", position=(29.5400, 106.5120))
    her = town.resident()
    busy = town.open(her)
    town.dispatch(busy)
    town.answer_by_word_of_mouth(busy, "accept")
    number = town.open(her, words="第二件")
    town.dispatch(number)
    town.answer_by_word_of_mouth(number, "decline")
    with town.store.writing() as session:  # the first job is over long ago when somebody asks
        case = session.lock(Case, town.case(busy).id or 0)
        assert case is not None
    town.reports(busy, "done")
    town.close(busy)
    oldest = supervisor.get(f"cases/{number}/sheets")[-1]
    why = supervisor.get(f"cases/{number}/hindsight", sheet_id=oldest["id"], merchant_id=first)["why"]
    assert keys(why["reasons"]) == ["reason.at_capacity"]
    newest = supervisor.get(f"cases/{number}/hindsight")
    assert set(keys(newest["excluded"][-1]["reasons"])) & {"reason.declined_already", "reason.asked_already"}


def test_what_cannot_be_asked_is_said(town: Town, console: Console, colleague: Console) -> None:
    number = town.open(town.resident())
    assert console.get(f"cases/{number}/hindsight", 403)["key"] == "not_allowed"
    with town.store.writing() as session:
        operator = session.lock(Operator, town.desk.operator_id)
        assert operator is not None
        operator.role = Role.SUPERVISOR
    assert console.get(f"cases/{number}/sheets") == []
    assert console.get(f"cases/{number}/hindsight", 404)["values"]["subject"] == "sheet"
    console.get(f"cases/{number}/candidates")
    assert console.get(f"cases/{number}/hindsight", 422, latitude=29.5)["values"]["field"] == "longitude"
    assert console.get(f"cases/{number}/hindsight", 404, merchant_id=99)["values"]["subject"] == "merchant"
    assert console.get(f"cases/{number}/hindsight", 404, home_of=99)["values"]["subject"] == "resident"
    assert console.get(f"cases/{number}/hindsight", 422, at="9999-01-01T00:00:00Z")["values"]["field"] == "at"
    assert console.get(f"cases/{number}/hindsight", 404, sheet_id=99)
    assert console.get("cases/TL-20260302-9999/hindsight", 404)
