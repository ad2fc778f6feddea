from datetime import date, time
from typing import Any

import pytest
from sqlmodel import col, select

from registry import past
from registry.absences import Absence
from registry.areas import add_area
from registry.drafts import MerchantChange, MerchantDraft, read
from registry.errors import NotFound, Refused, StaleVersion
from registry.merchants import MerchantCard, change_merchant, find_merchants, merchant_card, merchants_by_number
from registry.models import Channel, Merchant, MerchantKind, MerchantPast
from registry.store import Scope, Store
from registry.store.journal import Journal
from tests.registry.town import OPERATOR, contract, merchant


def card(store: Store, scope: Scope, merchant_id: int) -> MerchantCard:
    with store.reading() as session:
        return merchant_card(session, scope, merchant_id)


def change(store: Store, scope: Scope, merchant_id: int, seen: int, **fields: Any) -> int:
    with store.writing() as session:
        draft = read(MerchantChange, fields)
        return change_merchant(session, scope, merchant_id, draft, seen_version=seen, actor=OPERATOR).version


def names(store: Store, scope: Scope, *q: str, **wanted: Any) -> list[str]:
    with store.reading() as session:
        return [one.name for one in find_merchants(session, scope, *q, **wanted)[1]]


def test_a_card_shows_everything_that_was_registered(store: Store, scope: Scope) -> None:
    shop = merchant(
        store,
        scope,
        name="仁安药房",
        address="青石里街3号",
        licence_number="YD-1",
        licence_expires="2027-06-30",
        capacity=3,
        first_channel="voice",
        numbers=[
            {"channel": "voice", "number": "67008004"},
            {"channel": "sms", "number": "19300234004"},
            {"channel": "voice", "number": "023-67008005"},
            {"channel": "voice", "number": "67008004"},
        ],
        hours=[
            {"weekday": 6, "opens": "20:00", "closes": "08:00"},
            {"weekday": 0, "opens": "08:30", "closes": "12:00"},
        ],
        contracts=[contract(services=["medicine", "clinic"], radius=None)],
    )
    shown = card(store, scope, shop)
    row = shown.merchant
    assert (row.name, row.kind, row.capacity, row.first_channel) == ("仁安药房", "pharmacy", 3, Channel.VOICE)
    assert row.licence_expires == date(2027, 6, 30)
    assert [(one.channel, one.rank, one.number) for one in shown.numbers] == [
        (Channel.SMS, 1, "+8619300234004"),
        (Channel.VOICE, 1, "+862367008004"),
        (Channel.VOICE, 2, "+862367008005"),
    ]
    assert [(one.weekday, one.opens, one.closes) for one in shown.hours] == [
        (0, time(8, 30), time(12)),
        (6, time(20), time(8)),
    ]
    (agreed,) = shown.contracts
    assert (agreed.valid_from, agreed.valid_until, agreed.radius) == (date(2026, 1, 1), date(2026, 12, 31), None)
    assert agreed.services == ("clinic", "medicine")


def test_a_change_names_its_fields_and_one_that_changes_nothing_leaves_no_trace(store: Store, scope: Scope) -> None:
    shop = merchant(store, scope, name="仁安药房")
    before = card(store, scope, shop)
    same = {
        "name": "仁安药房",
        "numbers": [{"channel": "voice", "number": "023 6700 8001"}, {"channel": "sms", "number": "+8619300234001"}],
        "contracts": [contract()],
        "suspended_why": None,
    }
    assert change(store, scope, shop, 1, **same) == 1
    assert change(store, scope, shop, 1, suspended_why="整改中", contracts=[contract(), contract(radius=500)]) == 2
    after = card(store, scope, shop)
    assert (after.merchant.suspended_at, after.merchant.suspended_why) == (store.clock.now(), "整改中")
    assert after.contracts[0] == before.contracts[0]  # the one that stays keeps its row
    assert after.contracts[1].radius == 500
    assert change(store, scope, shop, 2, suspended_why=None, hours=[], contracts=[contract(radius=500)]) == 3
    cleared = card(store, scope, shop)
    assert (cleared.merchant.suspended_at, cleared.hours) == (None, ())
    assert cleared.contracts == after.contracts[1:]
    with store.reading() as session:
        entries = session.exec(select(Journal).order_by(Journal.seq)).all()  # type: ignore[arg-type]
    assert [(entry.what, entry.data.get("fields")) for entry in entries] == [
        ("merchant.created", None),
        ("merchant.changed", ["contracts", "suspended"]),
        ("merchant.changed", ["contracts", "hours", "suspended"]),
    ]


def test_another_fee_or_condition_is_another_version_and_the_same_ones_are_none(store: Store, scope: Scope) -> None:
    agreed = contract(fee="每次5元", conditions="处方药凭处方")
    shop = merchant(store, scope, name="仁安药房", contracts=[agreed])
    (before,) = card(store, scope, shop).contracts
    assert change(store, scope, shop, 1, contracts=[agreed]) == 1
    assert [one.id for one in card(store, scope, shop).contracts] == [before.id]
    assert change(store, scope, shop, 1, contracts=[agreed | {"fee": "每次8元"}]) == 2
    assert change(store, scope, shop, 2, contracts=[agreed | {"fee": "每次8元", "conditions": ""}]) == 3
    (after,) = card(store, scope, shop).contracts
    assert (after.fee, after.conditions) == ("每次8元", "")


STAFF = [{"name": "李䶮", "number": "193 0023 4011"}, {"name": "陈静", "away": {"last": "2026-03-04"}}]


def test_staff_are_replaced_as_a_list_and_who_stays_keeps_her_row(store: Store, scope: Scope) -> None:
    shop = merchant(store, scope, name="仁安药房", staff=STAFF)
    before = card(store, scope, shop).staff
    assert [(one.name, one.number, one.away, one.away_first, one.away_last) for one in before] == [
        ("李䶮", "+8619300234011", False, None, None),
        ("陈静", None, True, None, date(2026, 3, 4)),
    ]
    assert change(store, scope, shop, 1, staff=list(reversed(STAFF))) == 1
    assert change(store, scope, shop, 1, staff=[{"name": "陈静", "number": "67008001"}, {"name": "王五"}]) == 2
    after = card(store, scope, shop).staff
    assert [(one.name, one.number, one.away, one.away_last) for one in after] == [
        ("陈静", "+862367008001", False, None),
        ("王五", None, False, None),
    ]
    assert after[0].id == before[1].id
    assert change(store, scope, shop, 2, staff=[]) == 3
    assert card(store, scope, shop).staff == ()


def test_of_staff_the_journal_and_earlier_versions_know_no_name_and_no_number(store: Store, scope: Scope) -> None:
    shop = merchant(store, scope, name="仁安药房", staff=STAFF)
    change(store, scope, shop, 1, staff=[])
    with store.reading() as session:
        entries = session.exec(select(Journal).order_by(col(Journal.seq))).all()
        (kept,) = session.exec(select(MerchantPast)).all()
        (then,) = past.facts_then(session, [shop], store.clock.now(), {shop: 1})
    assert [entry.data for entry in entries] == [{}, {"fields": ["staff"], "version": 2}]
    assert "陈静" not in str(kept.facts)
    assert "19300234011" not in str(kept.facts)
    assert then.staff == (None, Absence(last=date(2026, 3, 4)))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("wrong", "field", "key"),
    [
        ({"name": ""}, "staff.1.name", "required"),
        ({"name": "李伟2"}, "staff.1.name", "staff_name"),
        ({"name": "李伟；王五"}, "staff.1.name", "staff_name"),
        ({"name": "王五", "number": "没有"}, "staff.1.number", "no_number"),
        ({"name": "王五", "number": "67008001 67008002"}, "staff.1.number", "several_numbers"),
        (
            {"name": "王五", "away": {"first": "2026-03-03", "last": "2026-03-02"}},
            "staff.1.away",
            "ends_before_it_begins",
        ),
        ({"name": "陈静"}, "staff", "named_twice"),
    ],
)
def test_what_is_wrong_with_staff_is_said(
    store: Store, scope: Scope, wrong: dict[str, Any], field: str, key: str
) -> None:
    with pytest.raises(Refused) as refused:
        merchant(store, scope, name="仁安药房", staff=[{"name": "陈静"}, wrong])
    assert [(one.field, one.key) for one in refused.value.problems] == [(field, key)]


def test_contracts_stand_in_the_order_in_which_they_were_given_each_once(store: Store, scope: Scope) -> None:
    given = [contract(radius=radius) for radius in (900, 1000, None, 900)]
    shop = merchant(store, scope, name="仁安药房", contracts=given)
    assert [one.radius for one in card(store, scope, shop).contracts] == [900, 1000, None]


def test_a_stale_edit_is_refused(store: Store, scope: Scope) -> None:
    shop = merchant(store, scope, name="仁安药房")
    change(store, scope, shop, 1, capacity=2)
    with pytest.raises(StaleVersion) as raised:
        change(store, scope, shop, 1, capacity=3)
    assert raised.value.values == {"subject": "merchant", "now": 2, "seen": 1}


def test_merchants_are_found_by_name_address_number_kind_and_service(store: Store, scope: Scope) -> None:
    merchant(store, scope, name="仁安药房", address="青石里街3号")
    shop = {"kind": "shop", "address": "100%路", "contracts": [contract(services=["groceries"])]}
    merchant(store, scope, name="福星便民店", **shop, numbers=[{"channel": "sms", "number": "19300234010"}])
    assert names(store, scope) == sorted(["仁安药房", "福星便民店"])
    assert names(store, scope, "药房") == ["仁安药房"]
    assert names(store, scope, "青石里") == ["仁安药房"]
    assert names(store, scope, "0193 0023 4010") == ["福星便民店"]
    assert names(store, scope, "100%") == ["福星便民店"]
    assert names(store, scope, "%") == ["福星便民店"]
    assert names(store, scope, "\x00'\udcff;--") == []
    assert names(store, scope, kind=MerchantKind.SHOP) == ["福星便民店"]
    assert names(store, scope, service_code="medicine") == ["仁安药房"]
    assert len(names(store, scope, limit=1)) == 1


def test_all_shops_of_one_owner_are_found_by_her_number(store: Store, scope: Scope, centre_id: int) -> None:
    number = [{"channel": "sms", "number": "19300234001"}, {"channel": "voice", "number": "19300234001"}]
    shops = [merchant(store, scope, name=name, numbers=number) for name in ("仁安药房", "仁安水站")]
    with store.reading() as session:
        assert [one.id for one in merchants_by_number(session, centre_id, "+8619300234001")] == shops
        assert merchants_by_number(session, centre_id, "+8619300234009") == []
        assert merchants_by_number(session, centre_id + 1, "+8619300234001") == []


def test_another_areas_merchant_is_not_shown_and_not_changed(store: Store, centre_id: int, scope: Scope) -> None:
    with store.writing() as session:
        east, west = add_area(session, centre_id, "E", "东"), add_area(session, centre_id, "W", "西")
    shop = merchant(store, scope, name="仁安药房", area_id=east.id)
    desk = Scope(centre_id, west.path)
    assert names(store, desk) == []
    with pytest.raises(NotFound):
        card(store, desk, shop)
    with pytest.raises(NotFound):
        change(store, desk, shop, 1, capacity=1)
    assert names(store, Scope(centre_id, east.path)) == ["仁安药房"]


def test_everything_wrong_with_a_merchant_is_said_at_once(store: Store, scope: Scope) -> None:
    with pytest.raises(Refused) as raised:
        read(
            MerchantDraft,
            {
                "name": "",
                "kind": "bakery",
                "hours": [{"weekday": 7, "opens": "25:00", "closes": "08:00+08:00"}],
                "contracts": [contract(services=[]), contract(valid_until="2025-01-01"), contract(radius=0)],
                "capacity": -1,
            },
        )
    assert {one.field: one.key for one in raised.value.problems} == {
        "name": "required",
        "kind": "not_one_of",
        "hours.0.weekday": "out_of_range",
        "hours.0.opens": "not_a_time",
        "hours.0.closes": "not_a_time",
        "contracts.0.services": "required",
        "contracts.1": "ends_before_it_begins",
        "contracts.2.radius": "out_of_range",
        "capacity": "out_of_range",
    }
    with pytest.raises(Refused) as raised:
        merchant(
            store,
            scope,
            name="仁安药房",
            area_id=99,
            numbers=[{"channel": "sms", "number": "none"}],
            contracts=[contract(services=["medicine", "flowers"], areas=[99])],
        )
    assert {one.field: one.key for one in raised.value.problems} == {
        "area_id": "unknown",
        "numbers.0.number": "no_number",
        "contracts.0.services": "unknown",
        "contracts.0.areas": "unknown",
    }
    with store.reading() as session:
        assert session.exec(select(Merchant)).all() == []


def test_a_merchant_as_it_was_kept_before_contracts_told_a_fee_is_read(store: Store, scope: Scope) -> None:
    shop = merchant(store, scope, name="仁安药房")
    with store.writing() as session:
        row = session.lock(Merchant, shop)
        assert row is not None
        kept = past.as_it_is(session, row)
        kept.facts = kept.facts | {"contracts": [each[:5] for each in kept.facts["contracts"]]}
        session.add(kept)
    with store.reading() as session:
        (then,) = past.facts_then(session, [shop], store.clock.now(), {shop: 1})
    assert [(one.radius, one.fee) for one in then.contracts] == [(3000, "")]
