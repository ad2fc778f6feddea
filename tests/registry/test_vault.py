from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import col, select

from registry.cards import card
from registry.errors import WrongMasterKey
from registry.models import DataKey, Resident
from registry.store import Scope, Store
from registry.vault import Vault
from tests.registry.town import resident

NOTE = "2型糖尿病，注射甘精胰岛素"


@pytest.fixture
def zhou(store: Store, scope: Scope, vault: Vault) -> int:
    return resident(store, scope, vault, name="周桂芳", health_note=NOTE, identity_number="510102194708021234")


def test_what_is_sealed_is_not_in_the_database_and_opens_again(
    store: Store, scope: Scope, vault: Vault, zhou: int
) -> None:
    with store.reading() as session:
        row = session.exec(select(Resident).where(Resident.id == zhou)).one()
        assert row.health_note is not None
        assert NOTE.encode() not in row.health_note
        assert b"510102194708021234" not in (row.identity_number or b"")
        assert vault.open(session, zhou, "health_note", row.health_note) == NOTE
        assert vault.open(session, zhou, "identity_number", row.identity_number) == "510102194708021234"


def test_sealing_the_same_text_twice_gives_different_bytes(store: Store, vault: Vault, zhou: int) -> None:
    with store.writing() as session:
        assert vault.seal(session, zhou, "health_note", NOTE) != vault.seal(session, zhou, "health_note", NOTE)


def test_a_seal_moved_to_another_person_or_field_does_not_open(
    store: Store, scope: Scope, vault: Vault, zhou: int
) -> None:
    other = resident(store, scope, vault, name="李建国", health_note="冠心病")
    with store.reading() as session:
        sealed = session.exec(select(Resident.health_note).where(Resident.id == zhou)).one()
        assert vault.open(session, other, "health_note", sealed) is None
        assert vault.open(session, zhou, "identity_number", sealed) is None


@pytest.mark.parametrize("damage", [b"", b"\x01", b"\x02rubbish", b"\x01" + b"0" * 40])
def test_damaged_bytes_open_as_nothing(store: Store, vault: Vault, zhou: int, damage: bytes) -> None:
    with store.reading() as session:
        assert vault.open(session, zhou, "health_note", damage) is None


def test_without_her_data_key_nothing_of_hers_opens_and_the_card_still_does(
    store: Store, scope: Scope, vault: Vault, zhou: int
) -> None:
    with store.writing() as session:
        vault.forget(session, zhou)
    with store.writing() as session:
        opened = card(session, scope, zhou, vault=vault, operator_id=1)
        assert opened.summary.name == "周桂芳"
        assert opened.health_note is None
        vault.forget(session, zhou)  # once more changes nothing
    with store.writing() as session:  # a new note of hers does not bring the old one back
        old = session.exec(select(Resident.health_note).where(Resident.id == zhou)).one()
        new = vault.seal(session, zhou, "health_note", "new")
        assert vault.open(session, zhou, "health_note", new) == "new"
        assert vault.open(session, zhou, "health_note", old) is None


def test_another_master_key_is_named_and_opens_nothing(store: Store, scope: Scope, zhou: int) -> None:
    other = Vault(lambda: {2: b"another master key, just as long"})
    with store.reading() as session:
        sealed = session.exec(select(Resident.health_note).where(Resident.id == zhou)).one()
        with pytest.raises(WrongMasterKey) as raised:
            other.open(session, zhou, "health_note", sealed)
        assert raised.value.values == {"version": 1, "now": 2}


def test_an_identity_number_is_found_by_its_hash_in_any_spelling(store: Store, vault: Vault, zhou: int) -> None:
    with store.reading() as session:
        for spelling in ("510102194708021234", " 510102 19470802 1234 ", "５１０１０２１９４７０８０２１２３４"):
            found = session.exec(
                select(Resident.id).where(col(Resident.identity_hash).in_(vault.identity_hashes(spelling)))
            )
            assert list(found) == [zhou]
    assert vault.identity_hashes("51010219470802123x") == vault.identity_hashes("51010219470802123X")
    assert vault.identity_hashes("1") != Vault(b"another master key, just as long").identity_hashes("1")


def test_every_resident_has_a_key_of_her_own_and_only_when_something_is_sealed(
    store: Store, scope: Scope, vault: Vault, zhou: int
) -> None:
    resident(store, scope, vault, name="李建国", health_note="冠心病")
    resident(store, scope, vault, name="王秀英")
    with store.reading() as session:
        keys = session.exec(select(DataKey)).all()
    assert len({key.wrapped for key in keys}) == len(keys) == 2


def test_two_who_make_her_first_key_at_the_same_time_seal_under_the_same(
    store: Store, scope: Scope, vault: Vault
) -> None:
    li = resident(store, scope, vault, name="李建国")

    def seal(text: str) -> bytes:
        with store.writing() as session:
            return vault.seal(session, li, "case", text)

    with ThreadPoolExecutor(1) as beside:
        with store.writing() as session:
            first = vault.seal(session, li, "case", "一")
            other = beside.submit(seal, "二")
            while not store.is_sqlite and not is_waited_for(store):
                assert not other.done()
        second = other.result(10)
    with store.reading() as session:
        assert [vault.open(session, li, "case", sealed) for sealed in (first, second)] == ["一", "二"]


def is_waited_for(store: Store) -> bool:
    """Whether somebody waits for a lock, on PostgreSQL."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with store.engine.connect() as connection:
        return connection.exec_driver_sql(waiting).scalar_one() > 0


def test_a_short_master_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Vault(b"short")
