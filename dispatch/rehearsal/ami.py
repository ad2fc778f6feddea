"""The wire to the town's own Asterisk: one action on one short connection. The service's link is another matter."""

import asyncio

TIMEOUT_SECONDS = 5.0


class TownRefused(Exception):
    """The town's Asterisk refused an action, or did not answer."""


async def act(address: str, port: int, secret: str, action: str, *fields: tuple[str, str]) -> None:
    """Does one action; `fields` may repeat a name, as Variable does. Raises TownRefused."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection(address, port)
            try:
                await reader.readline()  # the greeting
                login = [("Username", "rehearsal"), ("Secret", secret), ("Events", "off")]
                for name, pairs in (("Login", login), (action, list(fields))):
                    writer.write(_encode(name, pairs))
                    await writer.drain()
                    if (answer := await _answer(reader)).get("Response") != "Success":
                        raise TownRefused(f"{name}: {answer.get('Message', 'no reason given')}")
            finally:
                writer.close()
    except (OSError, TimeoutError, EOFError) as error:
        raise TownRefused(f"{action}: {type(error).__name__} {error}") from error


def _encode(action: str, fields: list[tuple[str, str]]) -> bytes:
    lines = [f"{name}: {value}" for name, value in (("Action", action), *fields)]
    if any("\r" in line or "\n" in line for line in lines):
        raise TownRefused(f"{action}: a value with a line break")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _answer(reader: asyncio.StreamReader) -> dict[str, str]:
    """The next message that answers; what the town tells by itself (FullyBooted) is skipped."""
    while True:
        text = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
        message = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        if "Response" in message:
            return message
