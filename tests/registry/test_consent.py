"""What of her health is kept, kept with her consent; and what is gone when she withdraws it."""

from typing import Any

import pytest
from sqlmodel import col, select, update

from registry.cards import card
from registry.drafts import ResidentChange, read
from registry.errors import Refused
from registry.joining import join
from registry.models import Resident, SheetRow
from registry.people import change_resident
from registry.sheets import runs
from registry.store import Scope, Store
from registry.store.journal import Journal
from registry.vault import Vault
from tests.registry.sheets.desk import Desk
from tests.registry.town import OPERATOR, resident

NOTE, MORE = "对青霉素过敏", "冠心病"
NEEDED = [("health_note", "needs_consent")]
HEAD = ("姓名", "出生日期", "电话", "健康情况", "同意日期")


@pytest.fixture
def wang(store: Store, scope: Scope, vault: Vault) -> int:
    """She has a note, and has consented."""
    about: dict[str, Any] = {"born": "1944-03-12", "lines": [{"number": "67001001"}]}
    return resident(store, scope, vault, name="王秀英", health_note=NOTE, **about)


@pytest.fixture
def early(store: Store, wang: int) -> int:
    """Her note is from before anybody recorded consent."""
    with store.writing() as session:
        session.exec(update(Resident).where(col(Resident.id) == wang).values(consented_on=None))
    return wang


@pytest.fixture
def desk(store: Store, scope: Scope, vault: Vault, tmp_path: Any) -> Desk:
    return Desk(store, scope, vault, tmp_path)


def change(store: Store, scope: Scope, vault: Vault, her: int, **fields: Any) -> None:
    with store.writing() as session:
        row = session.get(Resident, her)
        assert row is not None
        draft = read(ResidentChange, fields)
        change_resident(session, scope, her, draft, seen_version=row.version, actor=OPERATOR, vault=vault)


def refused(store: Store, scope: Scope, vault: Vault, her: int, **fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as raised:
        change(store, scope, vault, her, **fields)
    return [(each.field, each.key) for each in raised.value.problems]


def note(store: Store, scope: Scope, vault: Vault, her: int) -> str | None:
    with store.writing() as session:
        return card(session, scope, her, vault=vault, operator_id=7).health_note


def test_withdrawing_takes_her_health_note_in_the_same_change_and_the_journal_names_it(
    store: Store, scope: Scope, vault: Vault, wang: int
) -> None:
    change(store, scope, vault, wang, consented_on=None)
    assert note(store, scope, vault, wang) is None
    with store.reading() as session:
        row = session.get(Resident, wang)
        assert row is not None
        assert (row.health_note, row.version) == (None, 2)
        entry = session.exec(select(Journal).order_by(col(Journal.seq).desc())).first()
        assert entry is not None
        assert entry.data == {"fields": ["consented_on", "health_note"], "version": 2}


def test_nobody_writes_a_note_without_consent_and_with_it_anybody_may(
    store: Store, scope: Scope, vault: Vault
) -> None:
    li = resident(store, scope, vault, name="李建国")
    assert refused(store, scope, vault, li, health_note=MORE) == NEEDED
    change(store, scope, vault, li, health_note=MORE, consented_on="2026-03-01")
    assert note(store, scope, vault, li) == MORE
    with pytest.raises(Refused) as raised:
        resident(store, scope, vault, name="赵六", health_note=MORE, consented_on=None, born="1790-01-01")
    assert [each.field for each in raised.value.problems] == ["health_note", "born"], "every problem at once"


def test_a_note_cannot_be_given_with_the_withdrawal(store: Store, scope: Scope, vault: Vault, wang: int) -> None:
    assert refused(store, scope, vault, wang, health_note=NOTE, consented_on=None) == NEEDED
    assert note(store, scope, vault, wang) == NOTE


def test_a_note_from_before_consent_was_recorded_stays_and_may_go_but_not_grow(
    store: Store, scope: Scope, vault: Vault, early: int
) -> None:
    change(store, scope, vault, early, health_note=NOTE, consented_on=None, door="502")
    assert note(store, scope, vault, early) == NOTE
    assert refused(store, scope, vault, early, health_note=NOTE + MORE) == NEEDED
    change(store, scope, vault, early, health_note="")
    assert note(store, scope, vault, early) is None


def test_withdrawing_takes_the_note_of_the_record_that_went_into_hers_too(
    store: Store, scope: Scope, vault: Vault, wang: int
) -> None:
    other = resident(store, scope, vault, name="王秀瑛", health_note=MORE)
    with store.writing() as session:
        keep, gone = session.get(Resident, wang), session.get(Resident, other)
        assert keep is not None
        assert gone is not None
        join(session, keep, gone, vault, OPERATOR)
    change(store, scope, vault, wang, consented_on=None)
    with store.reading() as session:
        assert set(session.exec(select(Resident.health_note))) == {None}


def test_a_line_of_a_survey_goes_in_without_the_note_and_the_dry_run_names_the_cell(
    store: Store, scope: Scope, vault: Vault, desk: Desk
) -> None:
    path = desk.sheet(
        HEAD, ("李建国", "1939-12-14", "19900231002", MORE, ""), ("赵六", "1940-01-01", "", NOTE, "2026.3.1")
    )
    review = desk.review(path)
    assert [(one.row, one.column, one.key) for one in review.remarks] == [(2, "health_note", "needs_consent")]
    import_id, _ = runs.stage(store, scope, desk.kind(), path, vault)
    assert import_id is not None
    desk.applies(import_id)
    with store.reading() as session:
        li, zhao = session.scalars(select(col(Resident.id)).order_by(col(Resident.id)))
    assert [note(store, scope, vault, each) for each in (li, zhao)] == [None, NOTE]
    signed = ("李建国", "1939-12-14", "19900231002", MORE, "2026-03-01")
    assert desk.says(HEAD, signed) == ["changed health_note consented_on"]


def test_a_sheet_leaves_a_note_from_before_as_it_is(
    store: Store, scope: Scope, vault: Vault, desk: Desk, early: int
) -> None:
    other = ("王秀英", "1944-03-12", "67001001", MORE, "")
    assert desk.says(HEAD, other) == ["same"]
    desk.undoes(desk.brings_in(HEAD, ("王秀英", "1944-03-12", "67001001", NOTE, "2026-03-01")))
    assert note(store, scope, vault, early) == NOTE, "to take back an import is no withdrawal"


def test_what_was_withdrawn_is_not_put_back_by_undoing_an_import(
    store: Store, scope: Scope, vault: Vault, desk: Desk, wang: int
) -> None:
    wider = desk.brings_in(HEAD[:4], ("王秀英", "1944-03-12", "67001001", MORE))
    gone = desk.brings_in(HEAD, ("王秀英", "1944-03-12", "67001001", MORE, "无"))
    assert note(store, scope, vault, wang) is None
    with store.reading() as session:
        assert session.exec(select(SheetRow.before).where(SheetRow.import_id == wider)).all() == [None]
    desk.undoes(gone)
    desk.undoes(wider)
    assert runs.left(store, wider) == [(2, "stale_version")]
    assert note(store, scope, vault, wang) is None


def test_medicines_and_allergies_need_her_consent_as_the_note_does_and_go_with_it(
    store: Store, scope: Scope, vault: Vault, wang: int
) -> None:
    li = resident(store, scope, vault, name="李建国")
    both = {"medicines": "缬沙坦", "allergies": "青霉素"}
    assert refused(store, scope, vault, li, **both) == [(name, "needs_consent") for name in both]
    change(store, scope, vault, wang, **both)
    with store.reading() as session:
        row = session.get(Resident, wang)
        assert row is not None
        for name, text in both.items():
            sealed = getattr(row, name)
            assert text.encode() not in sealed
            assert vault.open(session, wang, name, sealed) == text
            assert vault.open(session, wang, "health_note", sealed) is None, "each is sealed for its own place"
    change(store, scope, vault, wang, consented_on=None)
    with store.reading() as session:
        row = session.get(Resident, wang)
        assert row is not None
        assert (row.medicines, row.allergies, row.health_note) == (None, None, None)
