"""A line between two programs that a test can hold up or cut: whoever connects to its port reaches another one."""

import asyncio
import contextlib


class Wire:
    """TCP from `port` to `target`. What comes over it flows unless `forth` (to the target) or `back` is cleared."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.connected = 0  # how often somebody has connected
        self.holds = asyncio.Event()  # something came that is held up
        self.forth, self.back = asyncio.Event(), asyncio.Event()
        self.forth.set()
        self.back.set()
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()
        await self.cut()

    async def cut(self) -> None:
        """Ends every connection; what was held up on it is lost. New ones flow again."""
        lines = list(self._lines)
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)
        self.forth.set()
        self.back.set()
        self.holds.clear()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        task = asyncio.create_task(self._carry(reader, writer))
        self._lines.add(task)
        task.add_done_callback(self._lines.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(_close, writer)
            with contextlib.suppress(OSError):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
                stack.push_async_callback(_close, far_writer)
                await asyncio.gather(
                    self._pump(reader, far_writer, self.forth),
                    self._pump(far_reader, writer, self.back),
                )

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flows: asyncio.Event) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(65536):
                if not flows.is_set():
                    self.holds.set()
                    await flows.wait()
                writer.write(chunk)
                await writer.drain()
        with contextlib.suppress(OSError):
            await flows.wait()
            writer.write_eof()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
