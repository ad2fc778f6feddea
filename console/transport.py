"""HTTP to the service: the token, one idempotency key for every command, patience, and what its refusals mean."""

import asyncio
import json
import ssl
import time
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx

from console.errors import Refused, SignedOut, Unreachable
from dispatch.wire.base import Command, Problem

_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_AWAY = frozenset({502, 503, 504})  # a proxy in front of a service that is not there
_UNSURE = 120.0  # seconds: as long as this a command whose fate is unknown keeps its key


@cache
def _certificates() -> ssl.SSLContext:
    """Who may vouch for the service, read once: that takes 50 ms."""
    return httpx.create_ssl_context(trust_env=False)


class Transport:
    """One connection pool. While the service is away, reads and commands are repeated for `patience` seconds.

    A command's key stays the same on each repeat. When the patience ran out, nobody knows whether it was carried out:
    the same command given again by hand soon after carries the same key, so that it is never carried out twice.
    """

    def __init__(self, url: str, *, patience: float = 6.0, pause: float = 0.3) -> None:
        # Proxies of the environment are for the internet; a console talks to its own service.
        self.http = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/api/v1/", timeout=_TIMEOUT, verify=_certificates(), trust_env=False
        )
        self._patience = patience
        self._pause = pause
        self._unsure: dict[str, tuple[str, float]] = {}

    def authorise(self, token: str | None) -> None:
        self.http.headers.pop("Authorization", None)
        if token:
            self.http.headers["Authorization"] = f"Bearer {token}"

    def speak(self, language: str) -> None:
        """What the service says of single fields, it says in this language."""
        self.http.headers["Accept-Language"] = language

    async def close(self) -> None:
        await self.http.aclose()

    async def get(self, path: str, **params: str | int | None) -> Any:
        """The answer's JSON. Raises Refused, SignedOut or Unreachable."""
        wanted = {name: value for name, value in params.items() if value is not None}
        return self._read(await self._persist("GET", path, params=wanted))

    async def send(self, method: str, path: str, command: Command | None = None) -> Any:
        """Carries out one command and returns the answer's JSON. Raises Refused, SignedOut or Unreachable."""
        body = "" if command is None else command.model_dump_json(exclude_unset=True)
        what = f"{method} {path} {body}"
        key = self._key_of(what)
        answer = await self._persist(
            method,
            path,
            content=body or None,
            headers={"Idempotency-Key": key} | ({"Content-Type": "application/json"} if body else {}),
        )
        self._unsure.pop(what, None)
        return self._read(answer)

    def _key_of(self, what: str) -> str:
        now = time.monotonic()
        self._unsure = {each: kept for each, kept in self._unsure.items() if now - kept[1] < _UNSURE}
        key, _ = self._unsure.setdefault(what, (str(uuid.uuid4()), now))
        return key

    async def _persist(self, method: str, path: str, **request: Any) -> httpx.Response:
        until = time.monotonic() + self._patience
        while True:
            try:
                answer = await self.http.request(method, path, **request)
                if answer.status_code not in _AWAY:
                    return answer
                why = f"{answer.status_code}"
            except httpx.TransportError as error:
                why = type(error).__name__
            if time.monotonic() + self._pause >= until:
                raise Unreachable(why)
            await asyncio.sleep(self._pause)

    @staticmethod
    def _read(answer: httpx.Response) -> Any:
        refuse(answer)
        return answer.json() if answer.content else None


def refuse(answer: httpx.Response) -> None:
    """Raises what a response that is not a success means. A stream's body has to be read before."""
    if answer.is_success:
        return
    problem = _problem(answer)
    raise (SignedOut if answer.status_code == 401 else Refused)(problem)


def _problem(answer: httpx.Response) -> Problem:
    try:
        found = answer.json()
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, Mapping):
        found = {}
    status = answer.status_code
    return Problem.model_validate(
        {"type": "about:blank", "title": f"HTTP {status} {answer.reason_phrase}"} | dict(found) | {"status": status}
    )
