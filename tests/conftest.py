"""What every test may ask for: a real database of either kind, a store on it, a clock that it moves, a clean log."""

import os
import shutil
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from registry.store import MovableClock, Store
from tests.databases import PostgresServer, binaries, build
from tests.errorlog import ErrorLog, watched

IN_CI = os.environ.get("CI") == "true"
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in Shanghai


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
def postgres_template(postgres: PostgresServer) -> URL:
    url = postgres.create()
    build(url)
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "townline.db"
    build(sqlite_url(path))
    return path


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

    A test that one kind is enough for says `@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)`.
    `url.render_as_string(hide_password=False)` is what `config.toml` takes.
    """
    if request.param == "sqlite":
        path = tmp_path / "townline.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield sqlite_url(path)
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.create(request.getfixturevalue("postgres_template"))
    yield url
    server.drop(url)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(MORNING)


@pytest.fixture
def store(database_url: URL, clock: MovableClock) -> Iterator[Store]:
    store = Store(database_url, clock=clock)
    yield store
    store.close()


def sqlite_url(path: Path) -> URL:
    return URL.create("sqlite", database=str(path))
