"""The service as a process of its own, started and asked by nothing but its command line and its port."""

import asyncio
import sys
from pathlib import Path

import httpx

from dispatch.rehearsal.child import Child

START_SECONDS = 90.0  # a machine that does much else needs as long to load it; one that ends is noticed at once


class ServiceProblem(Exception):
    """A verb of `townline` failed, or the service did not start; the message says where to read more."""


class Service:
    def __init__(self, config_file: Path, url: str) -> None:
        self.url = url
        self._config_file = config_file
        self._output = config_file.with_name("service.log")
        self._process = Child(config_file)

    def command(self, *words: str) -> list[str]:
        """`townline` with this configuration, by the interpreter that runs now."""
        start = [sys.executable, "-c", "from dispatch.cli import main; main()"]
        return [*start, "--config", str(self._config_file), *words]

    async def run(self, *words: str, given: str = "", quiet: bool = True) -> None:
        """One verb, to its end; `given` is its standard input.

        Raises ServiceProblem, with what it said when it was `quiet` and said it to nobody else.
        """
        process = await asyncio.create_subprocess_exec(
            *self.command(*words),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE if quiet else None,
            stderr=asyncio.subprocess.STDOUT if quiet else None,
            start_new_session=True,
        )
        said, _ = await process.communicate(given.encode())
        if process.returncode != 0:
            raise ServiceProblem(f"townline {' '.join(words)} failed {(said or b'').decode().strip()}".rstrip())

    async def start(self) -> None:
        """Returns once it is ready. Raises ServiceProblem."""
        await self._process.start(self.command("serve"), output=self._output)
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=2) as http, asyncio.timeout(START_SECONDS):
                while not await self._is_ready(http):
                    if not self._process.runs:
                        raise ServiceProblem(f"the service ended by itself; see {self._output}")
                    await asyncio.sleep(0.1)
        except TimeoutError:
            await self.stop()
            raise ServiceProblem(f"the service was not ready after {START_SECONDS:g} s; see {self._output}") from None

    async def stop(self) -> None:
        await self._process.stop()

    async def crash(self) -> None:
        """kill -9. `start` brings it back."""
        await self._process.kill()

    async def _is_ready(self, http: httpx.AsyncClient) -> bool:
        try:
            return (await http.get(f"{self.url}/readyz")).is_success
        except httpx.TransportError:
            return False
