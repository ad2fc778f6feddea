from typing import Any

import pytest
from sqlmodel import col, func, select

from registry.drafts import ResidentChange, read
from registry.errors import SheetRefused
from registry.models import (
    DataKey,
    ImportState,
    Line,
    Merchant,
    Resident,
    RowState,
    SearchToken,
    SheetImport,
    SheetRow,
)
from registry.people import change_resident
from registry.search import find_residents
from registry.sheets import pace, review, runs
from registry.sheets.record import Outcome
from registry.sheets.residents import Residents
from registry.store import Scope, Store
from registry.store.journal import Journal
from registry.vault import Vault
from tests.registry.sheets.desk import Desk
from tests.registry.town import OPERATOR, resident

HEAD = ("姓名", "出生日期", "电话", "身份证号", "健康情况")
WANG = ("王秀英", "1944-03-12", "67001001", "500103194403120025", "青霉素过敏")
LI = ("李建国", "1939-12-14", "19900231002", "", "")


def everybody(store: Store) -> list[str]:
    with store.reading() as session:
        return list(session.exec(select(Resident.name).order_by(col(Resident.id))))


def count(store: Store, table: Any) -> int:
    with store.reading() as session:
        return session.exec(select(func.count()).select_from(table)).one()


def one_row_in_each_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "ROWS", (1, 1))


def test_an_import_brings_people_in_through_the_same_door_as_the_console(
    desk: Desk, store: Store, scope: Scope, vault: Vault
) -> None:
    import_id = desk.brings_in(HEAD, WANG, LI)
    assert everybody(store) == ["王秀英", "李建国"]
    with store.reading() as session:
        (wang,) = find_residents(session, scope, "wxy", now=store.clock.now())
        row = session.exec(select(Resident).where(Resident.id == wang.id)).one()
        assert vault.open(session, wang.id, "identity_number", row.identity_number) == "500103194403120025"
        entries = session.exec(select(Journal).where(Journal.what == "resident.created")).all()
        assert [entry.data for entry in entries] == [{"import": import_id}] * 2
        run = session.get(SheetImport, import_id)
        assert run is not None
        assert (run.state, run.wrapped_key) == (ImportState.APPLIED, None)
    assert runs.states(store, import_id) == {RowState.APPLIED: 2}


def test_a_second_import_changes_nothing(desk: Desk, store: Store, scope: Scope) -> None:
    desk.brings_in(HEAD, WANG, LI)
    before = count(store, Journal)
    import_id, found = runs.stage(store, scope, desk.kind(), desk.sheet(HEAD, WANG, LI), desk.vault)
    assert (import_id, found.counts) == (None, {Outcome.SAME: 2})
    assert (count(store, Journal), count(store, SheetImport)) == (before, 1)


def test_an_import_that_was_cut_off_is_finished_where_it_stopped(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_row_in_each_transaction(monkeypatch)
    people = [(f"张桂{character}", "1940-01-01", f"1990023{n:04d}") for n, character in enumerate("芳兰珍香")]
    import_id = desk.stages(HEAD[:3], *people)
    done = []

    def power_cut(now: int, total: int) -> None:
        done.append((now, total))
        if now == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.applies(import_id, progress=power_cut)
    assert done == [(1, 4), (2, 4)]
    assert len(everybody(store)) == 2
    desk.applies(import_id, progress=lambda now, _: done.append((now, 4)))
    assert done[2:] == [(3, 4), (4, 4), (4, 4)]
    assert len(everybody(store)) == 4
    desk.applies(import_id)
    assert len(everybody(store)) == 4


def test_what_is_staged_is_sealed_and_gone_when_it_is_applied(desk: Desk, store: Store) -> None:
    import_id = desk.stages(HEAD, WANG)
    with store.reading() as session:
        (row,) = session.exec(select(SheetRow)).all()
        assert row.facts is not None
        for secret in ("王秀英", "500103194403120025", "青霉素过敏"):
            assert secret.encode() not in row.facts
    desk.applies(import_id)
    with store.reading() as session:
        (row,) = session.exec(select(SheetRow)).all()
        assert (row.facts, row.before, row.created) == (None, None, True)


def test_a_file_that_is_refused_half_way_leaves_nothing(
    desk: Desk, store: Store, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_STAGED_AT_ONCE", 1)
    monkeypatch.setattr("registry.sheets.review._TOGETHER", 1)
    path = desk.sheet(HEAD, WANG, LI)
    path.write_text(path.read_text() + '赵六,"' + "x" * 200_000)
    with pytest.raises(SheetRefused):
        runs.stage(store, scope, desk.kind(), path, desk.vault)
    assert [count(store, table) for table in (SheetImport, SheetRow, Resident)] == [0, 0, 0]


def test_undoing_takes_new_people_away_and_gives_changed_ones_back(
    desk: Desk, store: Store, scope: Scope, vault: Vault
) -> None:
    wang = resident(store, scope, vault, name="王秀英", born="1944-03-12", health_note="高血压", door="502")
    tokens = count(store, SearchToken)
    import_id = desk.brings_in(HEAD, WANG, LI)
    assert everybody(store) == ["王秀英", "李建国"]
    desk.undoes(import_id)
    assert everybody(store) == ["王秀英"]
    assert (count(store, SearchToken), count(store, DataKey)) == (tokens, 1)
    with store.reading() as session:
        row = session.get(Resident, wang)
        assert row is not None
        assert (row.version, row.identity_number, row.identity_hash) == (3, None, None)
        assert vault.open(session, wang, "health_note", row.health_note) == "高血压"
        assert session.exec(select(Line).where(col(Line.ended_at).is_(None))).all() == []
        entries = session.exec(select(Journal).where(Journal.what == "resident.withdrawn")).all()
        assert [entry.data for entry in entries] == [{"import": import_id}]
    assert runs.states(store, import_id) == {RowState.UNDONE: 2}
    desk.undoes(import_id)
    assert runs.run_of(store, scope, import_id).state is ImportState.UNDONE


@pytest.mark.parametrize("kind", ["residents", "merchants"])
def test_nobody_gets_the_number_of_one_who_was_taken_away(desk: Desk, store: Store, kind: str) -> None:
    head, one, other = ("姓名", "电话"), ("王秀英", "67001001"), ("李建国", "67001002")
    if kind == "merchants":
        head, one, other = ("名称", "类别"), ("仁安药房", "药房"), ("同心药房", "药房")
    table = Merchant if kind == "merchants" else Resident
    desk.undoes(desk.brings_in(head, one, kind=kind), kind=kind)
    desk.brings_in(head, other, kind=kind)
    with store.reading() as session:
        (row,) = session.exec(select(table)).all()
        told = select(Journal.what).where(Journal.subject == table.__tablename__, Journal.subject_id == row.id)
        assert session.exec(told).all() == [f"{table.__tablename__}.created"]


def test_what_somebody_has_changed_since_stays(desk: Desk, store: Store, scope: Scope, vault: Vault) -> None:
    import_id = desk.brings_in(HEAD, WANG, LI)
    with store.writing() as session:
        row = session.exec(select(Resident).where(Resident.name == "王秀英")).one()
        assert row.id is not None
        change = read(ResidentChange, {"door": "502"})
        change_resident(session, scope, row.id, change, seen_version=1, actor=OPERATOR, vault=vault)
    desk.undoes(import_id)
    assert everybody(store) == ["王秀英"]
    assert runs.left(store, import_id) == [(2, "stale_version")]


def test_somebody_who_was_entered_in_the_meantime_is_not_entered_twice(
    desk: Desk, store: Store, scope: Scope, vault: Vault
) -> None:
    import_id = desk.stages(HEAD[:3], WANG[:3], LI[:3])
    resident(store, scope, vault, name="王秀英", born="1944-03-12", lines=[{"number": "67001001"}])
    resident(store, scope, vault, name="李建国", born="1940-12-14", lines=[{"number": "19900231002"}])
    desk.applies(import_id)
    assert len(everybody(store)) == 2
    assert runs.states(store, import_id) == {RowState.SAME: 1, RowState.LEFT: 1}
    assert runs.left(store, import_id) == [(3, "doubt.other_birthday")]


def test_who_is_entered_while_it_runs_is_not_entered_twice(
    desk: Desk, store: Store, scope: Scope, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_row_in_each_transaction(monkeypatch)
    zhao = ("赵德明", "1941-05-06", "19900231009")
    import_id = desk.stages(HEAD[:3], WANG[:3], LI[:3], zhao)

    def at_the_console(done: int, _: int) -> None:
        if done == 1:
            resident(store, scope, vault, name="李建国", born=LI[1], lines=[{"number": LI[2]}])

    desk.applies(import_id, progress=at_the_console)
    assert everybody(store) == ["王秀英", "李建国", "赵德明"]
    assert runs.states(store, import_id) == {RowState.APPLIED: 2, RowState.SAME: 1}


def test_two_lines_that_may_be_one_person_are_not_both_applied(desk: Desk, store: Store) -> None:
    import_id = desk.brings_in(HEAD[:3], WANG[:3], ("王秀瑛", *WANG[1:3]))
    assert everybody(store) == ["王秀英"]
    assert runs.left(store, import_id) == [(3, "doubt.another_spelling")]


def test_an_import_can_be_undone_before_it_is_finished(desk: Desk, store: Store) -> None:
    import_id = desk.stages(HEAD, WANG, LI)
    desk.undoes(import_id)
    assert (everybody(store), count(store, SheetRow)) == ([], 0)
    desk.applies(import_id)
    assert everybody(store) == []


def test_of_those_whom_nobody_knew_when_the_file_was_read_nobody_is_looked_for_again(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = desk.stages(HEAD, WANG, LI)
    judged = list[str]()
    monkeypatch.setattr(Residents, "judge", lambda *_: judged.append("again"))
    desk.applies(import_id)
    assert (everybody(store), judged) == (["王秀英", "李建国"], [])


def test_whom_a_change_of_the_same_import_makes_somebody_like_is_looked_for_again(
    desk: Desk, store: Store, scope: Scope, vault: Vault
) -> None:
    chen = resident(store, scope, vault, name="陈秀英", born=WANG[1], lines=[{"number": WANG[2]}])
    head = ("编号", *HEAD[:3])
    import_id = desk.brings_in(head, (chen, *WANG[:2], ""), ("", "王秀英", "1950-01-01", WANG[2]))
    assert everybody(store) == ["王秀英"]
    assert runs.left(store, import_id) == [(3, "doubt.other_birthday")]


def test_an_import_in_which_others_have_written_is_finished_like_any_other(
    desk: Desk, store: Store, scope: Scope, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_row_in_each_transaction(monkeypatch)
    people = [(f"张桂{character}", "1940-01-01", f"1990023{n:04d}") for n, character in enumerate("芳兰珍香")]
    import_id = desk.stages(HEAD[:3], *people)

    def power_cut(done: int, _: int) -> None:
        resident(store, scope, vault, name="赵德明", born="1941-05-06")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.applies(import_id, progress=power_cut)
    desk.applies(import_id)
    assert sorted(everybody(store)) == sorted(["赵德明", *(name for name, *_ in people)])
    assert runs.states(store, import_id) == {RowState.APPLIED: 4}


def test_a_long_import_is_read_and_made_ready_by_other_processes(
    desk: Desk, store: Store, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.sheets.elsewhere.threading.active_count", lambda: 1)
    monkeypatch.setattr(runs, "_MANY", 1)
    monkeypatch.setattr(review, "_LONG", 1)
    people = [(f"张桂{n:03d}", "1940-01-01", f"1990023{n:04d}", "", "高血压") for n in range(350)]
    import_id = desk.brings_in(HEAD, *people)
    assert runs.states(store, import_id) == {RowState.APPLIED: 350}
    assert len(everybody(store)) == 350
    assert runs.stage(store, scope, desk.kind(), desk.sheet(HEAD, *people), desk.vault)[0] is None
