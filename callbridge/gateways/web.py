"""A gateway's own HTTP interface, asked so that it is always known whether a message may have left.

Nobody there: it was not sent. No answer after the request went out: nobody knows. A plain no: it was not sent.
"""

import asyncio
import ssl
from functools import cache
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from callbridge.errors import GatewayAway, GatewayClosed, GatewayRefused, GatewayUnsure

Answer = TypeVar("Answer", bound=BaseModel)

CONNECT_SECONDS = 5.0


@cache
def _certificates() -> ssl.SSLContext:
    """Who may vouch for a gateway, read once for all of them: that takes 50 ms."""
    return httpx.create_ssl_context(trust_env=False)


class Web:
    """The HTTP interface at `url` of the gateway `name`; `patience` is how many seconds one answer may take.

    `credentials` are what it refuses with 401, in words.
    """

    def __init__(
        self, name: str, url: str, patience: float, *, credentials: str, auth: httpx.Auth | None = None
    ) -> None:
        self.name = name
        self._credentials = credentials
        self._patience = patience
        self._http = httpx.AsyncClient(
            base_url=url,
            auth=auth,
            timeout=httpx.Timeout(patience, connect=min(CONNECT_SECONDS, patience)),
            # A connection for each request: one that the other side closed meanwhile looks like a broken hand-over.
            limits=httpx.Limits(max_keepalive_connections=0),
            verify=_certificates(),
            trust_env=False,
        )

    async def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One request; GatewayAway when it surely never arrived, GatewayUnsure when it may have."""
        try:
            async with asyncio.timeout(self._patience + CONNECT_SECONDS):  # httpx only limits each read by itself
                return await self._http.request(method, path, **request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise GatewayAway(f"nobody answers at the address of gateway {self.name}") from error
        except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
            raise GatewayUnsure(f"gateway {self.name} did not answer: {type(error).__name__}") from error

    async def ask_again(self, method: str, path: str, **request: Any) -> httpx.Response:
        """A request that does no harm when it arrives twice: no answer is as good as nobody there."""
        try:
            return await self.ask(method, path, **request)
        except GatewayUnsure as error:
            raise GatewayAway(str(error)) from error

    def refuse_unless_good(self, response: httpx.Response) -> None:
        if response.is_success:
            return
        if response.is_server_error:
            raise GatewayAway(f"gateway {self.name} answered {response.status_code}")
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise GatewayClosed(f"gateway {self.name} refuses our {self._credentials}")
        raise GatewayRefused(f"gateway {self.name} answered {response.status_code}: {response.text[:200]}")

    def read(self, model: type[Answer], response: httpx.Response) -> Answer:
        try:
            return model.model_validate_json(response.content)
        except ValidationError:
            raise GatewayRefused(f"gateway {self.name} answers in a form we cannot read") from None

    async def close(self) -> None:
        await self._http.aclose()
