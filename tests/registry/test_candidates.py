from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from registry import candidates, centres
from registry.areas import add_area
from registry.candidates import gather, need_for
from registry.errors import NotFound
from registry.matching import Match, Need, Weights, match
from registry.models import Merchant
from registry.store import Scope, Store
from registry.vault import Vault
from tests.registry.plans import listening, whole_tables
from tests.registry.town import contract, merchant, resident

HOME = {"latitude": 29.534627, "longitude": 106.503673}


def north(metres: float) -> dict[str, float]:
    return {"latitude": HOME["latitude"] + metres / 111_195, "longitude": HOME["longitude"]}


def need(store: Store, scope: Scope, code: str = "medicine", **how: Any) -> Need:
    with store.reading() as session:
        service = centres.service(session, scope.centre_id, code)
        return need_for(session, scope, service, store.clock.now(), **how)


def decided(store: Store, scope: Scope, wanted: Need) -> Match:
    with store.reading() as session:
        merchants, farther = gather(session, scope, wanted)
        return match(wanted, merchants, Weights(), "7", farther=farther)


def outcome(store: Store, scope: Scope, wanted: Need) -> tuple[list[str], dict[str, list[str]]]:
    result = decided(store, scope, wanted)
    return [one.merchant.name for one in result.candidates], {
        one.merchant.name: [reason.key for reason in one.reasons] for one in result.excluded
    }


@pytest.fixture
def wang(store: Store, scope: Scope, vault: Vault) -> int:
    return resident(store, scope, vault, name="王秀英", **HOME)


def test_what_is_in_the_database_decides(store: Store, scope: Scope, wang: int) -> None:
    merchant(store, scope, name="near", **north(200), capacity=5, licence_expires="2026-03-02")
    merchant(store, scope, name="far", **north(2800), first_channel="voice")
    merchant(store, scope, name="too far", **north(3300))
    merchant(store, scope, name="beyond twice the radius", **north(6100))
    merchant(store, scope, name="closed", hours=[{"weekday": 0, "opens": "20:00", "closes": "08:00"}])
    merchant(store, scope, name="ended", contracts=[contract(valid_until="2026-03-01")])
    merchant(store, scope, name="other service", contracts=[contract(services=["clinic"])])
    merchant(store, scope, name="no contract", contracts=[])
    merchant(store, scope, name="suspended", suspended_why="整改中")
    merchant(store, scope, name="no number", numbers=[])
    merchant(store, scope, name="unlicensed", licence_expires="2026-03-01")
    merchant(store, scope, name="grocer", kind="shop", contracts=[contract(services=["groceries"])])
    chosen, excluded = outcome(store, scope, need(store, scope, resident_id=wang))
    assert chosen == ["near", "far"]
    assert excluded == {
        "too far": ["too_far"],
        "closed": ["closed"],
        "ended": ["contract_ended"],
        "other service": ["contract_does_not_cover_service"],
        "no contract": ["no_contract"],
        "suspended": ["suspended"],
        "no number": ["no_number"],
        "unlicensed": ["licence_expired"],
    }


def test_facts_are_read_as_they_were_written(store: Store, scope: Scope, wang: int) -> None:
    hours = [{"weekday": 6, "opens": "20:00", "closes": "08:00"}, {"weekday": 0, "opens": "08:30", "closes": "12:00"}]
    numbers = [{"channel": "voice", "number": n} for n in ("67008001", "67008002")]
    wanted = need(store, scope, resident_id=wang)
    shop = merchant(store, scope, name="仁安药房", address="青石里街3号", hours=hours, numbers=numbers, capacity=2)
    with store.reading() as session:
        (facts,) = gather(session, scope, replace(wanted, load={shop: 1})).merchants
    assert (facts.merchant_id, facts.name, facts.address, facts.load) == (shop, "仁安药房", "青石里街3号", 1)
    assert [(span.start // 3600, span.length // 1800) for span in facts.spans] == [(8, 7), (6 * 24 + 20, 24)]
    assert facts.numbers == {"voice": "+862367008001"}
    assert facts.contracts[0].services == {"medicine"}
    assert (facts.contracts[0].radius, facts.contracts[0].areas) == (3000, frozenset())


def test_load_and_refusals_come_from_the_caller(store: Store, scope: Scope, wang: int) -> None:
    full, refused, free = (merchant(store, scope, name=name, capacity=2) for name in ("full", "refused", "free"))
    how = {"resident_id": wang, "declined": frozenset({refused}), "load": {full: 2, free: 1}}
    chosen, excluded = outcome(store, scope, need(store, scope, **how))
    assert chosen == ["free"]
    assert excluded == {"full": ["at_capacity"], "refused": ["declined_already"]}


def test_her_usual_merchant_is_preferred_for_its_kind(store: Store, scope: Scope, vault: Vault) -> None:
    usual = merchant(store, scope, name="usual", **north(900))
    merchant(store, scope, name="nearest", **north(100))
    someone = resident(store, scope, vault, name="李建国", **HOME, usual_merchants={"pharmacy": usual})
    wanted = need(store, scope, resident_id=someone)
    assert wanted.usual == {usual}
    assert outcome(store, scope, wanted)[0] == ["usual", "nearest"]
    assert need(store, scope, "groceries", resident_id=someone).usual == frozenset()


def test_areas_of_a_contract_reach_where_no_radius_does(
    store: Store, scope: Scope, vault: Vault, centre_id: int
) -> None:
    with store.writing() as session:
        town = add_area(session, centre_id, "T", "镇")
        village = add_area(session, centre_id, "V", "村", town.id)
        other = add_area(session, centre_id, "O", "别处")
    someone = resident(store, scope, vault, name="李建国", area_id=village.id, **HOME)
    merchant(store, scope, name="for the town", **north(50_000), contracts=[contract(radius=None, areas=[town.id])])
    merchant(store, scope, name="for all", **north(60_000), contracts=[contract(radius=None)])
    merchant(
        store, scope, name="radius or area", **north(70_000), contracts=[contract(radius=500, areas=[village.id])]
    )
    merchant(store, scope, name="for others", contracts=[contract(radius=None, areas=[other.id])])
    wanted = need(store, scope, resident_id=someone)
    assert wanted.areas == (town.id, village.id)
    chosen, excluded = outcome(store, scope, wanted)
    assert chosen == ["for the town", "for all", "radius or area"]
    assert excluded == {"for others": ["contract_does_not_cover_area"]}


def test_somebody_registered_a_minute_ago_without_a_position_is_served_from_her_own_area(
    store: Store, scope: Scope, vault: Vault, centre_id: int
) -> None:
    with store.writing() as session:
        east, west = add_area(session, centre_id, "E", "东"), add_area(session, centre_id, "W", "西")
    someone = resident(store, scope, vault, name="李建国", area_id=east.id)
    merchant(store, scope, name="east", area_id=east.id)
    merchant(store, scope, name="west", area_id=west.id)
    merchant(store, scope, name="nowhere", latitude=None, longitude=None, area_id=west.id)
    chosen, excluded = outcome(store, scope, need(store, scope, resident_id=someone))
    assert chosen == ["east"]
    assert excluded == {"nowhere": ["position_unknown"]}


def test_a_case_elsewhere_is_measured_from_there_and_not_from_home(store: Store, scope: Scope, wang: int) -> None:
    merchant(store, scope, name="at home", **north(0))
    merchant(store, scope, name="in the park", **north(20_000))
    there = need(store, scope, resident_id=wang, elsewhere=True, **north(20_100))
    assert outcome(store, scope, there)[0] == ["in the park"]
    unknown = need(store, scope, resident_id=wang, elsewhere=True)
    assert (unknown.latitude, unknown.longitude) == (None, None)


def test_gone_merchants_and_other_centres_are_not_even_excluded(store: Store, scope: Scope, wang: int) -> None:
    gone = merchant(store, scope, name="gone")
    with store.writing() as session:
        row = session.lock(Merchant, gone)
        assert row is not None
        row.ended_at = store.clock.now() - timedelta(days=1)
    assert outcome(store, scope, need(store, scope, resident_id=wang)) == ([], {})


def test_a_need_is_seen_only_inside_its_scope(store: Store, scope: Scope, vault: Vault, centre_id: int) -> None:
    with store.writing() as session:
        east, west = add_area(session, centre_id, "E", "东"), add_area(session, centre_id, "W", "西")
    someone = resident(store, scope, vault, name="李建国", area_id=east.id)
    with pytest.raises(NotFound):
        need(store, Scope(centre_id, west.path), resident_id=someone)


def test_a_service_that_nobody_is_sent_for_has_no_candidates(store: Store, scope: Scope, wang: int) -> None:
    merchant(store, scope, name="仁安药房")
    assert outcome(store, scope, need(store, scope, "information", resident_id=wang)) == ([], {})


def test_those_beyond_the_nearest_that_are_too_far_are_counted_and_not_told_one_by_one(
    store: Store, scope: Scope, wang: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "FARTHER", 2)
    for number in range(5):
        merchant(store, scope, name=f"too far {number}", **north(3300 + number))
    merchant(store, scope, name="beyond twice the radius", **north(6100))
    found = decided(store, scope, need(store, scope, resident_id=wang))
    assert [out.merchant.name for out in found.excluded] == ["too far 0", "too far 1"]
    assert found.more_excluded_by == {"too_far": 3}
    assert (found.more_excluded, found.basis()["more_excluded_by"]) == (3, {"too_far": 3})


def test_who_comes_by_her_area_from_beyond_the_radius_is_not_counted_among_those_too_far(
    store: Store, scope: Scope, vault: Vault, centre_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "FARTHER", 1)
    with store.writing() as session:
        village = add_area(session, centre_id, "V", "村")
    someone = resident(store, scope, vault, name="李建国", area_id=village.id, **HOME)
    merchant(store, scope, name="by area", **north(3300), contracts=[contract(radius=None, areas=[village.id])])
    for number in range(3):
        merchant(store, scope, name=f"too far {number}", **north(3400 + number))
    found = decided(store, scope, need(store, scope, resident_id=someone))
    assert [one.merchant.name for one in found.candidates] == ["by area"]
    assert [out.merchant.name for out in found.excluded] == ["too far 0"]
    assert found.more_excluded_by == {"too_far": 2}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_neither_statements_nor_tables_read_whole_grow_with_the_number_of_merchants(
    store: Store, scope: Scope, wang: int
) -> None:
    wanted = need(store, scope, resident_id=wang)
    counts = []
    for _ in range(3):
        for number in range(4):
            merchant(store, scope, name=f"药房{number}")
        with store.reading() as session:
            with listening(store) as asked:
                gather(session, scope, wanted)
            assert whole_tables(session, asked) == set()
            counts.append(len(asked))
    assert counts[0] <= counts[1] == counts[2] <= 12
