"""The running service: the API, the exchange's link, the sender and the clocks in one process and one event loop."""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

import structlog
import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.engine import make_url

from callbridge.errors import GatewayAway, GatewayError
from callbridge.gateways import Gateway, Report
from dispatch import gateway_health, housekeeping, memory, merging, reports, ticker
from dispatch.api import create_app
from dispatch.backup.sqlite import sweep
from dispatch.config import Config
from dispatch.database import database_file
from dispatch.house import House, open_house
from dispatch.listening import Listening
from dispatch.lockfile import LockFile
from dispatch.obstacles import AddressTaken
from dispatch.unread import read_left_over

log = structlog.get_logger()

TICK = 0.25  # seconds between two looks at the clocks: what is due is done within a second of its time
HEARD = 5  # between two notes that the exchange is heard
READ_AGAIN = 10
AUDIT = 60
CLEAN = 600
LET_GO = 30
SEAL = 10  # between two looks at texts that an earlier version has left
UPKEEP = 5
PROVE = 20
PULSE = 2  # seconds between two signs of life; systemd and the exchange wait for much longer
PATIENCE = 3  # seconds that requests under way have when the service stops
REGISTER_AGAIN = 30  # seconds, after a gateway was away
COLLECT = (10_000, 20, 20)  # by default every seventh match met a full collection of 8 ms; the memory is the same
TAKES_TURNS = 0.001  # seconds; with Python's own 0.005 a call waits that long for each statement while others compute


class PartFailed(Exception):
    """A part of the service ended that should run for ever: nothing may go on without it."""


@contextmanager
def opened(config: Config) -> Iterator[tuple[House, socket.socket]]:
    """The house and the socket it listens on, with everything taken that nobody else may have.

    Raises Obstacle; nothing is left half-started then.
    """
    with ExitStack() as stack:
        door = stack.enter_context(open_door(str(config.service.listen), config.service.port))
        if (database := database_file(make_url(config.database.url))) is not None:
            lock = LockFile(database)
            lock.take(f"townline serve at {address(config)}")
            stack.callback(lock.release)
            sweep(database)
        house = open_house(config)
        stack.callback(house.store.close)
        yield house, door


def address(config: Config) -> str:
    """Where clients on this machine find the service."""
    host = str(config.service.listen)
    return f"http://{f'[{host}]' if ':' in host else host}:{config.service.port}"


def serve(config: Config) -> None:
    """Runs until SIGTERM or SIGINT. Raises Obstacle when it cannot begin, PartFailed when it cannot go on."""
    with opened(config) as (house, door):
        gc.freeze()  # a full collection walks 370,000 objects of the imports (0.1 s) while a call comes in
        gc.set_threshold(*COLLECT)
        sys.setswitchinterval(TAKES_TURNS)
        asyncio.run(run(house, door))


async def run(house: House, door: socket.socket) -> None:
    """Everything in motion, until a signal; then everything at rest, in an order that loses nothing."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await house.feed.start()
    server = http_server(house)
    clocks = _clocks(house)
    listening = None if house.store.is_sqlite else Listening(house.store.url, house.feed.wake)
    await asyncio.to_thread(gateway_health.settle, house.store, house.centre_id, list(house.gateways))
    await asyncio.to_thread(merging.follow_all, house.store)
    await asyncio.to_thread(house.speech.forget, housekeeping.SAID)  # of calls that ended while nobody was here
    for gateway in house.gateways.values():  # of several instances, the one that sends is the one reported to
        house.switchboard.while_held(partial(_register, house, gateway))
        house.switchboard.while_held(partial(_listen, house, gateway))
        house.switchboard.while_held(partial(gateway_health.watch, house.store, house.centre_id, gateway))
    parts = {
        "api": asyncio.create_task(server.serve(sockets=[door])),
        "feed": asyncio.create_task(house.feed.run()),
        "switchboard": asyncio.create_task(house.switchboard.run()),
    }
    clocks.start()
    if listening is not None:
        listening.start()
    log.info("service.began", address=address(house.config), instance=house.instance)
    house.notifier.tell("READY=1")
    try:
        stop = asyncio.create_task(stopping.wait())
        await asyncio.wait([stop, *parts.values()], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        broken = [name for name, part in parts.items() if part.done()]
        for name in broken:
            log.error("service.part_failed", part=name, exc_info=parts[name].exception())
    finally:
        clocks.shutdown(wait=False)
        await house.pulse.stop(house.switchboard.bridge)
        parts["switchboard"].cancel()
        await asyncio.gather(parts["switchboard"], return_exceptions=True)
        await house.feed.close()
        server.should_exit = True
        parts["feed"].cancel()
        await asyncio.gather(*parts.values(), return_exceptions=True)
        if listening is not None:
            await asyncio.to_thread(listening.stop)
        await asyncio.to_thread(house.replies.backlog.close)
        for gateway in house.gateways.values():
            await gateway.close()
        log.info("service.ended")
    if broken:
        raise PartFailed(f"the service ended because of its {broken[0]}; the log says where")


def http_server(house: House) -> uvicorn.Server:
    """The API's server; it leaves signals to whoever runs it."""
    return _Server(
        uvicorn.Config(
            create_app(house),
            log_config=None,
            access_log=False,  # what somebody looked for stands in the address
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=PATIENCE,
        )
    )


class _Server(uvicorn.Server):
    """Leaves the signals to `run`, which stops the parts in their order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def open_door(host: str, port: int) -> socket.socket:
    """A socket that listens there, port 0 at any free one. Raises AddressTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else asyncio leaves Nagle on: 40 ms
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
        door.listen(256)
    except OSError as error:
        door.close()
        raise AddressTaken(
            f"service.listen and service.port: {host} port {port}: {error.strerror}; stop what listens there, "
            "or name another port"
        ) from error
    return door


def _clocks(house: House) -> AsyncIOScheduler:
    """The scheduler only ticks: what is due stands in the database."""
    scheduler = AsyncIOScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )

    async def tick() -> None:
        while await asyncio.to_thread(ticker.tick, house.store, house.instance):
            house.ticked()
        house.ticked()

    async def keep_up() -> None:
        await house.upkeep.run(house.switchboard.bridge)

    async def prove() -> None:
        await house.daily_proof.run(house.switchboard.bridge)

    async def beat() -> None:
        await house.pulse.beat(house.switchboard.bridge)

    jobs: list[tuple[float, Callable[[], Awaitable[None]]]] = [
        (TICK, tick),
        (HEARD, house.switchboard.still_there),
        (READ_AGAIN, _in_thread(lambda: read_left_over(house.store, house.replies))),
        (READ_AGAIN, _in_thread(lambda: reports.read_early(house.store))),
        (AUDIT, _in_thread(house.audit)),
        (UPKEEP, keep_up),
        (PROVE, prove),
        (PULSE, beat),
        (LET_GO, _in_thread(memory.let_go)),
        (SEAL, _in_thread(house.sealer.run)),
        (CLEAN, _in_thread(lambda: housekeeping.clean(house.store, house.speech))),
    ]
    for seconds, job in jobs:
        scheduler.add_job(cut_short(job), "interval", seconds=seconds)
    return scheduler


def cut_short(job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """The job, which the end of the scheduler may cancel in the middle: APScheduler would call that its error."""

    async def until_then() -> None:
        with suppress(asyncio.CancelledError):
            await job()

    return until_then


def _in_thread(work: Callable[[], object]) -> Callable[[], Awaitable[None]]:
    async def job() -> None:
        await asyncio.to_thread(work)

    return job


async def _register(house: House, gateway: Gateway) -> None:
    """Tells a gateway where to report, as soon as it is there."""
    service = house.config.service
    if service.listen.is_unspecified and not service.public_url:
        log.warning("gateway.not_registered", gateway=gateway.name, why="service.public_url is empty")
        return
    here = f"{service.public_url or address(house.config)}/api/v1/gateways/{gateway.name}"
    said = ""
    while True:
        try:
            await gateway.register(f"{here}/inbound", f"{here}/status")
        except GatewayError as problem:
            if (why := str(problem)) != said:
                log.warning("gateway.not_registered", gateway=gateway.name, why=why)
                said = why
            await asyncio.sleep(REGISTER_AGAIN if isinstance(problem, GatewayAway) else 10 * REGISTER_AGAIN)
        else:
            log.info("gateway.registered", gateway=gateway.name)
            return


async def _listen(house: House, gateway: Gateway) -> None:
    """Takes in what a gateway has to be asked for."""

    async def hear(report: Report) -> None:
        await asyncio.to_thread(reports.take, house.store, house.replies, gateway.name, [report])

    await gateway.listen(hear)
