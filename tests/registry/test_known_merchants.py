"""What is kept in memory of merchants is never older than the database, whoever has written there."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date

import pytest

from registry import centres
from registry.absences import Absence
from registry.candidates import gather, need_for
from registry.drafts import MerchantChange, MerchantDraft, read
from registry.matching import CandidateFacts, Need
from registry.merchants import change_merchant, create_merchant, resume, suspend, withdraw_merchant
from registry.models import Channel, Merchant
from registry.places import Places
from registry.store import Reading, Scope, Store, Writing
from registry.wrong_numbers import note_wrong
from tests.registry.plans import listening
from tests.registry.town import OPERATOR, merchant

HERE = {"latitude": 29.534627, "longitude": 106.503673}
FAR_AWAY = {"latitude": 30.9, "longitude": 106.503673}


@pytest.fixture
def another(store: Store) -> Iterator[Store]:
    """Another process on the same database."""
    with closing(Store(store.url, clock=store.clock)) as its:
        yield its


def need(session: Reading | Writing, scope: Scope, code: str = "medicine") -> Need:
    now = centres.centre(session, scope.centre_id).created_at
    return need_for(session, scope, centres.service(session, scope.centre_id, code), now, **HERE)


def seen_by(session: Reading | Writing, scope: Scope, code: str = "medicine") -> dict[int, CandidateFacts]:
    return {each.merchant_id: each for each in gather(session, scope, need(session, scope, code)).merchants}


def seen(store: Store, scope: Scope, code: str = "medicine") -> dict[int, CandidateFacts]:
    with store.reading() as session:
        return seen_by(session, scope, code)


def held(session: Writing, merchant_id: int) -> Merchant:
    row = session.lock(Merchant, merchant_id)
    assert row is not None
    return row


def change(session: Writing, scope: Scope, merchant_id: int, **fields: object) -> None:
    version = held(session, merchant_id).version
    change_merchant(session, scope, merchant_id, read(MerchantChange, fields), seen_version=version, actor=OPERATOR)


def test_nothing_is_read_twice_while_nobody_changes_a_merchant(store: Store, scope: Scope) -> None:
    merchant(store, scope, name="药房", **HERE)
    first = seen(store, scope)
    with store.reading() as session:
        wanted = need(session, scope)
        with listening(store) as asked:
            again = gather(session, scope, wanted).merchants
    assert [each for statement, _ in asked if "merchant" in (each := statement.split("FROM")[1])] == []
    assert {each.merchant_id: each for each in again} == first


def test_what_another_process_has_changed_counts_in_the_next_decision(
    store: Store, another: Store, scope: Scope
) -> None:
    shop, moved = merchant(store, scope, name="药房", **HERE), merchant(store, scope, name="搬走的", **HERE)
    assert seen(store, scope).keys() == {shop, moved}
    with another.writing() as session:
        suspend(session, held(session, shop), "整改中", None, OPERATOR)
        change(session, scope, moved, **FAR_AWAY)
    new = merchant(another, scope, name="新店", **HERE)
    now = seen(store, scope)
    assert now.keys() == {shop, new}
    assert now[shop].suspended_why == "整改中"
    with another.writing() as session:
        resume(session, held(session, shop), OPERATOR)
        change(session, scope, moved, **HERE)
        note_wrong(session, new, Channel.SMS, "+8619300234001")
    now = seen(store, scope)
    assert now.keys() == {shop, new, moved}
    assert not now[shop].suspended
    assert list(now[new].numbers) == [Channel.VOICE]


def test_who_is_away_counts_in_the_next_decision_whoever_has_written_it(
    store: Store, another: Store, scope: Scope
) -> None:
    shop = merchant(store, scope, name="药房", staff=[{"name": "李伟"}, {"name": "陈静"}], **HERE)
    assert seen(store, scope)[shop].staff == (None, None)
    with another.writing() as session:
        change(session, scope, shop, staff=[{"name": "李伟", "away": {}}, {"name": "陈静"}])
    assert seen(store, scope)[shop].staff == (None, Absence())
    away = {"first": "2026-03-02", "last": "2026-03-08"}
    with another.writing() as session:
        change(session, scope, shop, staff=[{"name": "陈静", "away": away}])
    assert seen(store, scope)[shop].staff == (Absence(date(2026, 3, 2), date(2026, 3, 8)),)
    with another.writing() as session:
        change(session, scope, shop, staff=[])
    assert seen(store, scope)[shop].staff == ()


def _changes_its_mind(session: Writing, store: Store, scope: Scope, shop: int) -> None:
    change(session, scope, shop, capacity=9)
    facts = {"kind": "pharmacy", "name": "新店", **HERE}
    added = create_merchant(session, scope, read(MerchantDraft, facts), actor=OPERATOR)
    mine = seen_by(session, scope)
    assert (mine[shop].capacity, mine[added.id or 0].name) == (9, "新店")
    assert seen(store, scope)[shop].capacity == 1
    raise InterruptedError


def test_whoever_has_changed_a_merchant_decides_by_it_at_once_and_nobody_else_before_it_is_committed(
    store: Store, scope: Scope
) -> None:
    shop = merchant(store, scope, name="药房", capacity=1, **HERE)
    seen(store, scope)
    with pytest.raises(InterruptedError):
        store.write(lambda session: _changes_its_mind(session, store, scope, shop))
    assert {each.merchant_id: each.capacity for each in seen(store, scope).values()} == {shop: 1}


def test_who_began_to_read_before_a_change_does_not_bring_back_what_was(
    store: Store, another: Store, scope: Scope
) -> None:
    shop, neighbour = (
        merchant(store, scope, name="药房", capacity=1, **HERE),
        merchant(store, scope, name="邻店", kind="shop", **HERE),
    )
    with store.reading() as early:
        centres.centre(early, scope.centre_id)  # from now on it sees this state
        with another.writing() as session:
            change(session, scope, shop, capacity=9)
            change(session, scope, neighbour, kind="pharmacy")
        assert seen(store, scope, "groceries") == {}  # and so everybody knows that there is something new
        seen_by(early, scope)
    now = seen(store, scope)
    assert now.keys() == {shop, neighbour}
    assert now[shop].capacity == 9


def test_who_comes_after_one_that_was_taken_away_is_not_taken_for_it(store: Store, scope: Scope) -> None:
    gone = merchant(store, scope, name="误录的店", **HERE)
    seen(store, scope)
    with store.writing() as session:
        withdraw_merchant(session, scope, gone, seen_version=1, actor=OPERATOR, import_id=1)
    assert seen(store, scope) == {}
    new = merchant(store, scope, name="新店", **HERE)
    assert [each.name for each in seen(store, scope).values()] == ["新店"]
    assert new > gone


def test_a_number_that_does_not_exist_makes_another_version_of_its_merchant(store: Store, scope: Scope) -> None:
    shop = merchant(store, scope, name="药房", **HERE)
    with store.writing() as session:
        note_wrong(session, shop, Channel.SMS, "+8619300234001")
        note_wrong(session, shop, Channel.SMS, "+8619300234001")
    assert seen(store, scope)[shop].version == 2


def test_places_are_found_across_the_date_line_and_at_the_pole() -> None:
    places = Places()
    places.put(1, 0.0, 179.999)
    places.put(2, 0.0, -179.999)
    places.put(3, 89.9999, 10.0)
    assert sorted(who for _, who in places.within(0.0, 180.0, 500)) == [1, 2]
    assert [who for _, who in places.within(89.9999, -170.0, 50)] == [3]
    places.put(2, 10.0, 10.0)
    assert [who for _, who in places.within(0.0, 180.0, 500)] == [1]
    assert {who for _, who in places.within(0.0, 0.0, 30_000_000)} == {1, 2, 3}
