"""Everything of one run on its stage: people, exchange, town, service, callers, and who watches."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

import httpx
from sqlalchemy import func, select
from sqlmodel import col

from benchmarks.loads import logged_in
from benchmarks.process import Service
from benchmarks.scene import Scene
from benchmarks.soak.board import Board
from benchmarks.soak.counts import FINISHED
from benchmarks.soak.network import Desk, Network, one_call
from benchmarks.soak.outages import Breaker, Line
from benchmarks.soak.quarter import LOGIN, PASSWORD, Quarter, move_in
from benchmarks.soak.truth import Truth
from callbridge.exchange import Exchange
from dispatch.migrate import migrate
from dispatch.models import Message
from registry.store import Store

SETTLES = 240.0  # seconds: claims on messages run out before


@dataclass(frozen=True, slots=True)
class Stage:
    scene: Scene
    quarter: Quarter
    exchange: Exchange
    network: Network
    service: Service
    client: httpx.Client
    truth: Truth
    board: Board
    breaker: Breaker

    @property
    def processes(self) -> dict[str, int]:
        """Who is on this stage, apart from the callers."""
        exchange = self.exchange.pid
        assert exchange is not None
        return {"service": self.service.pid, "exchange": exchange, "town": self.network.pid}

    def settle(self, within: float = SETTLES) -> float | None:
        """Seconds until nobody is on the line, the board says so, and the outbox has nothing under way."""
        began = time.time()
        while time.time() < began + within:
            if not self.truth.open_calls and self.board.is_right() and not self._under_way():
                return round(time.time() - began, 1)
            self.truth.read()
            time.sleep(0.5)
        return None

    def _under_way(self) -> int:
        with closing(Store(self.scene.database)) as store, store.reading() as session:
            unfinished = select(func.count()).select_from(Message).where(col(Message.state).not_in(FINISHED))
            return session.scalar(unfinished) or 0


@contextmanager
def set_up(scene: Scene, *, homes: int, merchants: int, desk: Desk = one_call) -> Iterator[Stage]:
    """The empty database of `scene` is filled, and everything runs until the block ends."""
    with closing(Store(scene.database)) as store:
        migrate(store)
        quarter = move_in(store, scene.config, homes=homes, merchants=merchants)
    with ExitStack() as stack:
        exchange = stack.enter_context(scene.running_exchange())
        network = Network(scene, exchange, desk)
        stack.enter_context(network.running())
        line = Line(scene.ports.ami)
        stack.enter_context(line.laid())
        scene.through(line.port)
        service = stack.enter_context(scene.running_service())
        client = stack.enter_context(logged_in(scene, LOGIN, PASSWORD))
        truth = Truth(exchange)
        board = Board(scene, client, truth)
        breaker = Breaker(scene, exchange, line, truth)
        yield Stage(scene, quarter, exchange, network, service, client, truth, board, breaker)
