"""The database plans for the register as it is, also while an import fills it."""

import pytest
from sqlalchemy import text

from registry.sheets import growth
from registry.store import Store
from tests.registry.sheets.desk import Desk

HEAD = ("姓名", "出生日期", "电话")
TABLES = ("resident", "line", "search_token")
PEOPLE = [(f"张桂{character}", "1940-01-01", f"1990023{n:04d}") for n, character in enumerate("芳兰珍香秀")]


def counted(store: Store) -> dict[str, int]:
    """What PostgreSQL takes the tables to hold."""
    with store.reading() as session:
        known = "SELECT reltuples::bigint FROM pg_class WHERE oid = CAST(:table AS regclass)"
        return {name: session.rows(text(known), table=name).scalar_one() for name in TABLES}


def test_postgresql_is_told_when_an_import_has_doubled_the_register(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "FEW", 2)
    desk.brings_in(HEAD, *PEOPLE[:2])
    if store.is_sqlite:  # plans by the indexes alone, and the import goes through all the same
        return
    assert (counted(store)["resident"], counted(store)["line"]) == (2, 2)
    assert counted(store)["search_token"] > 10
    desk.brings_in(HEAD, *PEOPLE[:3])
    assert counted(store)["resident"] == 2
    desk.brings_in(HEAD, *PEOPLE)
    assert counted(store)["resident"] == 5


def test_few_people_are_not_worth_it(desk: Desk, store: Store) -> None:
    desk.brings_in(HEAD, *PEOPLE)
    if not store.is_sqlite:
        assert counted(store)["resident"] == -1
