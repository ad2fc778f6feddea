"""A database that an older version of the program made comes to this one with everything that is in it."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import MetaData, select, text
from sqlalchemy.engine import URL
from sqlmodel import SQLModel, col

from dispatch.migrate import migrate
from dispatch.models import Case, CaseCall, Message
from dispatch.sealing import Sealer
from dispatch.ticker import tick
from registry import centres
from registry.models import RuleKind
from registry.sealed import give_vault
from registry.seed import seed_centre
from registry.store import Actor, Entry, MovableClock, Store, Subject
from registry.store.journal import Journal
from registry.vault import Vault
from tests.databases import shape
from tests.dispatch.first_version import AFTER, TABLES, left_behind


@pytest.fixture
def old(empty_database_url: URL, clock: MovableClock) -> Iterator[Store]:
    with closing(Store(empty_database_url, clock=clock)) as store:
        left_behind(store)
        yield store


def rows(store: Store, table: str) -> list[dict[str, Any]]:
    metadata = MetaData()
    with store.engine.connect() as connection:
        metadata.reflect(connection, only=[table])
        found = metadata.tables[table]
        return [dict(row) for row in connection.execute(select(found).order_by(*found.primary_key)).mappings()]


def started(store: Store) -> int:
    """What the service does at its start with a database."""
    migrate(store)
    with store.writing() as session:
        facts = {"name": "邻里热线", "time_zone": "Asia/Shanghai", "country": "CN", "area_code": "023"}
        centre = seed_centre(session, code="TL", language="zh", **facts)
        assert centre.id is not None
        return centre.id


def test_every_row_of_the_first_version_is_there_unchanged(old: Store) -> None:
    before = {table: rows(old, table) for table in TABLES}
    migrate(old)
    for table, were in before.items():
        for row, was in zip(rows(old, table), were, strict=False):
            if table == "call":  # who was dealt with is told by the cases to call back
                was.pop("settled_at")
            assert {column: row[column] for column in was} == was
        assert len(rows(old, table)) == len(were) + (1 if table == "timer" else 0)
    assert {row["direction"] for row in rows(old, "call")} == {"in"}
    assert [row["attempts"] for row in rows(old, "case")] == [0]
    assert [row["sight"] for row in rows(old, "resident")] == ["good"]
    assert [(row["lift"], row["lock"], row["dog"]) for row in rows(old, "resident")] == [(None, "", "")]


def test_its_tables_checks_and_indexes_are_then_those_of_a_fresh_database(old: Store) -> None:
    migrate(old)
    come = shape(old)
    with old.engine.begin() as connection:
        SQLModel.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    migrate(old)
    assert come == shape(old)


def test_what_was_said_in_its_time_is_read_and_then_sealed(old: Store) -> None:
    started(old)
    give_vault(old, Vault(b"0123456789abcdef0123456789abcdef"))

    def said() -> list[str]:
        with old.reading() as session:
            cases, messages = session.scalars(select(Case)).all(), session.scalars(select(Message)).all()
            return [*(case.words for case in cases), *(message.body for message in messages)]

    before = said()
    assert before == ["降压药两盒", "送药到青石里，回1接单"]
    Sealer(old).run()
    assert said() == before
    assert [rows(old, "case")[0]["words"], rows(old, "message")[0]["body"]] == ["", ""]


def test_the_journal_goes_on_where_it_was(old: Store) -> None:
    migrate(old)
    with old.writing() as session:
        session.record(
            Entry(what="ladder.over", subject=Subject.LADDER, subject_id=1, actor=Actor.system(), centre_id=1)
        )
    with old.reading() as session:
        assert list(session.scalars(select(col(Journal.seq)).order_by(col(Journal.seq)))) == [1, 2, 3, 4, 5]


def test_whom_nobody_had_called_back_becomes_a_case_to_call_back(old: Store, clock: MovableClock) -> None:
    started(old)
    clock.move_to(AFTER)
    tick(old, "serve-1")
    with old.reading() as session:
        case = session.scalars(select(Case).where(col(Case.call_back).is_not(None))).one()
        assert (case.number, case.state, case.resident_id, case.attempts) == ("TL-20260302-0002", "open", 1, 1)
        assert case.needs_since is not None
        links = session.execute(select(col(CaseCall.call_id)).where(col(CaseCall.case_id) == case.id)).all()
        assert links == [(2,)]


def test_a_centre_of_the_first_version_gets_the_rules_and_services_that_came_later(old: Store) -> None:
    centre_id = started(old)
    with old.reading() as session:
        for kind in RuleKind:
            assert centres.current_rule(session, centre_id, kind).version == 1
        assert centres.current_rule(session, centre_id, RuleKind.OFFER_POLICY).body["voice_tries"] == 3
        codes = {service.code for service in centres.current_services(session, centre_id)}
    assert {"medicine", "call_back", "care_check"} <= codes
