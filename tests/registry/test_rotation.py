"""A new master key takes the place of the old one while the register is in use."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from registry import rotation
from registry.errors import WrongMasterKey
from registry.identity import check_digit
from registry.models import DataKey, Resident
from registry.rotation import rotate
from registry.search import find_residents
from registry.sheets import pace
from registry.store import Scope, Store
from registry.store.session import LONGEST_WRITE
from registry.vault import Vault
from tests.registry.sheets.desk import Desk
from tests.registry.town import resident

OLD, NEW = b"the old master key of the centre", b"the new master key of the centre"
NOTE = "高血压，对青霉素过敏"


@pytest.fixture
def keys() -> dict[int, bytes]:
    """The secrets that are at hand, as every process finds them."""
    return {1: OLD}


@pytest.fixture
def vault(keys: dict[int, bytes]) -> Vault:
    """Of a service that has been running since before the new key was there."""
    return Vault(lambda: dict(keys))


def number_of(place: int) -> str:
    first = f"51010219400101{place:03d}"
    return first + check_digit(first)


@pytest.fixture
def people(store: Store, scope: Scope, vault: Vault) -> Iterator[list[int]]:
    return [resident(store, scope, vault, name=f"周桂{chr(0x4E00 + place)}", health_note=NOTE) for place in range(60)]


@pytest.fixture
def zhou(store: Store, scope: Scope, vault: Vault, people: list[int]) -> int:
    return resident(store, scope, vault, name="周桂芳", health_note=NOTE, identity_number=number_of(1))


def note_of(store: Store, vault: Vault, resident_id: int) -> str | None:
    with store.reading() as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        return vault.open(session, resident_id, "health_note", row.health_note)


def found(store: Store, scope: Scope, vault: Vault, number: str) -> list[int]:
    with store.reading() as session:
        return [one.id for one in find_residents(session, scope, number, now=store.clock.now(), vault=vault)]


def test_both_keys_are_valid_meanwhile_and_afterwards_the_old_one_may_go(
    store: Store, scope: Scope, vault: Vault, keys: dict[int, bytes], people: list[int], zhou: int
) -> None:
    keys[2] = NEW
    written: list[float] = []
    store.on_write(written.append)
    seen: list[tuple[int, int]] = []

    def in_the_middle(done: int, total: int) -> None:
        seen.append((done, total))
        assert note_of(store, vault, people[0]) == note_of(store, vault, zhou) == NOTE
        assert found(store, scope, vault, number_of(1)) == [zhou]
        late = resident(store, scope, vault, name="李建国", identity_number=number_of(100 + done))
        assert found(store, scope, vault, number_of(100 + done)) == [late]

    rotate(store, Vault(lambda: dict(keys)), 2, in_the_middle)
    assert seen == [(0, 61), (25, 61), (50, 61), (61, 61)]
    assert sorted(written)[len(written) // 2] < LONGEST_WRITE
    assert rotation.versions(store) == (2, 2)
    with store.reading() as session:
        assert set(session.exec(select(DataKey.master_version))) == {2}
    del keys[1]
    for reader in (vault, Vault(lambda: dict(keys))):  # the running service, and one that has just begun
        assert {note_of(store, reader, each) for each in (*people, zhou)} == {NOTE}
        assert found(store, scope, reader, number_of(1)) == [zhou]
        assert len(found(store, scope, reader, number_of(150))) == 1
    with pytest.raises(WrongMasterKey):
        note_of(store, Vault(OLD), zhou)
    assert found(store, scope, Vault(OLD), number_of(1)) == []


def test_what_was_interrupted_goes_on_where_it_was(
    store: Store, vault: Vault, keys: dict[int, bytes], people: list[int], zhou: int
) -> None:
    keys[2] = NEW

    def power_cut(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(store, vault, 2, power_cut)
    assert (rotation.versions(store), rotation.waiting(store)) == ((2, 1), 36)
    with store.reading() as session:
        done = select(DataKey.resident_id, DataKey.wrapped).where(DataKey.master_version == 2)
        before = dict(session.exec(done).all())
    rotate(store, vault, 2)
    assert (rotation.versions(store), rotation.waiting(store)) == ((2, 2), 0)
    with store.reading() as session:
        same = select(DataKey.resident_id, DataKey.wrapped).where(col(DataKey.resident_id).in_(list(before)))
        assert dict(session.exec(same).all()) == before
    assert {note_of(store, vault, each) for each in (*people, zhou)} == {NOTE}


def test_without_the_old_key_nothing_is_lost_and_nothing_is_called_done(
    store: Store, vault: Vault, zhou: int
) -> None:
    with pytest.raises(WrongMasterKey) as raised:
        rotate(store, Vault(lambda: {2: NEW}), 2)
    assert raised.value.values["version"] == 1
    assert rotation.versions(store) == (2, 1)
    assert note_of(store, vault, zhou) == NOTE


def test_a_sheet_that_is_half_in_can_still_be_opened(store: Store, vault: Vault, keys: dict[int, bytes]) -> None:
    with store.writing() as session:
        wrapped, box = vault.new_box(session)
    sealed = box.seal(NOTE, "7")
    keys[2] = NEW
    assert not vault.is_under(wrapped, 2)
    again = vault.rewrapped_box(wrapped, 2)
    assert Vault(lambda: {2: NEW}).box(again).open(sealed, "7") == NOTE


def test_who_comes_out_of_a_sheet_meanwhile_is_sealed_under_the_new_key(
    store: Store, scope: Scope, vault: Vault, keys: dict[int, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "ROWS", (1, 1))
    desk = Desk(store, scope, vault, tmp_path)
    head = ("姓名", "电话", "健康情况", "同意日期")
    import_id = desk.stages(head, *((f"周桂{n}", f"1990023{n:04d}", NOTE, "2026-01-15") for n in range(4)))

    def in_the_middle(done: int, total: int) -> None:
        if done == 2:
            keys[2] = NEW
            rotate(store, Vault(lambda: dict(keys)), 2)

    desk.applies(import_id, progress=in_the_middle)
    with store.reading() as session:
        assert session.exec(select(DataKey.master_version)).all() == [2] * 4
        everybody = session.exec(select(Resident.id)).all()
    assert [note_of(store, Vault(lambda: {2: NEW}), one or 0) for one in everybody] == [NOTE] * 4
