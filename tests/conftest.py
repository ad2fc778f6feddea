"""What every test may ask for: a real database of either kind, a store on it, a clock that it moves, a clean log."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL
from xdist.scheduler.loadscope import LoadScopeScheduling

from registry.store import MovableClock, Store
from tests.centre import the_centre
from tests.databases import PostgresServer, binaries, build, warm
from tests.errorlog import ErrorLog, watched

IN_CI = os.environ.get("CI") == "true"
MEMORY = Path("/dev/shm")
MEMORY_WANTED = 4 << 30  # bytes: a whole run of three workers writes less than one
TOGETHER = {"test_gammu.py", "test_service_away.py", "test_service_strangers.py"}  # what they share is dear to make
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in Shanghai

if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_WANTED:
    # Thousands of databases and exchanges that live for a second: making one on a disk took ten times as long.
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


class Spread(LoadScopeScheduling):
    """Whoever is free takes the next test; those of a file of `TOGETHER` stay together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if Path(file).name in TOGETHER else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    return Spread(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Beside other workers each file's tests are spread over the whole run.

    Those that wait for telephones and those that calculate then mix all the time, and no long file is left alone at
    the end.
    """
    if hasattr(config, "workerinput"):
        in_file = Counter(item.path for item in items)
        places = {file: count() for file in in_file}
        items.sort(key=lambda item: next(places[item.path]) / in_file[item.path])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed one: a missing server must not look like a passing suite."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def error_log() -> Iterator[ErrorLog]:
    """Fails the test when something logs an error that the test did not `expect`."""
    with watched() as log:
        yield log
    assert not log.unexpected, f"unexpected errors in the log: {log.unexpected}"
    assert not log.missing, f"errors that were expected and did not come: {log.missing}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    server = PostgresServer(programs)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgresql_tables(postgres: PostgresServer) -> URL:
    url = postgres.create()
    build(url)
    return url


@pytest.fixture(scope="session")
def postgresql_centre(postgres: PostgresServer, postgresql_tables: URL) -> URL:
    url = postgres.create(postgresql_tables)
    _seed(url)
    return url


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> URL:
    url = sqlite_url(tmp_path_factory.mktemp("template") / "tables.db")
    build(url)
    return url


@pytest.fixture(scope="session")
def sqlite_centre(sqlite_tables: URL, tmp_path_factory: pytest.TempPathFactory) -> URL:
    url = _copy(sqlite_tables, tmp_path_factory.mktemp("template") / "centre.db")
    _seed(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """A database without a single table, of either kind."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "empty.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """A database of either kind with every migration applied, for this test alone.

    With the centre in it when the test, or what it asks for, asks for `centre_id` too.
    A test that one kind is enough for says `@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)`.
    `url.render_as_string(hide_password=False)` is what `config.toml` takes.
    """
    template: URL = request.getfixturevalue(
        f"{request.param}_centre" if "centre_id" in request.fixturenames else f"{request.param}_tables"
    )
    if request.param == "sqlite":
        yield _copy(template, tmp_path / "townline.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.create(template)
    yield url
    server.drop(url)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(MORNING)


@pytest.fixture
def store(database_url: URL, clock: MovableClock) -> Iterator[Store]:
    store = Store(database_url, clock=clock)
    warm(store)
    yield store
    store.close()


@pytest.fixture
def centre_id(store: Store) -> int:
    """The seeded centre."""
    return the_centre(store)


def sqlite_url(path: Path) -> URL:
    return URL.create("sqlite", database=str(path))


def _copy(database: URL, path: Path) -> URL:
    assert database.database is not None
    shutil.copyfile(database.database, path)
    return sqlite_url(path)


def _seed(url: URL) -> None:
    with closing(Store(url, clock=MovableClock(MORNING))) as store:
        the_centre(store)
