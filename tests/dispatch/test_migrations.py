import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

import dispatch.models  # noqa: F401
import registry.models  # noqa: F401
from dispatch.lockfile import LockFile
from dispatch.migrate import migrate, revision, scripts
from dispatch.obstacles import AlreadyServed, DatabaseLocked, DatabaseNewer, DatabaseUnreachable
from registry import unfiled
from registry.store import Scope, Store
from registry.vault import Vault
from tests.databases import build, shape
from tests.registry.town import resident


@pytest.fixture
def empty(empty_database_url: URL) -> Iterator[Store]:
    with closing(Store(empty_database_url)) as store:
        yield store


def test_the_migrations_lead_to_what_the_models_say(empty: Store) -> None:
    migrate(empty)
    with empty.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
    migrated = shape(empty)
    with empty.engine.begin() as connection:
        SQLModel.metadata.drop_all(connection)
        SQLModel.metadata.create_all(connection)
    assert migrated == shape(empty)


def test_a_word_that_no_choice_has_is_refused_by_the_migrated_database(store: Store) -> None:
    insert = text(
        "INSERT INTO service (centre_id, code, version, name_zh, name_en, priority, merchant_kinds, needs_visit, "
        "active, accept_minutes, arrive_minutes, finish_minutes, proof, questions_zh, questions_en, valid_from)"
        " VALUES (1, 'water', 1, '', '', :priority, '[]', true, true, 1, 1, 1, 'report', '[]', '[]', '2026-01-01')"
    )
    with store.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO centre (id, code, name, time_zone, country, area_code, language, epoch, created_at)"
                " VALUES (1, 'TL', '', 'Asia/Shanghai', 'CN', '', 'zh', '', '2026-01-01')"
            )
        )
        with pytest.raises(IntegrityError, match="ck_service_priority"), connection.begin_nested():
            connection.execute(insert, {"priority": "whenever"})
        connection.execute(insert, {"priority": "routine"})


def test_a_migration_is_done_once_however_many_start_at_the_same_time(empty_database_url: URL) -> None:
    stores = [Store(empty_database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        reached = list(pool.map(migrate, stores))
    assert reached == [scripts().get_current_head()] * 4
    assert revision(stores[0]) == reached[0]
    for store in stores:
        store.close()


@pytest.mark.parametrize("import_id", [None, 1], ids=["filed", "waiting"])
def test_whoever_was_registered_before_is_found_by_initials_in_another_reading_as_well(
    store: Store, centre_id: int, import_id: int | None
) -> None:
    for name in ("邓重桂", "长孙乐", "王秀英", "王重阳"):
        resident(store, Scope(centre_id), Vault(bytes(32)), name=name, import_id=import_id)

    def every() -> tuple[set[tuple[str, int, int]], dict[int, unfiled.Tokens]]:
        with store.reading() as session:
            filed = session.execute(text("SELECT token, resident_id, weight FROM search_token")).all()
            return {(token, hers, weight) for token, hers, weight in filed}, unfiled.everybody(session)

    wanted = every()
    before = {
        hers: {token: weight for token, weight in tokens.items() if token not in ("i:dcg", "i:zsy")}
        | ({"i:wzy": 6} if "i:wzy" in tokens else {})  # 王重阳 had hers with half the weight
        for hers, tokens in wanted[1].items()
    }
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM search_token WHERE token IN ('i:dcg', 'i:zsy')"))
        connection.execute(text("UPDATE search_token SET weight = 6 WHERE token = 'i:wzy'"))
        for hers, tokens in before.items():
            row = {"hers": hers, "tokens": json.dumps(tokens)}
            connection.execute(text("UPDATE search_unfiled SET tokens = :tokens WHERE resident_id = :hers"), row)
        with Operations.context(MigrationContext.configure(connection)):
            step = next(each for each in scripts().walk_revisions() if "read_in_two_ways" in each.path)
            step.module.upgrade()
    assert every() == wanted


def test_a_database_newer_than_the_program_is_left_alone(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseNewer, match="9999"):
        migrate(store)
    assert revision(store) == "9999"


def test_the_password_of_a_database_that_does_not_answer_is_not_told() -> None:
    with closing(Store("postgresql://townline:open-sesame@127.0.0.1:1/townline")) as store:
        with pytest.raises(DatabaseUnreachable) as problem:
            migrate(store)
        assert "127.0.0.1" in str(problem.value)
        assert "open-sesame" not in str(problem.value)


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
def test_a_locked_database_is_named(empty: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(empty)
    monkeypatch.setattr("dispatch.migrate.PATIENCE", 0)
    with (
        closing(Store(empty.url)) as other,
        other.writing(),
        pytest.raises(DatabaseLocked, match="locked by another"),
    ):
        migrate(empty)


def test_a_file_that_is_no_database_or_a_damaged_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "town.db"
    url = URL.create("sqlite", database=str(path))
    path.write_text("the minutes of the last meeting\n" * 300)
    with closing(Store(url)) as store, pytest.raises(DatabaseUnreachable, match=r"town\.db.*backup"):
        migrate(store)
    path.unlink()
    build(url)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * 8 * 4096 + whole[9 * 4096 :])
    with closing(Store(url)) as store, pytest.raises(DatabaseUnreachable, match=r"town\.db.*backup"):
        migrate(store)


def test_a_second_service_on_the_same_file_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    first, second = LockFile(tmp_path / "town.db"), LockFile(tmp_path / "town.db")
    first.take("townline serve at http://127.0.0.1:8460")
    with pytest.raises(
        AlreadyServed, match=r"town\.db is already served by townline serve at http://127\.0\.0\.1:8460"
    ):
        second.take("townline serve at http://127.0.0.1:9999")
    first.release()
    second.take("townline serve at http://127.0.0.1:9999")
    second.release()


def test_two_names_of_one_file_meet_at_one_lock(tmp_path: Path) -> None:
    (tmp_path / "town.db").touch()
    (tmp_path / "alias.db").symlink_to(tmp_path / "town.db")
    first, second = LockFile(tmp_path / "town.db"), LockFile(tmp_path / "alias.db")
    first.take("one")
    with pytest.raises(AlreadyServed):
        second.take("another")
    first.release()
