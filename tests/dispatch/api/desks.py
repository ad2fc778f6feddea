"""A desk that speaks HTTP: what a console sends, and what it is answered."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
from fastapi import FastAPI
from httpx import Response

from dispatch.login import sit_down
from tests.dispatch.town import Town

BASE = "/api/v1"
_keys = (f"key-{number}" for number in count(1))


class Direct(httpx.BaseTransport):
    """Requests to the application itself, without a network; from any thread."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def handle_request(self, request: httpx.Request) -> Response:
        return asyncio.run(self._ask(request))

    async def _ask(self, request: httpx.Request) -> Response:
        response = await self._transport.handle_async_request(request)
        return Response(response.status_code, headers=response.headers, content=await response.aread())


def http_of(app: FastAPI) -> httpx.Client:
    return httpx.Client(transport=Direct(app), base_url="http://townline")


@dataclass
class Console:
    http: httpx.Client
    token: str

    @classmethod
    @contextmanager
    def of(cls, app: FastAPI, town: Town, operator_id: int) -> Iterator["Console"]:
        with town.store.writing() as session:
            _, token, _ = sit_down(session, operator_id)
        with http_of(app) as http:
            yield cls(http, token)

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        return self._read(self.http.get(f"{BASE}/{path}", params=query, headers=self.headers()), status)

    def post(self, path: str, status: int = 200, *, key: str | None = None, **fields: Any) -> Any:
        return self._read(self.send("POST", path, fields, key), status)

    def patch(self, path: str, status: int = 200, *, key: str | None = None, **fields: Any) -> Any:
        return self._read(self.send("PATCH", path, fields, key), status)

    def send(self, method: str, path: str, fields: dict[str, Any], key: str | None = None) -> Response:
        headers = self.headers() | {"Idempotency-Key": key or next(_keys)}
        return self.http.request(method, f"{BASE}/{path}", json=fields, headers=headers)

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @staticmethod
    def _read(response: Response, status: int) -> Any:
        assert response.status_code == status, f"{response.status_code}: {response.text}"
        if status >= 400:
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["status"] == status
        return response.json()
