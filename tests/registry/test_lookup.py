from datetime import timedelta

import pytest
from sqlmodel import select

from registry.drafts import ResidentChange, read
from registry.lookup import MOST, Recognised, who_calls
from registry.models import LineKind, Merchant, Resident
from registry.people import change_resident
from registry.seed import seed_centre
from registry.store import Scope, Store
from registry.vault import Vault
from tests.registry.plans import listening, whole_tables
from tests.registry.town import OPERATOR, merchant, resident

SHARED = "+862367001002"


def recognised(store: Store, centre_id: int, number: str | None) -> Recognised:
    with store.reading() as session:
        return who_calls(session, centre_id, number)


def test_everyone_whose_number_it_is_is_recognised(store: Store, scope: Scope, vault: Vault, centre_id: int) -> None:
    wife = resident(store, scope, vault, name="周桂芳", lines=[{"number": SHARED}])
    husband = resident(store, scope, vault, name="李建国", lines=[{"number": SHARED, "kind": "button"}])
    other = resident(
        store, scope, vault, name="王秀英", contacts=[{"name": "桂芳", "relation": "邻居", "number": SHARED}]
    )
    shop = merchant(store, scope, name="福星便民店", kind="shop", numbers=[
        {"channel": "sms", "number": SHARED}, {"channel": "voice", "number": SHARED}
    ])  # fmt: skip
    found = recognised(store, centre_id, SHARED)
    assert [(one.id, one.kind) for one in found.residents] == [
        (wife, LineKind.LANDLINE),
        (husband, LineKind.BUTTON),
    ]
    assert [(one.resident_id, one.name, one.relation) for one in found.contacts] == [(other, "桂芳", "邻居")]
    assert [(one.id, one.name, one.kind) for one in found.merchants] == [(shop, "福星便民店", "shop")]
    assert found


@pytest.mark.parametrize("number", [None, "", "+8613900000000", "anonymous", "%", "' OR 1=1 --"])
def test_an_unknown_or_hidden_number_is_nobody(
    store: Store, scope: Scope, vault: Vault, centre_id: int, number: str | None
) -> None:
    resident(store, scope, vault, name="周桂芳", lines=[{"number": SHARED}])
    found = recognised(store, centre_id, number)
    assert not found
    assert found.number == (number or None)


def test_given_up_lines_former_contacts_and_those_who_left_are_nobody(
    store: Store, scope: Scope, vault: Vault, centre_id: int
) -> None:
    gone = resident(store, scope, vault, name="周桂芳", lines=[{"number": SHARED}])
    still = resident(
        store,
        scope,
        vault,
        name="李建国",
        lines=[{"number": SHARED}],
        contacts=[{"name": "李彤", "number": SHARED}],
    )
    shop = merchant(store, scope, name="福星便民店", numbers=[{"channel": "sms", "number": SHARED}])
    with store.writing() as session:
        change_resident(
            session,
            scope,
            still,
            read(ResidentChange, {"lines": [], "contacts": []}),
            seen_version=1,
            actor=OPERATOR,
            vault=vault,
        )
        session.exec(select(Resident).where(Resident.id == gone)).one().ended_at = store.clock.now()
        session.exec(select(Merchant).where(Merchant.id == shop)).one().ended_at = store.clock.now() - timedelta(1)
    assert not recognised(store, centre_id, SHARED)


def test_another_centres_people_are_nobody_here(store: Store, scope: Scope, vault: Vault, centre_id: int) -> None:
    with store.writing() as session:
        facts = {"name": "XX", "time_zone": "Asia/Shanghai", "country": "CN", "area_code": "023", "language": "zh"}
        other = seed_centre(session, code="XX", **facts).id
    assert other is not None
    resident(store, Scope(other), vault, name="周桂芳", lines=[{"number": SHARED}])
    merchant(store, Scope(other), name="福星便民店", numbers=[{"channel": "sms", "number": SHARED}])
    assert not recognised(store, centre_id, SHARED)
    assert recognised(store, other, SHARED)


def test_a_switchboard_shared_by_hundreds_is_told_in_part(
    store: Store, scope: Scope, vault: Vault, centre_id: int
) -> None:
    for number in range(MOST + 5):
        resident(store, scope, vault, name=f"住户{number}", lines=[{"number": SHARED}])
    assert len(recognised(store, centre_id, SHARED).residents) == MOST


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_recognition_is_one_statement_along_indexes(store: Store, centre_id: int) -> None:
    with store.reading() as session:
        with listening(store) as asked:
            who_calls(session, centre_id, SHARED)
        assert len(asked) == 1
        assert whole_tables(session, asked) == set()
