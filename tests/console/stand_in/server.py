"""A town in memory behind the real HTTP API's addresses and wire models: a real server on a real port.

It stands in for the service where a test wants to say exactly what happens: refuse a command, lose an answer, go away
and come back. What it was told is kept in `told`; a command's key is honoured as the service honours it.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from dispatch.wire.base import Problem
from dispatch.wire.board import (
    Released,
)
from dispatch.wire.operators import Session
from tests.console.stand_in.answers import refused, written
from tests.console.stand_in.cases import add_cases
from tests.console.stand_in.desk import add_desk
from tests.console.stand_in.match import add_match
from tests.console.stand_in.people import add_calls, add_people
from tests.console.stand_in.telephone import add_telephone
from tests.console.stand_in.town import Command, Town


def application(town: Town) -> FastAPI:
    app = FastAPI()

    @app.middleware("http")
    async def door(request: Request, go_on: Callable[[Request], Any]) -> Response:
        path = request.url.path.removeprefix("/api/v1/")
        town.languages.append(request.headers.get("accept-language", ""))
        if path != "login" and request.headers.get("authorization") != "Bearer token":
            return refused(Problem(type="/problems/not_logged_in", title="", status=401, key="not_logged_in"))
        if request.method == "GET":
            if town.lose_reads.get(path, 0):
                town.lose_reads[path] -= 1
                return Response(status_code=503)
            return await go_on(request)
        key, body = request.headers.get("idempotency-key", ""), await request.body()
        if key not in town.answers:
            town.told.append(Command(request.method, path, json.loads(body or b"{}"), key))
            refusal = next((each for each in town.refusals if path.endswith(each)), None)
            if refusal is not None:
                return refused(town.refusals.pop(refusal))
            answer = await go_on(request)
            content = b"".join([part async for part in answer.body_iterator])
            town.answers[key] = (answer.status_code, content)
        if town.lose_answers:
            town.lose_answers -= 1
            return Response(status_code=503)
        status, content = town.answers[key]
        return Response(content, status, media_type="application/json")

    @app.post("/api/v1/login")
    async def login(request: Request) -> Response:
        sent = await request.json()
        if sent["password"] != town.password:
            return refused(Problem(type="/problems/wrong_login", title="", status=401, key="wrong_login"))
        return written(
            Session(token="token", expires_at=town.now() + timedelta(hours=8), operator=town.me, language="zh")
        )

    @app.get("/api/v1/board")
    async def board() -> Response:
        return written(town.board())

    @app.get("/api/v1/events")
    async def events(request: Request) -> Response:
        last = request.headers.get("last-event-id")
        town.streams.append(last)
        return StreamingResponse(_stream(town, last), media_type="text/event-stream")

    @app.get("/api/v1/services")
    async def services() -> Any:
        return [each.model_dump(mode="json") for each in town.services]

    @app.post("/api/v1/hold/release")
    async def release() -> Response:
        assert town.hold is not None
        released = Released(messages=town.hold.messages, ladders=town.hold.ladders)
        town.hold = None
        town.happen("centre.released")
        return written(released)

    add_match(app, town)
    add_people(app, town)
    add_calls(app, town)
    add_cases(app, town)
    add_telephone(app, town)
    add_desk(app, town)
    return app


async def _stream(town: Town, last: str | None) -> AsyncIterator[bytes]:
    yield b": townline\n\n"
    epoch, _, seq = (last or "").rpartition("-")
    position = int(seq or 0)
    if epoch != town.epoch:
        board = town.board()
        yield f"event: snapshot\nid: {board.last_event_id}\ndata: {board.model_dump_json()}\n\n".encode()
        position = len(town.events)
    while not town.closing:
        for name, event, data in town.events[position:]:
            yield f"event: {event}\nid: {name}\ndata: {data}\n\n".encode()
            position += 1
        await asyncio.sleep(0.01)


class Server:
    """The town on a port of the loopback; it can be stopped, and come back on the same port."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.port = _free_port()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.town.closing = False
        config = uvicorn.Config(
            application(self.town),
            host="127.0.0.1",
            port=self.port,
            log_level="critical",
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        until = time.monotonic() + 10
        while not self._server.started:
            assert time.monotonic() < until, "the stand-in server did not start"
            time.sleep(0.01)

    def stop(self) -> None:
        self.town.closing = True
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=10)
            self._server = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
