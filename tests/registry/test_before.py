"""What a change of a record leaves behind, where the register is asked for it directly."""

from typing import Any

import pytest
from sqlmodel import col, select

from registry.before import Changed, left_behind
from registry.drafts import ResidentChange, read
from registry.models import Resident, ResidentBefore
from registry.people import change_resident
from registry.store import Scope, Store
from registry.vault import Vault
from tests.errorlog import ErrorLog
from tests.registry.sheets.desk import Desk
from tests.registry.town import OPERATOR, resident

NOTE = "对青霉素过敏"
HEAD = ("姓名", "出生日期", "电话", "门牌")


@pytest.fixture
def wang(store: Store, scope: Scope, vault: Vault) -> int:
    about: dict[str, Any] = {"born": "1944-03-12", "lines": [{"number": "67001001"}], "door": "501"}
    return resident(store, scope, vault, name="王秀英", health_note=NOTE, **about)


def change(store: Store, scope: Scope, vault: Vault, her: int, **fields: Any) -> None:
    with store.writing() as session:
        seen = session.get_one(Resident, her).version
        draft = read(ResidentChange, fields)
        change_resident(session, scope, her, draft, seen_version=seen, actor=OPERATOR, vault=vault)


def left(store: Store, vault: Vault, her: int, version: int) -> Changed:
    with store.reading() as session:
        return left_behind(session, [(her, version)], vault, sensitive=True).get((her, version), {})


def test_every_field_that_changed_is_there_and_no_other(store: Store, scope: Scope, vault: Vault, wang: int) -> None:
    change(store, scope, vault, wang, door="602", called=None, health_note="糖尿病", groups=["dementia"])
    assert left(store, vault, wang, 2) == {
        "door": ("501", "602"),
        "health_note": (NOTE, "糖尿病"),
        "groups": ([], ["dementia"]),
    }
    change(store, scope, vault, wang, door="602")
    assert left(store, vault, wang, 3) == {}, "nothing has changed"


def test_what_was_sealed_for_one_change_is_not_read_as_that_of_another(
    store: Store, scope: Scope, vault: Vault, wang: int
) -> None:
    change(store, scope, vault, wang, door="602")
    change(store, scope, vault, wang, door="703")
    with store.writing() as session:
        first, second = session.exec(select(ResidentBefore).order_by(col(ResidentBefore.version))).all()
        first.facts = second.facts
    assert left(store, vault, wang, 2) == {}
    assert left(store, vault, wang, 3) == {"door": ("602", "703")}


def test_a_change_is_made_without_the_master_key_as_well(
    store: Store, scope: Scope, vault: Vault, wang: int, error_log: ErrorLog
) -> None:
    other = Vault(b"another master key, just as long")
    change(store, scope, other, wang, door="602")
    with store.reading() as session:
        assert session.get_one(Resident, wang).door == "602"
    assert left(store, vault, wang, 2) == {}
    change(store, scope, vault, wang, door="703")
    assert left(store, other, wang, 3) == {}
    for event in ("before.not_sealed", "before.not_opened"):
        error_log.expect(event)


def test_what_an_import_changes_is_kept_and_nothing_of_whom_it_brings(
    store: Store, scope: Scope, vault: Vault, wang: int, tmp_path: Any
) -> None:
    desk = Desk(store, scope, vault, tmp_path)
    known, new = ("王秀英", "1944-03-12", "67001001", "602"), ("李国强", "1941-01-02", "67001002", "7")
    brought = desk.brings_in(HEAD, known, new)
    assert left(store, vault, wang, 2) == {"door": ("501", "602")}
    with store.reading() as session:
        assert len(session.exec(select(ResidentBefore)).all()) == 1
    desk.undoes(brought)
    assert left(store, vault, wang, 3) == {"door": ("602", "501")}
