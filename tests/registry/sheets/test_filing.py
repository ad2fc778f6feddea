"""Whom an import brings is found at once, and stands in the index when it has ended, whatever happened meanwhile."""

from typing import Any

import pytest
from sqlmodel import col, func, select

from registry.drafts import ResidentChange, read
from registry.models import Resident, SearchToken, SearchUnfiled
from registry.people import change_resident, withdraw_resident
from registry.search import find_residents
from registry.sheets import filing, pace
from registry.sheets.residents import Residents
from registry.store import Scope, Store
from registry.vault import Vault
from tests.registry.sheets.desk import Desk
from tests.registry.town import OPERATOR, resident

HEAD = ("姓名", "出生日期", "电话")
PEOPLE = [(f"张桂{character}", "1940-01-01", f"1990023{n:04d}") for n, character in enumerate("芳兰珍香")]


def tokens(store: Store) -> list[tuple[str, int, int]]:
    with store.reading() as session:
        every = select(SearchToken.token, SearchToken.resident_id, SearchToken.weight)
        return sorted(map(tuple, session.exec(every)))


def waiting(store: Store) -> int:
    with store.reading() as session:
        return session.exec(select(func.count()).select_from(SearchUnfiled)).one()


def found(store: Store, scope: Scope, q: str) -> list[str]:
    with store.reading() as session:
        return [one.name for one in find_residents(session, scope, q, now=store.clock.now())]


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "ROWS", (1, 1))
    monkeypatch.setattr(filing, "TOKENS", (1, 1))
    monkeypatch.setattr(filing, "ENOUGH", 2)


@pytest.fixture
def cut_off(desk: Desk, small_steps: None) -> int:
    """An import after whose third person the current was gone."""
    import_id = desk.stages(HEAD, *PEOPLE)

    def power_cut(done: int, _: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.applies(import_id, progress=power_cut)
    return import_id


def test_people_of_an_import_are_filed_as_if_each_had_been_entered_by_hand(
    desk: Desk, store: Store, scope: Scope, vault: Vault, small_steps: None
) -> None:
    for name, born, number in PEOPLE:
        resident(store, scope, vault, name=name, born=born, lines=[{"number": number}])
    by_hand = tokens(store)
    with store.writing() as session:
        for row in session.exec(select(Resident)).all():
            assert row.id is not None
            withdraw_resident(session, scope, row.id, seen_version=1, actor=OPERATOR, import_id=0)
    assert tokens(store) == []

    desk.brings_in(HEAD, *PEOPLE)

    with store.reading() as session:
        later = session.exec(select(func.min(Resident.id))).one() - 1
    assert [(token, hers - later, weight) for token, hers, weight in tokens(store)] == by_hand
    assert waiting(store) == 0


def test_who_was_brought_before_a_power_cut_is_found(store: Store, scope: Scope, cut_off: int) -> None:
    assert found(store, scope, "张桂") == ["张桂芳", "张桂兰", "张桂珍"]
    assert found(store, scope, "0002") == ["张桂珍"]
    assert found(store, scope, "230002") == ["张桂珍"]


def test_who_waits_is_known_when_she_stands_in_another_sheet(desk: Desk, store: Store, cut_off: int) -> None:
    assert desk.says(HEAD, *PEOPLE) == ["same", "same", "same", "new"]


def test_an_import_that_goes_on_files_who_was_left_waiting(
    desk: Desk, store: Store, scope: Scope, cut_off: int
) -> None:
    desk.applies(cut_off)

    assert waiting(store) == 0
    assert found(store, scope, "zhanggui") == ["张桂芳", "张桂兰", "张桂珍", "张桂香"]


def test_an_import_that_is_undone_leaves_nothing_to_be_found(
    desk: Desk, store: Store, scope: Scope, cut_off: int
) -> None:
    desk.undoes(cut_off)

    assert (waiting(store), tokens(store), found(store, scope, "张桂")) == (0, [], [])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_of_a_filing_that_was_cut_off_nobody_counts_twice(
    store: Store, scope: Scope, vault: Vault, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("王秀英", "王秀兰"):
        resident(store, scope, vault, name=name, import_id=1)
    resident(store, scope, vault, name="王秀", called="秀英")
    before = found(store, scope, "秀英"), found(store, scope, "wangxiu")
    written = iter(range(12))

    def power_cut(session: Any, some: Any) -> None:
        if next(written, None) is None:
            raise KeyboardInterrupt
        write(session, some)

    write = filing._write
    monkeypatch.setattr(filing, "_write", power_cut)
    with pytest.raises(KeyboardInterrupt):
        filing.file(store)
    assert (found(store, scope, "秀英"), found(store, scope, "wangxiu")) == before
    monkeypatch.setattr(filing, "_write", write)
    assert waiting(store) == 2

    filing.file(store)

    assert waiting(store) == 0
    assert (found(store, scope, "秀英"), found(store, scope, "wangxiu")) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_is_changed_while_she_is_filed_is_found_as_she_is_now(
    store: Store, scope: Scope, vault: Vault, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang = resident(store, scope, vault, name="王秀英", import_id=1)
    resident(store, scope, vault, name="李建国", import_id=1)
    rest, changed = pace.Pace.rest, []

    def at_the_console(self: pace.Pace) -> None:
        if not changed:
            changed.append(wang)
            with store.writing() as session:
                change = read(ResidentChange, {"name": "黄秀英"})
                change_resident(session, scope, wang, change, seen_version=1, actor=OPERATOR, vault=vault)
        rest(self)

    monkeypatch.setattr(pace.Pace, "rest", at_the_console)
    filing.file(store)

    assert (found(store, scope, "王秀英"), found(store, scope, "黄秀英")) == (["黄秀英"], ["黄秀英"])
    assert [token for token, hers, _ in tokens(store) if hers == wang and "王" in token] == []
    assert waiting(store) == 0


def test_a_merchants_sheet_has_nobody_to_file(desk: Desk, store: Store) -> None:
    desk.kind("merchants").settle(store, at_end=True)

    assert waiting(store) == 0


def test_nobody_waits_longer_than_until_there_are_enough(
    desk: Desk, store: Store, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    settle = Residents.settle

    def look(self: Residents, store: Store, *, at_end: bool) -> None:
        settle(self, store, at_end=at_end)
        seen.append(waiting(store))

    monkeypatch.setattr(Residents, "settle", look)
    desk.brings_in(HEAD, *PEOPLE)

    assert max(seen) <= 1
    with store.reading() as session:
        assert len(set(session.exec(select(col(SearchToken.resident_id))))) == len(PEOPLE)
