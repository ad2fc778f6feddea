"""The operator's telephone: baresip with an ordinary account, which picks up by itself or when it is told to."""

import asyncio
import json
import struct
import wave
from pathlib import Path
from typing import Any

from callbridge.exchange import PhoneAccount, Tree
from dispatch.rehearsal.child import Child
from dispatch.rehearsal.witness import Log

START_SECONDS = 15.0
RING_SECONDS = 30.0
LONGEST_CALL_SECONDS = 30 * 60
MODULES = ("g711", "aufile", "account", "menu", "ctrl_tcp")


class PhoneDidNotStart(Exception):
    """The telephone did not start or was not registered in time."""


class OperatorPhone:
    """One telephone. With `answer_after` it picks up by itself so many seconds after it began to ring; with None it
    waits for `answer`. It says `greeting`, and what it hears is in `heard.wav` of its directory."""

    def __init__(
        self,
        tree: Tree,
        account: PhoneAccount,
        directory: Path,
        *,
        control_port: int,
        greeting: Path,
        log: Log,
        answer_after: float | None = 1.5,
    ) -> None:
        self.tree = tree
        self.account = account
        self.directory = directory
        self.answer_after = answer_after
        self._control_port = control_port
        self._greeting = greeting
        self._log = log
        self._process = Child(directory)
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._registered = asyncio.Event()
        self._ringing = asyncio.Event()

    async def start(self) -> None:
        """Returns once the exchange has its registration. Raises PhoneDidNotStart."""
        await asyncio.to_thread(self._write_configuration)
        command = self.tree.command("baresip", "-f", self.directory)
        await self._process.start(command, environment=self.tree.environment())
        try:
            async with asyncio.timeout(START_SECONDS):
                reader = await self._connect()
                self._spawn(self._listen(reader))
                while not self._registered.is_set():
                    await self._command("reginfo")
                    await asyncio.sleep(0.2)
        except (TimeoutError, OSError) as error:
            await self.stop()
            raise PhoneDidNotStart(f"telephone {self.account.user} was not registered in time") from error

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._writer is not None:
            self._writer.close()
        await self._process.stop()

    async def rings(self) -> None:
        """Returns as soon as it rings."""
        async with asyncio.timeout(RING_SECONDS):
            await self._ringing.wait()

    async def answer(self) -> None:
        """Picks up what rings."""
        await self._command("accept")

    async def hang_up(self) -> None:
        await self._command("hangup")

    async def _connect(self) -> asyncio.StreamReader:
        while True:
            try:
                reader, self._writer = await asyncio.open_connection("127.0.0.1", self._control_port)
                return reader
            except ConnectionRefusedError:
                if not self._process.runs:
                    raise
                await asyncio.sleep(0.05)

    async def _command(self, name: str) -> None:
        assert self._writer is not None, "start it first"
        body = json.dumps({"command": name, "token": name}).encode()
        self._writer.write(b"%d:%s," % (len(body), body))  # a netstring
        await self._writer.drain()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                length = int((await reader.readuntil(b":"))[:-1])
                message = json.loads((await reader.readexactly(length + 1))[:-1])
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            if message.get("token") == "reginfo":
                if "OK" in str(message.get("data")):
                    self._registered.set()
            elif message.get("event"):
                self._happened(message)

    def _happened(self, event: dict[str, Any]) -> None:
        words = {"CALL_INCOMING": "rings", "CALL_ESTABLISHED": "answered", "CALL_CLOSED": "left"}
        if (what := words.get(event["type"])) is None:
            return
        number = str(event.get("peeruri", "")).removeprefix("sip:").partition("@")[0]
        shown = str(event.get("peerdisplayname") or "") if what == "rings" else str(event.get("param", ""))
        self._log.write(
            self.account.user, what, number=number, call=event["id"], detail="" if what == "answered" else shown
        )
        if what == "rings":
            self._ringing.set()
        else:
            self._ringing.clear()
        if what == "rings" and self.answer_after is not None:
            self._spawn(self._answer_soon(self.answer_after))

    async def _answer_soon(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.answer()

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _write_configuration(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        says = self.directory / "says.wav"
        _then_silence(self._greeting, says, LONGEST_CALL_SECONDS)
        account = self.account
        lines = [
            "poll_method epoll",
            f"sip_listen {account.server}:0",
            "sip_transports udp",
            "call_max_calls 2",
            f"audio_source aufile,{says}",
            f"audio_player aufile,{self.directory / 'heard.wav'}",
            f"audio_alert aufile,{self.directory / 'ringing.wav'}",
            "audio_level no",
            f"module_path {self.tree.baresip_modules}",
            *(f"module {name}.so" for name in MODULES),
            f"ctrl_tcp_listen 127.0.0.1:{self._control_port}",
        ]
        (self.directory / "config").write_text("\n".join(lines) + "\n", encoding="utf-8")
        accounts = self.directory / "accounts"
        accounts.touch(mode=0o600)
        accounts.write_text(
            f"<sip:{account.user}@{account.server}:{account.port};transport={account.transport}>"
            f";auth_user={account.user};auth_pass={account.password};answermode=manual;regint=60;audio_codecs=pcma\n",
            encoding="utf-8",
        )
        (self.directory / "contacts").touch()


def _then_silence(spoken: Path, target: Path, seconds: int) -> None:
    """The recording and then silence: baresip ends a call when its sound file is over. The silence takes no room on
    the disk, being a hole in the file."""
    with wave.open(str(spoken), "rb") as source:
        rate, frames = source.getframerate(), source.readframes(source.getnframes())
    size = rate * 2 * seconds
    # RIFF, 16-bit PCM, one channel. The wave module would correct the length to what was really written.
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    header = struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size)
    with target.open("wb") as file:
        file.write(header + frames)
        file.truncate(len(header) + size)
