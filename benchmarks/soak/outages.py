"""What breaks, each as a block: broken when it begins, whole again when it ends."""

import asyncio
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Literal

import psycopg

from benchmarks.scene import Scene
from benchmarks.soak.truth import Truth
from callbridge.exchange import Exchange
from tests.system.wire import Wire

Kind = Literal["kill", "cut", "silent", "hung", "exchange", "lock"]
WORDS: Mapping[Kind, str] = {
    "kill": "kill -9 of the service",
    "cut": "the connection to the exchange is cut",
    "silent": "the connection to the exchange is silent",
    "hung": "the service is stopped (SIGSTOP)",
    "exchange": "kill -9 of the exchange",
    "lock": "the database is locked by another process",
}
RESTARTED_AFTER = 1.0  # seconds, as a supervisor of services does it
TABLES = ("call", "leg", "journal", "message")  # locked on PostgreSQL


class Line:
    """The service's connection to the exchange goes through here; runs in a thread of its own."""

    def __init__(self, ami_port: int) -> None:
        self._wire = Wire(ami_port)
        self._loop = asyncio.new_event_loop()

    @property
    def port(self) -> int:
        return self._wire.port

    @contextmanager
    def laid(self) -> Iterator[None]:
        thread = threading.Thread(target=self._loop.run_forever, name="line")
        thread.start()
        self._do(self._wire.start())
        try:
            yield
        finally:
            self._do(self._wire.stop())
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def cut(self) -> None:
        """Ends every connection; new ones flow."""
        self._do(self._wire.cut())

    def hold(self) -> None:
        """From now on nothing comes through, in neither direction, and nobody is told."""
        self._loop.call_soon_threadsafe(self._wire.forth.clear)
        self._loop.call_soon_threadsafe(self._wire.back.clear)

    def _do(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)


class Breaker:
    """Breaks things of one scene; `truth` learns when the exchange died."""

    def __init__(self, scene: Scene, exchange: Exchange, line: Line, truth: Truth) -> None:
        self._scene = scene
        self._exchange = exchange
        self._line = line
        self._truth = truth
        self._broken: dict[Kind, Callable[[], AbstractContextManager[None]]] = {
            "kill": self._killed,
            "cut": self._cut,
            "silent": self._silent,
            "hung": scene.service.hung,
            "exchange": self._exchange_killed,
            "lock": self._locked,
        }

    def break_for(self, kind: Kind, seconds: float) -> float:
        """Breaks it for so long (a kill: until somebody starts it again); returns when that was, on the system's
        clock."""
        began = time.time()
        with self._broken[kind]():
            time.sleep(RESTARTED_AFTER if kind in ("kill", "exchange") else seconds)
        return began

    @contextmanager
    def _killed(self) -> Iterator[None]:
        self._scene.service.kill()
        yield
        self._scene.service.begin()

    @contextmanager
    def _cut(self) -> Iterator[None]:
        stop = threading.Event()

        def again() -> None:
            while not stop.wait(0.1):
                self._line.cut()

        self._line.cut()
        cutting = threading.Thread(target=again)
        cutting.start()
        try:
            yield
        finally:
            stop.set()
            cutting.join()

    @contextmanager
    def _silent(self) -> Iterator[None]:
        self._line.hold()
        yield
        self._line.cut()

    @contextmanager
    def _exchange_killed(self) -> Iterator[None]:
        pid = self._exchange.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        died = time.time()
        while self._exchange.pid is not None:
            time.sleep(0.01)
        self._truth.died(died)
        yield
        self._exchange.start()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        url = self._scene.database
        if url.get_backend_name() == "sqlite":
            with closing(sqlite3.connect(str(url.database), timeout=10, isolation_level=None)) as database:
                database.execute("BEGIN IMMEDIATE")
                yield
                database.execute("ROLLBACK")
            return
        conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(conninfo) as connection:
            names = ", ".join(f'"{table}"' for table in TABLES)
            connection.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE".encode())
            yield
            connection.rollback()
