"""The invented operator: what she does at the console, through the same HTTP API, and written into her own log."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from httpx_sse import SSEError, aconnect_sse
from pydantic import BaseModel, TypeAdapter

from dispatch.rehearsal.witness import Log
from dispatch.wire.base import Command
from dispatch.wire.board import Board, Event
from dispatch.wire.calls import CallCard
from dispatch.wire.cases import CaseCard, CaseChange, Close, Gather, NewCase
from dispatch.wire.merchants import MerchantCard
from dispatch.wire.offers import Candidates, Dispatch
from dispatch.wire.operators import Login, OperatorLine, Session
from dispatch.wire.pages import Merchants, Residents
from dispatch.wire.people import NewMerchant, NewResident, ServiceView
from dispatch.wire.rules import RuleChange, RuleView
from dispatch.wire.services import ServiceChange
from dispatch.wire.telephone import PresenceChange
from dispatch.wire.words import BreakReason

Answer = TypeVar("Answer", bound=BaseModel)

_RULES = TypeAdapter(list[RuleView])
_SERVICES = TypeAdapter(list[ServiceView])

PATIENCE_SECONDS = 10.0
RECONNECT_SECONDS = 0.5


class ServiceRefused(Exception):
    """The service answered a request with a problem: its status and its own words."""

    def __init__(self, request: str, response: httpx.Response) -> None:
        self.status = response.status_code
        super().__init__(f"{request}: {response.status_code} {response.text[:300]}")


class Identified(BaseModel):
    """Anything that was made: its id is all that is needed here."""

    id: int


class Clerk:
    def __init__(self, url: str, login: str, password: str, log: Log) -> None:
        self.login_name = login
        self._password = password
        self._log = log
        self._http = httpx.AsyncClient(base_url=f"{url}/api/v1/", timeout=PATIENCE_SECONDS, trust_env=False)

    async def log_in(self) -> Session:
        """Raises ServiceRefused, with status 401 when the service does not know her."""
        command = Login(login=self.login_name, password=self._password)
        session = await self._command("login", command, Session)
        self._http.headers["Authorization"] = f"Bearer {session.token}"
        return session

    async def close(self) -> None:
        await self._http.aclose()

    async def take_a_break(self, reason: BreakReason) -> None:
        await self._command("me/presence", PresenceChange(presence="break", reason=reason), OperatorLine)

    async def board(self) -> Board:
        return await self._read("board", Board)

    async def call(self, id_: int) -> CallCard:
        return await self._read(f"calls/{id_}", CallCard)

    async def case(self, number: str) -> CaseCard:
        return await self._read(f"cases/{number}", CaseCard)

    async def candidates(self, number: str) -> Candidates:
        return await self._read(f"cases/{number}/candidates", Candidates)

    async def open_case(self, case: NewCase) -> CaseCard:
        opened = await self._command("cases", case, CaseCard)
        self._log.write("operator", "opened", call=opened.number, detail=opened.service_code)
        return opened

    async def dispatch(self, number: str, command: Dispatch) -> CaseCard:
        sent = await self._command(f"cases/{number}/dispatch", command, CaseCard)
        self._log.write("operator", "dispatched", call=number)
        return sent

    async def change_case(self, number: str, command: CaseChange) -> CaseCard:
        changed = await self._command(f"cases/{number}", command, CaseCard, method="PATCH")
        self._log.write("operator", "changed", call=number)
        return changed

    async def gather(self, number: str, command: Gather) -> CaseCard:
        incident = await self._command(f"cases/{number}/gather", command, CaseCard)
        self._log.write("operator", "gathered", call=incident.number, detail=number)
        return incident

    async def close_case(self, number: str, command: Close) -> CaseCard:
        closed = await self._command(f"cases/{number}/close", command, CaseCard)
        self._log.write("operator", "closed", call=number, detail=command.outcome)
        return closed

    async def residents(self) -> Residents:
        return await self._read("residents", Residents)

    async def resident(self, name: str) -> int:
        """The id of the one who is called so."""
        found = await self._read(f"residents?q={quote(name)}", Residents)
        return next(line.id for line in found.items if line.name == name)

    async def merchant(self, id_: int) -> MerchantCard:
        card = await self._read(f"merchants/{id_}", MerchantCard)
        said = f"{card.satisfied} {card.fairly} {card.not_satisfied}"
        self._log.write("operator", "read_record", call=str(id_), detail=said)
        return card

    async def change_rule(self, kind: str, **keys: Any) -> None:
        """Puts other values into one of the centre's rules; she is an administrator."""
        rules = _RULES.validate_json((await self._http.get("rules")).content)
        version = next(rule.version for rule in rules if rule.kind == kind)
        change = RuleChange(version=version, body=keys)
        await self._command(f"rules/{kind}", change, RuleView, method="PATCH")

    async def change_service(self, code: str, **fields: Any) -> None:
        """Gives one of the centre's services other minutes, or another proof; she is an administrator."""
        services = _SERVICES.validate_json((await self._http.get("services")).content)
        version = next(service.version for service in services if service.code == code)
        change = ServiceChange.model_validate({"version": version, **fields})
        await self._command(f"services/{code}", change, ServiceView, method="PATCH")

    async def merchants(self) -> Merchants:
        """The first hundred, and how many there are."""
        return await self._read("merchants?limit=100", Merchants)

    async def register_resident(self, resident: NewResident) -> int:
        return (await self._command("residents", resident, Identified)).id

    async def register_merchant(self, merchant: NewMerchant) -> int:
        return (await self._command("merchants", merchant, Identified)).id

    async def events(self, last_event_id: str) -> AsyncIterator[Event]:
        """The journal from `last_event_id` on, for ever; a broken stream goes on where it was."""
        while True:
            with contextlib.suppress(httpx.TransportError, SSEError):
                headers = {"Last-Event-ID": last_event_id}
                async with aconnect_sse(
                    self._http, "GET", "events", headers=headers, timeout=httpx.Timeout(PATIENCE_SECONDS, read=60)
                ) as stream:
                    async for message in stream.aiter_sse():
                        last_event_id = message.id or last_event_id
                        if message.event == "change":
                            yield Event.model_validate_json(message.data)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _read(self, path: str, model: type[Answer]) -> Answer:
        return self._answer(f"GET {path}", await self._http.get(path), model)

    async def _command(self, path: str, command: Command, model: type[Answer], *, method: str = "POST") -> Answer:
        """A command goes out with its own key, so that asking again after a lost answer does it once."""
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        body = command.model_dump(mode="json", exclude_unset=True)
        for last in (False, False, True):
            try:
                response = await self._http.request(method, path, json=body, headers=headers)
                break
            except httpx.TransportError:
                if last:
                    raise
                await asyncio.sleep(RECONNECT_SECONDS)
        return self._answer(f"{method} {path}", response, model)

    def _answer(self, request: str, response: httpx.Response, model: type[Answer]) -> Answer:
        if not response.is_success:
            raise ServiceRefused(request, response)
        return model.model_validate_json(response.content)
