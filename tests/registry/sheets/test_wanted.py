from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from registry.home_visits import HomeVisitDays
from registry.models import Hearing, MerchantKind, Sight
from registry.sheets import export
from registry.sheets.record import Outcome
from registry.sheets.wanted import Lack, MerchantsWanted, ResidentsWanted
from registry.sheets.writing import write
from registry.store import Scope, Store
from registry.vault import Vault
from tests.registry.sheets.desk import Desk
from tests.registry.town import contract, merchant, resident

TODAY, ZONE = date(2026, 3, 1), ZoneInfo("Asia/Shanghai")


@pytest.fixture
def people(store: Store, scope: Scope, vault: Vault) -> None:
    pharmacy = merchant(store, scope, name="仁安药房")
    key = {"name": "林一", "number": "17700232001", "has_key": True}
    everybody: list[dict[str, Any]] = [
        {
            "name": "王秀英",
            "born": "1946-03-01",
            "consented_on": "2026-01-15",
            "visited_on": "2026-01-10",
            "lines": [{"number": "67001001"}],
            "contacts": [key],
            "usual_merchants": {"pharmacy": pharmacy},
            "community": "青石里",
            "building": "5",
        },
        {
            "name": "李建国",
            "born": "1946-03-02",
            "visited_on": "2025-11-30",
            "lines": [{"number": "67001002"}],
            "contacts": [key | {"has_key": False}],
            "hearing": "deaf",
            "community": "青石里",
            "building": "6",
        },
        {"name": "赵德明", "sight": "blind", "dialect": "重庆话", "language": "en", "consented_on": "2026-01-15"},
    ]
    for fields in everybody:
        resident(store, scope, vault, **fields)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, "王秀英 李建国 赵德明"),
        ({"consented": True}, "王秀英 赵德明"),
        ({"without": (Lack.CONSENT,)}, "李建国"),
        ({"without": (Lack.NUMBER,)}, "赵德明"),
        ({"without": (Lack.CONTACT,)}, "赵德明"),
        ({"without": (Lack.KEY,)}, "李建国 赵德明"),
        ({"without": (Lack.KEY, Lack.CONSENT)}, "李建国"),
        ({"without_usual": (MerchantKind.PHARMACY,)}, "李建国 赵德明"),
        ({"not_visited_since": date(2026, 1, 10)}, "李建国 赵德明"),
        ({"not_visited_since": date(2026, 1, 11)}, "王秀英 李建国 赵德明"),
        ({"visit_due": HomeVisitDays(level_0_days=60)}, "李建国"),
        ({"age_from": 80}, "王秀英"),
        ({"age_to": 79}, "李建国"),
        ({"age_from": 79, "age_to": 80}, "王秀英 李建国"),
        ({"hearing": Hearing.DEAF}, "李建国"),
        ({"sight": Sight.BLIND}, "赵德明"),
        ({"speaks": "en"}, "赵德明"),
        ({"dialect": "重庆话"}, "赵德明"),
        ({"community": "青石里"}, "王秀英 李建国"),
        ({"community": "青石里", "building": "6"}, "李建国"),
    ],
)
def test_only_those_of_whom_everything_holds_go_out(
    store: Store, scope: Scope, people: None, wanted: dict[str, Any], names: str
) -> None:
    who = ResidentsWanted(**wanted).who(TODAY, ZONE)
    assert [row["name"] for row in export.rows(store, scope, "residents", "zh", None, who)] == names.split()


def test_those_changed_since_an_instant_go_out(store: Store, scope: Scope, people: None) -> None:
    def count(since: timedelta) -> int:
        who = ResidentsWanted(changed_since=store.clock.now() + since).who(TODAY, ZONE)
        return len(list(export.rows(store, scope, "residents", "zh", None, who)))

    assert (count(timedelta(hours=-1)), count(timedelta(hours=1))) == (3, 0)


def test_somebody_born_on_29_february_is_a_year_older_on_1_march(store: Store, scope: Scope, vault: Vault) -> None:
    resident(store, scope, vault, name="陈静", born="1944-02-29")

    def of_82(today: date) -> int:
        who = ResidentsWanted(age_from=82).who(today, ZONE)
        return len(list(export.rows(store, scope, "residents", "zh", None, who)))

    assert (of_82(date(2026, 2, 28)), of_82(date(2026, 3, 1))) == (0, 1)
    assert of_82(date(2028, 2, 29)) == 1


def test_what_was_filtered_comes_in_again_as_the_same(desk: Desk, people: None) -> None:
    columns = export.columns_of("residents", sealed=False)
    who = ResidentsWanted(without=(Lack.KEY,)).who(TODAY, ZONE)
    rows = export.rows(desk.store, desk.scope, "residents", "zh", None, who)
    path = desk.folder / "some.csv"
    write(path, [one.heading("zh") for one in columns], ([row.get(one.key, "") for one in columns] for row in rows))
    assert desk.review(path, "residents").counts == {Outcome.SAME: 2}


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"kinds": (MerchantKind.SHOP, MerchantKind.GAS)}, "便民店 燃气站"),
        ({"licence_before": date(2026, 6, 1)}, "仁安药房"),
        ({"contract_before": date(2026, 7, 1)}, "便民店"),
        ({"kinds": (MerchantKind.GAS,), "licence_before": date(2026, 6, 1)}, ""),
    ],
)
def test_only_the_merchants_of_which_everything_holds_go_out(
    store: Store, scope: Scope, wanted: dict[str, Any], names: str
) -> None:
    merchant(store, scope, name="仁安药房", licence_expires="2026-05-31")
    merchant(store, scope, name="便民店", kind="shop", contracts=[contract(valid_until="2026-06-30")])
    merchant(store, scope, name="燃气站", kind="gas", licence_expires="2026-06-01")
    who = MerchantsWanted(**wanted).who()
    assert [row["name"] for row in export.rows(store, scope, "merchants", "zh", None, who)] == names.split()
