"""A process that belongs to a rehearsal: ended with it, and found again when the rehearsal itself was killed."""

import asyncio
import os
import signal
from collections.abc import Mapping
from pathlib import Path

LEAVE_SECONDS = 15.0


class Child:
    """`mark` is a path on its command line that no other process has; its pid is kept in `<mark>.pid`."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark
        self._pid_file = mark.with_name(f"{mark.name}.pid")
        self._process: asyncio.subprocess.Process | None = None

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(
        self, command: list[str], *, environment: Mapping[str, str] | None = None, output: Path | None = None
    ) -> None:
        """Starts it away from the terminal."""
        with (output or Path(os.devnull)).open("ab") as stream:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,  # baresip leaves when its input is closed
                stdout=stream,
                stderr=stream,
                env=environment,
                start_new_session=True,
            )
        self._pid_file.write_text(str(self._process.pid))

    async def stop(self) -> None:
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), LEAVE_SECONDS)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        self._pid_file.unlink(missing_ok=True)

    async def kill(self) -> None:
        """Ends it as a crash does: nothing of it gets a chance to tidy up."""
        assert self._process is not None, "start it first"
        self._process.kill()
        await self._process.wait()

    async def end_leftover(self) -> None:
        """Ends the one that a killed rehearsal left behind, and no other process."""
        while (pid := await asyncio.to_thread(self._leftover)) is not None:
            os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.1)

    def _leftover(self) -> int | None:
        """The pid in the file, when it is still the process that had our mark and no other."""
        try:
            pid = int(self._pid_file.read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if os.fsencode(self._mark) in command.split(b"\0") else None
