"""gammu-smsd itself: its configuration, and the process that is kept running beside the service.

It outlives a killed service, goes on receiving, and is found again by its command line. Measured with 1.42: the
outbox is looked at every `commtimeout` seconds, each key stands on its own line, and a receipt counts when number,
reference and service centre are those of the message and the times lie within `deliveryreportdelay` seconds.
"""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import structlog

log = structlog.get_logger()

PROGRAM = "gammu-smsd"
LOOK = 1.0  # seconds
LEAVE = 5.0  # seconds between asking it to end and insisting

_CONFIGURATION = """\
[gammu]
device = {device}
connection = {connection}

[smsd]
service = sql
driver = sqlite3
dbdir = {folder}/
database = {database}
logfile = {folder}/smsd.log
debuglevel = 0
phoneid = townline
deliveryreport = sms
deliveryreportdelay = 86400
loopsleep = 1
commtimeout = 1
receivefrequency = 2
statusfrequency = 15
sendtimeout = 30
maxretries = 0
retrytimeout = 1
checksecurity = 0
checknetwork = 1
resetfrequency = 0
"""


class SmsdProcess:
    """One daemon for one modem, in a folder of its own."""

    def __init__(self, folder: Path, device: str, connection: str, database: Path) -> None:
        self._file = folder / "smsdrc"
        self._device = device
        self._said = ""
        self._text = _CONFIGURATION.format(
            device=device, connection=connection, folder=folder, database=database.relative_to(folder)
        )

    async def keep_running(self) -> None:
        """Until cancelled, and it ends with that. It runs while the device is there: when the modem is pulled out it
        would try again thousands of times a second and keep a core busy (measured with 1.42).
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(self._text, encoding="utf-8")
        for leftover in await asyncio.to_thread(self._running):  # it may run by an older configuration
            await self._end(leftover)
        while True:
            if (device := self._plugged()) is not None:
                await self._run_on(device)
            await asyncio.sleep(LOOK)

    async def _run_on(self, device: tuple[int, int]) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                PROGRAM,
                "-c",
                self._file,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            if self._said != (said := str(error.strerror)):
                log.error("smsd.missing", program=PROGRAM, why=said)  # noqa: TRY400
                self._said = said
            return
        try:
            while process.returncode is None and self._plugged() == device:
                with suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), LOOK)
            log.warning("smsd.ended", status=process.returncode, unplugged=self._plugged() != device)
        finally:
            if process.returncode is None:
                await self._end(process.pid)
                await process.wait()

    def _plugged(self) -> tuple[int, int] | None:
        """Which device it is, another one after it was plugged in again; None: there is none."""
        try:
            there = os.stat(self._device)
        except OSError:
            return None
        return there.st_rdev, there.st_ino

    def _running(self) -> list[int]:
        """Every process of that program with our configuration on its command line."""
        wanted = os.fsencode(self._file)
        found = []
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if wanted in words and PROGRAM.encode() in words[0]:
                    found.append(int(entry.name))
        return found

    async def _end(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
            for _ in range(int(LEAVE / 0.1)):
                await asyncio.sleep(0.1)
                if pid not in await asyncio.to_thread(self._running):
                    return
            os.kill(pid, signal.SIGKILL)
