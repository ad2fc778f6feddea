import csv
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from registry.areas import add_area
from registry.models import AccessLog, Group
from registry.sheets import export
from registry.sheets.record import Outcome
from registry.sheets.wanted import ResidentsWanted
from registry.sheets.writing import write
from registry.store import Scope, Store
from registry.vault import Vault
from tests.registry.sheets.desk import Desk
from tests.registry.town import contract, merchant, resident

STAFF = [
    {"name": "=李 䶮", "number": "19300234011"},
    {"name": "Ann Hathaway", "number": "+85221234567"},
    {"name": "阿卜杜热依木·买买提", "away": {"first": "2026-02-16", "last": "2026-03-02"}},
    {"name": "陈静", "number": "67008001", "away": {"first": "2026-02-16"}},
    {"name": "王五（大）", "away": {"last": "2026-03-02"}},
    {"name": "王五（小）", "away": {"first": "2026-03-02", "last": "2026-03-02"}},
    {"name": "孙七", "away": {}},
]


@pytest.fixture
def town(store: Store, scope: Scope, vault: Vault) -> None:
    """Everything that makes a round trip hard."""
    with store.writing() as session:
        area = add_area(session, scope.centre_id, "500103001", "青石里社区")
    pharmacy = merchant(store, scope, name="仁安药房", area_id=area.id, address="=1+1", capacity=3, staff=STAFF)
    shops = [merchant(store, scope, name="同名 店", kind="shop", contracts=[]) for _ in range(2)]
    paid = contract(services=["gas"], areas=[area.id], fee="=5元", conditions="先报修，后上门")
    merchant(store, scope, name="=HYPERLINK(1)", kind="gas", contracts=[paid])
    people: list[dict[str, Any]] = [
        {
            "name": "王 秀英",
            "called": "无",
            "gender": "female",
            "born": "1944-03-12",
            "identity_number": "500103194403120025",
            "area_id": area.id,
            "community": "青石里",
            "building": "5栋",
            "unit": "２",
            "door": "0502",
            "entrance_note": "-",
            "latitude": 29.534627,
            "longitude": 106.503673,
            "dialect": "+重庆话",
            "hearing": "hard",
            "sight": "poor",
            "care_level": 2,
            "consented_on": "2026-03-01",
            "consented_by": "=本人",
            "visited_on": "2025-11-30",
            "visited_by": "李芳",
            "groups": ["living_alone", "childless"],
            "health_note": "高血压\n对青霉素过敏",
            "medicines": "=缬沙坦\n阿司匹林",
            "allergies": "无",
            "lift": False,
            "lock": "#2580",
            "dog": "有",
            "lines": [
                {"number": "67001001"},
                {"number": "19900231001", "kind": "landline"},
                {"number": "+85221234567"},
                {"number": "801"},
                {"number": "19800235004", "kind": "button", "device_id": "B-1"},
                {"number": "19800235005", "kind": "button"},
            ],
            "contacts": [
                {"name": f"林 {character}", "relation": "子女", "number": f"1770023200{place}", "has_key": place == 1}
                for place, character in enumerate("一二三四五六七")
            ],
            "usual_merchants": {"pharmacy": pharmacy, "shop": shops[1]},
        },
        {"name": "王秀英", "born": "1944-03-12", "community": "青石里", "building": "5", "door": "502"},
        {"name": "=cmd|' /C calc'!A0", "entrance_note": "'quoted", "lines": [{"number": "801"}]},
        {"name": "O'Brien; DROP TABLE resident", "contacts": [{"name": "@SUM", "number": "010-62345678-802"}]},
        {"name": "阿卜杜热依木·买买提"},
    ]
    for fields in people:
        resident(store, scope, vault, **fields)


def exported(desk: Desk, kind: str, suffix: str, language: str, *, sealed: bool) -> Path:
    path = desk.folder / f"{kind}-{language}{suffix}"
    columns = export.columns_of(kind, sealed=sealed)
    rows = export.rows(desk.store, desk.scope, kind, language, desk.vault if sealed else None)
    headings = [column.heading(language) for column in columns]
    write(path, headings, ([texts.get(column.key, "") for column in columns] for texts in rows))
    return path


@pytest.mark.parametrize(("suffix", "language", "sealed"), [(".xlsx", "zh", True), (".csv", "en", False)])
def test_what_goes_out_comes_in_again_as_the_same(
    desk: Desk, town: None, suffix: str, language: str, sealed: bool
) -> None:
    for kind, count in (("residents", 5), ("merchants", 4), ("contracts", 2)):
        review = desk.review(exported(desk, kind, suffix, language, sealed=sealed), kind)
        assert (review.findings, review.changed, review.unread) == ([], [], ())
        assert review.counts == {Outcome.SAME: count}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_contract_costs_and_asks_for_goes_out_with_it(desk: Desk, town: None) -> None:
    rows = export.rows(desk.store, desk.scope, "contracts", "zh", None)
    assert [(row["fee"], row["conditions"]) for row in rows] == [("", ""), ("=5元", "先报修，后上门")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_spreadsheet_program_reckons_with_nothing_in_it(desk: Desk, town: None) -> None:
    for kind in ("residents", "merchants", "contracts"):
        with exported(desk, kind, ".csv", "zh", sealed=True).open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file):
                assert [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_sealed_goes_out_only_when_asked_for_and_everybody_is_in_the_access_log(
    desk: Desk, store: Store, town: None
) -> None:
    text = exported(desk, "residents", ".csv", "zh", sealed=False).read_text()
    assert "王 秀英" in text
    assert not any(secret in text for secret in ("500103194403120025", "青霉素", "缬沙坦"))
    with store.reading() as session:
        assert [row.what for row in session.exec(select(AccessLog))] == ["export"] * 5


def test_only_the_residents_whom_a_supervisor_wants_go_out(
    desk: Desk, store: Store, scope: Scope, vault: Vault
) -> None:
    alone, forgets = Group.LIVING_ALONE, Group.DEMENTIA
    for name, groups, level in (
        ("王秀英", [alone], 2),
        ("李建国", [alone], 1),
        ("赵德明", [forgets], 4),
        ("陈", [], 4),
    ):
        resident(store, scope, vault, name=name, groups=groups, care_level=level)

    def who(*groups: Group, care_level: int = 0) -> list[str]:
        chosen = ResidentsWanted(groups=groups, care_level=care_level).who(store.clock.now().date(), ZoneInfo("UTC"))
        return [texts["name"] for texts in export.rows(store, scope, "residents", "zh", None, chosen)]

    assert who(alone) == ["王秀英", "李建国"]
    assert who(alone, forgets, care_level=2) == ["王秀英", "赵德明"]
    assert who(care_level=3) == ["赵德明", "陈"]
    with store.reading() as session:
        assert len(session.exec(select(AccessLog)).all()) == 6


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_area_goes_out_with_what_lies_below_it(desk: Desk, store: Store, scope: Scope, vault: Vault) -> None:
    with store.writing() as session:
        east = add_area(session, scope.centre_id, "E", "东街道")
        quarter = add_area(session, scope.centre_id, "E1", "东一社区", east.id)
        west = add_area(session, scope.centre_id, "W", "西街道")
    resident(store, scope, vault, name="王秀英", area_id=quarter.id)
    resident(store, scope, vault, name="李建国", area_id=west.id)
    rows = export.rows(store, export.within(store, scope, "东街道"), "residents", "zh", None)
    assert [texts["name"] for texts in rows] == ["王秀英"]
