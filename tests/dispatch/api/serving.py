"""The house with its doors open: a real server on a real port, and clients that listen to its event stream."""

import asyncio
import json
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from dispatch.house import House
from dispatch.serve import http_server, open_door
from tests.patience import SOON


@dataclass
class Service:
    """The API and the feed of one house in a thread with an event loop of its own."""

    house: House
    url: str = ""
    _loop: asyncio.AbstractEventLoop | None = None
    _stop: asyncio.Event | None = None
    _up: threading.Event = field(default_factory=threading.Event)

    async def run(self) -> None:
        door = open_door("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{door.getsockname()[1]}"
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = http_server(self.house)
        await self.house.feed.start()
        feed = asyncio.create_task(self.house.feed.run())
        serving = asyncio.create_task(server.serve(sockets=[door]))
        self._up.set()
        await self._stop.wait()
        await self.house.feed.close()
        server.should_exit = True
        feed.cancel()
        await asyncio.gather(feed, serving, return_exceptions=True)

    @contextmanager
    def running(self) -> Iterator["Service"]:
        thread = threading.Thread(target=lambda: asyncio.run(self.run()))
        thread.start()
        assert self._up.wait(SOON)
        try:
            yield self
        finally:
            assert self._loop is not None
            assert self._stop is not None
            self._loop.call_soon_threadsafe(self._stop.set)
            thread.join(SOON)
            assert not thread.is_alive(), "the service did not stop"


@dataclass(frozen=True)
class Sent:
    """One server-sent event as it came down the wire."""

    event: str
    id: str
    data: str


class Listener:
    """A client of the event stream, over a socket of its own; leaving closes that without a word."""

    def __init__(self, url: str, token: str, last_event_id: str | None = None, query: str = "") -> None:
        self.events: queue.Queue[Sent | None] = queue.Queue()
        self.comments = 0
        parts = urlsplit(url)
        self._connection = HTTPConnection(parts.hostname or "", parts.port, timeout=SOON)
        headers = {"Authorization": f"Bearer {token}"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        self._connection.request("GET", f"/api/v1/events{query}", headers=headers)
        self._response = self._connection.getresponse()
        assert self._response.status == 200, self._response.read()
        assert self._response.headers["content-type"].startswith("text/event-stream")
        self._socket = self._connection.sock or self._response.fp.raw._sock  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(SOON)
        self._response.close()
        self._connection.close()
        assert not self._thread.is_alive()

    def _listen(self) -> None:
        fields: dict[str, str] = {}
        with suppress(HTTPException, OSError):
            while line := self._response.readline():
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    fields[name] = value
                elif "data" in fields:
                    self.events.put(Sent(fields["event"], fields["id"], fields["data"]))
                    fields = {}
                elif line.startswith(b":"):
                    self.comments += 1
        self.events.put(None)

    def next(self) -> Sent:
        event = self.events.get(timeout=SOON)
        assert event is not None, "the stream has ended"
        return event

    def change(self, what: str | None = None) -> dict[str, Any]:
        """The next change, or the next one that is called so."""
        while True:
            event = self.next()
            assert event.event == "change", event
            found: dict[str, Any] = json.loads(event.data)
            assert found["id"] == event.id
            if what in (None, found["what"]):
                return found

    def snapshot(self) -> dict[str, Any]:
        event = self.next()
        assert event.event == "snapshot", event
        found: dict[str, Any] = json.loads(event.data)
        assert found["last_event_id"] == event.id
        return found

    def ends(self) -> None:
        """The service has ended the stream."""
        while self.events.get(timeout=SOON) is not None:
            pass
