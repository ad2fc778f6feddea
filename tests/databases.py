"""Real databases for the tests: a PostgreSQL server of their own and copies of one migrated template.

The server listens on a Unix socket in a temporary directory and on no network address, trades safety against a power
cut for speed, and ends with the process that started it, however that ends.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import inspect
from sqlalchemy.engine import URL, Dialect
from sqlalchemy.pool import QueuePool
from sqlalchemy.util import LRUCache

from dispatch.migrate import migrate
from registry.store import Store

USER = "townline"
FAST = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "max_wal_size": "128MB",
    "max_connections": "200",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}

_DIALECTS: dict[str, Dialect] = {}  # by the kind of database
_COMPILED: LRUCache[Any, Any] = LRUCache(2000)


def binaries() -> Path | None:
    """Where the newest installed PostgreSQL's programs are, None when there is none."""
    if found := sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4])):
        return found[-1].parent
    if found_on_path := shutil.which("postgres"):
        return Path(found_on_path).resolve().parent
    return None


def build(url: URL) -> None:
    """Puts every table into the empty database at `url`."""
    with closing(Store(url)) as store:
        migrate(store)


def warm(store: Store) -> None:
    """Lets the store use what this process has compiled for the stores of earlier tests.

    Each engine compiles every statement anew, which was half of what a test does on a database.
    """
    kind = store.url.get_backend_name()
    if kind not in _DIALECTS:
        with store.engine.connect():  # by which the dialect gets to know the server
            _DIALECTS[kind] = store.engine.dialect
    store.engine.dialect = _DIALECTS[kind]
    store.engine.update_execution_options(compiled_cache=_COMPILED)


def shape(store: Store) -> dict[str, Any]:
    """Every table with its columns, keys, indexes and checks, as the database itself tells it.

    The order of the columns is left out: on PostgreSQL new ones come last.
    """
    look = inspect(store.engine)
    return {
        table: {
            "columns": sorted(
                (column["name"], str(column["type"]), column["nullable"], column["default"])
                for column in look.get_columns(table)
            ),
            "checks": sorted((check["name"], check["sqltext"]) for check in look.get_check_constraints(table)),
            "foreign": sorted(map(str, look.get_foreign_keys(table))),
            "unique": sorted(map(str, look.get_unique_constraints(table))),
            "indexes": sorted(
                (index["name"], index["column_names"], index["unique"], _conditions(index))
                for index in look.get_indexes(table)
            ),
            "key": look.get_pk_constraint(table),
        }
        for table in look.get_table_names()
        if table != "alembic_version"
    }


def in_use(store: Store) -> int:
    """How many connections threads hold now; one that was given up by a cancelled task may go on for a moment."""
    pool = store.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


def _conditions(index: Any) -> list[str]:
    return [str(condition) for condition in index["dialect_options"].values()]


class PostgresServer:
    """One server for a whole test session; `create` makes a database in it, `drop` removes it.

    `settings` of postgresql.conf: those of the tests, unless a benchmark wants what a working day has.
    """

    def __init__(self, programs: Path, settings: Mapping[str, str] = FAST) -> None:
        self.programs = programs
        self._settings = settings
        self.directory = Path(tempfile.mkdtemp(prefix="townline-postgres-"))
        self._names = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._prefix = ["setpriv", "--pdeathsig", "INT"]
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(self.directory, user.pw_uid, user.pw_gid)
            self._prefix += ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]

    def start(self) -> None:
        data = self.directory / "data"
        initialise = ["initdb", "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
        subprocess.run(self._command(*initialise), check=True, stdout=subprocess.DEVNULL, cwd=self.directory)
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            self._command("postgres", "-D", str(data), "-k", str(self.directory), *settings), cwd=self.directory
        )
        give_up = time.monotonic() + 30
        while not self._ready(data):  # asking it by connecting would fill its log with refusals
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError("PostgreSQL did not start")
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # fast shutdown: sessions are ended, nobody is waited for
            self._process.wait(timeout=30)
        shutil.rmtree(self.directory)

    def create(self, template: URL | None = None) -> URL:
        """A new database, empty or a copy of `template`, which nobody may be connected to."""
        name = f"test_{next(self._names)}"
        source = f' TEMPLATE "{template.database}" STRATEGY FILE_COPY' if template is not None else ""
        self._execute(f'CREATE DATABASE "{name}"{source}')
        return URL.create("postgresql", username=USER, database=name, query={"host": str(self.directory)})

    def drop(self, url: URL) -> None:
        self._execute(f'DROP DATABASE "{url.database}" WITH (FORCE)')

    def _command(self, program: str, *arguments: str) -> list[str]:
        return [*self._prefix, "--", str(self.programs / program), *arguments]

    @staticmethod
    def _ready(data: Path) -> bool:
        try:
            return (data / "postmaster.pid").read_text().splitlines()[-1].strip() == "ready"
        except (FileNotFoundError, IndexError):
            return False

    def _conninfo(self, database: str) -> str:
        return f"host={self.directory} user={USER} dbname={database}"

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())
