"""A stand-in for Asterisk's Manager Interface: real AMI bytes over a real socket, with faults on demand.

For rehearsing what a real exchange does rarely: losing the connection while an answer is pending, going silent,
cutting a list short, refusing the secret, splitting a character between two segments. It keeps no calls: whoever uses
it says what happens (`say`), what its lists hold (`channels`, `callers`, `members`) and how it answers (`answers`).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

Pairs = dict[str, str]
Received = dict[str, list[str]]  # an action as it came: key as sent, all its values


@dataclass(kw_only=True)
class AmiStandIn:
    """Listens on 127.0.0.1 after `start`; `port` 0 takes a free one. Faults may be switched at any time."""

    secret: str
    user: str = "townline"
    port: int = 0
    uptime: int = 3600  # seconds, as FullyBooted says it
    channels: list[Pairs] = field(default_factory=list)  # CoreShowChannels
    callers: list[Pairs] = field(default_factory=list)  # QueueStatus: QueueEntry
    members: list[Pairs] = field(default_factory=list)  # QueueStatus: QueueMember
    database: dict[tuple[str, str], str] = field(default_factory=dict)  # AstDB, by family and key
    answers: dict[str, Callable[[Received], Pairs | None]] = field(default_factory=dict)  # None: no answer at all
    before: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)  # done before that answer
    silent: bool = False  # accepts and reads, and says nothing any more
    cuts_lists: bool = False  # a list begins and never ends
    segment: int = 0  # bytes of one TCP segment; 0: as they come
    received: list[Received] = field(default_factory=list)
    logins: int = 0

    def __post_init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._arrived = asyncio.Condition()
        self._alone = asyncio.Event()
        self._speaking = asyncio.Lock()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close every connection and listen no more; `start` listens again on the same port."""
        if self._server is not None:
            self._server.close()
            await self.cut()
            await self._server.wait_closed()

    async def cut(self) -> None:
        """Lose every connection without a word."""
        for writer in list(self._writers):
            writer.transport.abort()
        if self._writers:
            await self._alone.wait()

    async def say(self, **fields: str) -> None:
        """Send an event to everybody; `Event` first, a Timestamp of now when none is given."""
        await self.say_raw(_message({"Timestamp": f"{time.time():.6f}"} | fields, first="Event"))

    async def say_raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        for writer in list(self._writers):
            await self._send(writer, data)

    async def until(self, action: str, times: int = 1) -> list[Received]:
        """Wait until that action has come so many times; all of them. The test's own time-out ends it."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.of(action)) >= times)
        return self.of(action)

    def of(self, action: str) -> list[Received]:
        """The actions of that name received so far."""
        return [each for each in self.received if each["Action"] == [action]]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self._alone.clear()
        try:
            await self._send(writer, b"Asterisk Call Manager/11.0.0\r\n")
            while True:
                action: Received = {}
                while line := (await reader.readuntil(b"\r\n")).decode().removesuffix("\r\n"):
                    key, _, value = line.partition(": ")
                    action.setdefault(key, []).append(value)
                await self._take(writer, action)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            if not self._writers:
                self._alone.set()
            writer.close()

    async def _take(self, writer: asyncio.StreamWriter, action: Received) -> None:
        async with self._arrived:
            self.received.append(action)
            self._arrived.notify_all()
        name, [action_id] = action["Action"][0], action["ActionID"]
        if name in self.before:
            await self.before[name]()
        if name == "Login":
            await self._login(writer, action, action_id)
        elif name in self.answers:
            if (answer := self.answers[name](action)) is not None:
                await self._send(writer, _message(answer | {"ActionID": action_id}, first="Response"))
        elif name == "CoreShowChannels":
            await self._list(writer, action_id, name, [("CoreShowChannel", each) for each in self.channels])
        elif name == "QueueStatus":
            rows = [("QueueMember", each) for each in self.members] + [("QueueEntry", each) for each in self.callers]
            await self._list(writer, action_id, name, rows)
        elif name == "DBGetTree":
            await self._database(writer, action_id, action["Family"][0])
        else:
            answer = {"Response": "Success", "Ping": "Pong"} if name == "Ping" else {"Response": "Success"}
            await self._send(writer, _message(answer | {"ActionID": action_id}, first="Response"))

    async def _login(self, writer: asyncio.StreamWriter, action: Received, action_id: str) -> None:
        self.logins += 1
        if action["Username"] != [self.user] or action["Secret"] != [self.secret]:
            refusal = {"Response": "Error", "ActionID": action_id, "Message": "Authentication failed"}
            await self._send(writer, _message(refusal, first="Response"))
            writer.close()
            return
        success = {"Response": "Success", "ActionID": action_id, "Message": "Authentication accepted"}
        booted = {"Privilege": "system,all", "Uptime": str(self.uptime), "Status": "Fully Booted"}
        await self._send(writer, _message(success, first="Response"))
        await self._send(writer, _message({"Event": "FullyBooted"} | booted, first="Event"))

    async def _list(
        self, writer: asyncio.StreamWriter, action_id: str, name: str, rows: Sequence[tuple[str, Pairs]]
    ) -> None:
        start = {"Response": "Success", "ActionID": action_id, "EventList": "start"}
        await self._send(writer, _message(start, first="Response"))
        for event, row in rows:
            await self._send(writer, _message({"Event": event, "ActionID": action_id} | row, first="Event"))
        if not self.cuts_lists:
            end = {"Event": f"{name}Complete", "ActionID": action_id, "EventList": "Complete"}
            await self._send(writer, _message(end | {"ListItems": str(len(rows))}, first="Event"))

    async def _database(self, writer: asyncio.StreamWriter, action_id: str, family: str) -> None:
        found = {key: value for (own, key), value in self.database.items() if own == family}
        rows = [{"Key": f"/{family}/{key}", "Val": value} for key, value in found.items()]
        if rows:
            await self._list(writer, action_id, "DBGetTree", [("DBGetTreeResponse", row) for row in rows])
        else:
            refusal = {"Response": "Error", "ActionID": action_id, "Message": "Database entry not found"}
            await self._send(writer, _message(refusal, first="Response"))

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if self.silent or writer.is_closing():
            return
        step = self.segment or len(data)
        with suppress(ConnectionError):  # an exchange goes on, whoever has gone
            async with self._speaking:  # messages never run into each other
                for begin in range(0, len(data), step):
                    writer.write(data[begin : begin + step])
                    await writer.drain()
                    if self.segment:
                        await asyncio.sleep(0.001)  # or the kernel would join them again


def _message(fields: Pairs, *, first: str) -> bytes:
    lines = [f"{first}: {fields[first]}", *(f"{key}: {value}" for key, value in fields.items() if key != first)]
    return "\r\n".join([*lines, "", ""]).encode()
