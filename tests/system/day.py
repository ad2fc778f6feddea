"""A working day of the whole system, with hands on what a test wants to break: the service's process and its wires.

The stage of the rehearsal brings exchange, town, SMS phone, service, people and a telephone; a console's own client
watches the board.
"""

import asyncio
import os
import random
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx
from sqlalchemy import text

from callbridge.exchange import Tree
from console.client import Client
from console.stream import Away, Back, Stream
from console.world import World
from dispatch.config import ConfigFile
from dispatch.rehearsal.community import read_community, subscriber
from dispatch.rehearsal.place import Place, find_place
from dispatch.rehearsal.stage import OPERATOR, Stage
from dispatch.rehearsal.witness import Sighting
from dispatch.wire.board import Board, Event
from dispatch.wire.calls import CallLine
from dispatch.wire.cases import CaseCard, NewCase
from dispatch.wire.offers import Dispatch
from dispatch.wire.words import Channel
from registry.store import Store
from tests.patience import SOON
from tests.system.wire import Wire

LONG_AGO = "2026-01-01 00:00:00.000000"
Found = TypeVar("Found")


async def until(look: Callable[[], Found | None], what: str, seconds: float = SOON) -> Found:
    """What `look` finds, as soon as it is there."""
    give_up = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up, f"{what}: not within {seconds:g} s"
        await asyncio.sleep(0.05)
    return found


def any_event(_: Event) -> bool:
    return True


class Watch:
    """A console without its screen: the console's own stream and world, and every event that came down the line."""

    def __init__(self, url: str) -> None:
        self.client = Client(url, patience=10.0)
        self.world = World()
        self.boards: list[Board] = []
        self.events: list[Event] = []
        self.outages = 0
        self._following: asyncio.Task[None] | None = None

    async def start(self, login: str, password: str) -> Self:
        await self.client.log_in(login, password)
        self._following = asyncio.create_task(self._follow())
        await until(lambda: self.boards, "the board")
        return self

    async def stop(self) -> None:
        assert self._following is not None
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)
        await self.client.close()

    async def _follow(self) -> None:
        async for news in Stream(self.client, pauses=(0.3,)).news():
            match news:
                case Board():
                    self.boards.append(news)
                    self.world.take(news)
                case Event():
                    self.events.append(news)
                    self.world.apply(news)
                case Away():
                    self.outages += 1
                    self.world.went_away(news.since)
                case Back():
                    self.world.came_back()

    async def event(
        self, what: str, accept: Callable[[Event], bool] = any_event, *, after: int = 0, seconds: float = SOON
    ) -> Event:
        """The first such event since `after` events had come."""

        def look() -> Event | None:
            return next((each for each in self.events[after:] if each.what == what and accept(each)), None)

        return await until(look, what, seconds)

    async def away(self) -> None:
        await until(lambda: self.world.away_since, "the console notices")

    async def back(self) -> None:
        await until(lambda: self.world.away_since is None, "the console is back")

    @property
    def seqs(self) -> list[int]:
        """The journal's sequence numbers of all that came, in the order in which it came."""
        return [int(event.id.rpartition("-")[2]) for event in self.events]

    @property
    def began_after(self) -> int:
        """The sequence number at which the first board stood."""
        return int(self.boards[0].last_event_id.rpartition("-")[2])

    async def knows_all(self) -> None:
        """What the console shows is what a new one would be shown."""
        fresh = World()
        give_up = time.monotonic() + 5
        while True:
            fresh.take(await self.client.board())
            if (self.world.calls, self.world.cases, self.world.links) == (fresh.calls, fresh.cases, fresh.links):
                return
            assert time.monotonic() < give_up, "the console shows something else than the board"
            await asyncio.sleep(0.1)


class Day:
    """`sms_line` lies between the service and the SMS phone, `ami_line` between the service and the exchange."""

    def __init__(self, stage: Stage, sms_line: Wire, ami_line: Wire, watch: Watch) -> None:
        self.stage = stage
        self.sms_line = sms_line
        self.ami_line = ami_line
        self.watch = watch
        self.client = watch.client

    # The service's process

    @property
    def pid(self) -> int:
        file = self.stage.place.config_file
        return int(file.with_name(f"{file.name}.pid").read_text())

    async def kill(self) -> None:
        """`kill -9`: nothing of it runs any more when this returns."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not Path(f"/proc/{pid}").exists(), "the service's end")

    async def start(self) -> None:
        await self.stage.service.start()

    async def listens(self) -> bool:
        """Whether anybody answers at the service's port."""
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.stage.place.config.service.port)
        except OSError:
            return False
        writer.close()
        return True

    @property
    def service_log(self) -> str:
        return self.stage.place.config_file.with_name("service.log").read_text(encoding="utf-8")

    # The people

    async def offer(self, resident: str, merchant: str, channel: Channel) -> CaseCard:
        """A case of hers, just sent to that merchant."""
        found = await self.client.find_residents(resident)
        case = await self.client.open_case(NewCase(resident_id=found.items[0].id, service="medicine", words="降压药"))
        name = self.stage.community.merchant(merchant).name
        candidates = (await self.client.candidates(case.number)).candidates
        chosen = next(each.merchant.id for each in candidates if each.merchant.name == name)
        return await self.client.dispatch(case.number, Dispatch(expects="open", merchant_id=chosen, channel=channel))

    async def call(self, resident: str, *, times: int = 6) -> str:
        """She dials the hotline; the call's id in the town's log."""
        return await self.stage.call_in(self.stage.community.resident(resident), times=times)

    async def wait_call(self, resident: str, accept: Callable[[CallLine], bool]) -> CallLine:
        """Her call, as soon as the console shows it so."""

        def look() -> CallLine | None:
            calls = [each for each in self.watch.world.calls.values() if self.is_of(each, resident)]
            return next((call for call in calls if accept(call)), None)

        return await until(look, f"a call of {resident}")

    async def ended(self, resident: str, after: int, *, seconds: float = SOON) -> CallLine:
        """The end of a call of hers, told since `after` events had come."""

        def hers(event: Event) -> bool:
            return event.call is not None and self.is_of(event.call, resident)

        call = (await self.watch.event("call.ended", hers, after=after, seconds=seconds)).call
        assert call is not None
        return call

    @staticmethod
    def is_of(call: CallLine, resident: str) -> bool:
        return call.resident is not None and call.resident.name == resident

    async def pick_up(self, call: CallLine) -> None:
        """The operator's telephone is picked up until it is this call that she has; those before it are hung up."""
        assert self.stage.phone is not None
        give_up = time.monotonic() + SOON
        while True:
            await self.stage.phone.answer()
            await asyncio.sleep(0.2)
            now = self.watch.world.calls.get(call.id)
            if now is not None and now.state == "talking":
                return
            assert time.monotonic() < give_up, "the call was not answered"

    # What the witnesses outside the service have seen

    def town(self, what: str, number: str = "") -> list[Sighting]:
        """In the town's own log, about that telephone (or about every one)."""
        wanted = subscriber(number) if number else ""
        return [each for each in self.stage.logs["town"].read() if each.what == what and wanted in ("", each.number)]

    def sms(self, what: str, number: str, has: str = "") -> list[Sighting]:
        """In the SMS phone's own log, about that merchant's number."""
        return [
            each
            for each in self.stage.logs["sms"].read()
            if each.what == what and each.number == number and has in each.detail
        ]

    def channels(self, attempt: str) -> int:
        """How many channels the exchange's event log has for an attempt to call somebody."""
        rows = self.stage.evidence.cel_rows()
        return len([row for row in rows if row["eventtype"] == "CHAN_START" and attempt in row["uniqueid"]])

    def hotline(self, event: str) -> int:
        """How often the exchange's queue_log has that event for the hotline."""
        lines = self.stage.exchange.queue_log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        return len([line for line in lines if line.split("|")[2:5:2] == ["hotline", event]])

    def sql(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        """In the service's database, behind its back."""
        with closing(Store(self.stage.place.config.database.url)) as store, store.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    async def reports_to(self) -> set[int]:
        """The ports to which the SMS phone reports."""
        place, secrets = self.stage.place, self.stage.secrets
        user, password = (secrets.get(f"GATEWAY_PHONE_{what}") or "" for what in ("USER", "PASSWORD"))
        async with httpx.AsyncClient(auth=(user, password), trust_env=False) as http:
            hooks = (await http.get(f"http://127.0.0.1:{place.phone_port}/webhooks")).json()
        return {urlsplit(hook["url"]).port or 0 for hook in hooks}

    def claims_run_out(self) -> None:
        """As if the minutes had passed for which a sender keeps a message to itself, or lets it rest."""
        self.sql("UPDATE message SET claimed_until = :then WHERE claimed_until IS NOT NULL", then=LONG_AGO)
        self.sql("UPDATE message SET not_before = :then", then=LONG_AGO)

    async def nothing_missed(self, watch: Watch) -> None:
        """Every row of the journal came down that console's line, once, in order."""
        rows = self.sql("SELECT seq FROM journal WHERE seq > :seq ORDER BY seq", seq=watch.began_after)
        await until(lambda: len(watch.seqs) >= len(rows), "the console hears of all that is in the journal")
        assert [(seq,) for seq in watch.seqs[: len(rows)]] == rows
        assert len(watch.boards) == 1, "it went on where it was and needed no new board"


def through_wires(place: Place, sms_line: Wire, ami_line: Wire) -> None:
    """The service's configuration file leads it over the wires; everybody else knows the real ports."""
    file = place.config_file
    written = file.read_text(encoding="utf-8")
    for key, real, wire in (
        ("ami_port = {}", place.config.exchange.ami_port, ami_line),
        ("127.0.0.1:{}", place.phone_port, sms_line),
    ):
        assert key.format(real) in written
        written = written.replace(key.format(real), key.format(wire.port))
    file.write_text(written, encoding="utf-8")


def begin_at_ports_of_its_own(folder: Path) -> None:
    """As if a rehearsal had been there before: two days that begin at the same moment do not want the same ports."""
    folder.mkdir()
    sip, ami, service = (random.randrange(first, first + 800, 4) for first in (30_100, 30_900, 31_700))
    text = f"[exchange]\nsip_port = {sip}\nami_port = {ami}\n[exchange.trunk]\nport = {sip}\n"
    (folder / "config.toml").write_text(f"{text}[service]\nport = {service}\n", encoding="utf-8")


@asynccontextmanager
async def working_day(
    tree: Tree, spoken: Path, folder: Path, *, database: str | None = None, answer_after: float | None = None
) -> AsyncIterator[Day]:
    """Everything started in `folder`, with what is `spoken` already.

    With `answer_after` the operator's telephone picks up by itself.
    """
    shutil.copytree(spoken, folder / "speech")
    outer = folder / "config.toml"
    outer.write_text(f'[exchange]\nroot = "{tree.root}"\n', encoding="utf-8")
    begin_at_ports_of_its_own(folder / "day")
    place = find_place(folder / "day", ConfigFile(outer), database)
    sms_line, ami_line = Wire(place.phone_port), Wire(place.config.exchange.ami_port)
    async with AsyncExitStack() as stack:
        for wire in (sms_line, ami_line):
            await wire.start()
            stack.push_async_callback(wire.stop)
        through_wires(place, sms_line, ami_line)
        stage = Stage(place, read_community(), lambda words: None, answer_after=answer_after, reports_progress=False)
        await stack.enter_async_context(stage)
        await stage.change_rule("presence_policy", after_call_seconds=0)  # one telephone, one call after the other
        watch = await Watch(stage.service.url).start(OPERATOR, stage.password(OPERATOR))
        stack.push_async_callback(watch.stop)
        yield Day(stage, sms_line, ami_line, watch)
