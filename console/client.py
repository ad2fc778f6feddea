"""What an operator can ask of the service, one method each. All of them raise Refused, SignedOut or Unreachable."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from httpx_sse import EventSource, aconnect_sse
from pydantic import TypeAdapter

from console.transport import Transport, refuse
from dispatch.wire.base import Command
from dispatch.wire.people import NewResident, ResidentCard, ServiceView
from dispatch.wire.work import (
    Acknowledge,
    Board,
    CallCard,
    CallChange,
    CallLine,
    Cancel,
    Candidates,
    CaseCard,
    CaseChange,
    Close,
    Dispatch,
    Login,
    NewCase,
    OfferAnswer,
    OfferEnd,
    Remind,
    Reopen,
    Residents,
    Session,
    SettleCall,
    TimelineEntry,
    VisitReport,
)

_SERVICES = TypeAdapter(list[ServiceView])
_TIMELINE = TypeAdapter(list[TimelineEntry])
_SILENCE = 45.0  # seconds; the service pings every 15, so this is a connection that died without saying so


class Client:
    """The service, seen from one desk. `log_in` first: everything else carries its token."""

    def __init__(self, url: str, *, patience: float = 6.0, pause: float = 0.3) -> None:
        self.url = url
        self._transport = Transport(url, patience=patience, pause=pause)

    def speak(self, language: str) -> None:
        """The language of the service's own words."""
        self._transport.speak(language)

    async def close(self) -> None:
        await self._transport.close()

    async def log_in(self, login: str, password: str) -> Session:
        answer = await self._transport.send("POST", "login", Login(login=login, password=password))
        session = Session.model_validate(answer)
        self._transport.authorise(session.token)
        return session

    async def log_out(self) -> None:
        await self._transport.send("POST", "logout")
        self._transport.authorise(None)

    async def board(self) -> Board:
        return Board.model_validate(await self._transport.get("board"))

    @asynccontextmanager
    async def events(self, after: str) -> AsyncIterator[EventSource]:
        """The event stream from `after` on. Raises httpx.TransportError as well when the line breaks."""
        patience = httpx.Timeout(5.0, connect=2.0, read=_SILENCE)
        headers = {"Last-Event-ID": after}
        async with aconnect_sse(self._transport.http, "GET", "events", headers=headers, timeout=patience) as source:
            if not source.response.is_success:
                await source.response.aread()
                refuse(source.response)
            yield source

    async def services(self) -> list[ServiceView]:
        return _SERVICES.validate_python(await self._transport.get("services"))

    async def call(self, call_id: int) -> CallCard:
        """Opens the card: the service notes in its access log who did."""
        return CallCard.model_validate(await self._transport.get(f"calls/{call_id}"))

    async def change_call(self, call_id: int, change: CallChange) -> CallCard:
        return CallCard.model_validate(await self._transport.send("PATCH", f"calls/{call_id}", change))

    async def settle_call(self, call_id: int) -> CallLine:
        return CallLine.model_validate(await self._transport.send("POST", f"calls/{call_id}/settle", SettleCall()))

    async def find_residents(self, words: str) -> Residents:
        return Residents.model_validate(await self._transport.get("residents", q=words))

    async def resident(self, resident_id: int) -> ResidentCard:
        """Opens the card: the service notes in its access log who did."""
        return ResidentCard.model_validate(await self._transport.get(f"residents/{resident_id}"))

    async def register(self, resident: NewResident) -> ResidentCard:
        return ResidentCard.model_validate(await self._transport.send("POST", "residents", resident))

    async def case(self, number: str) -> CaseCard:
        return CaseCard.model_validate(await self._transport.get(f"cases/{number}"))

    async def timeline(self, number: str) -> list[TimelineEntry]:
        return _TIMELINE.validate_python(await self._transport.get(f"cases/{number}/timeline"))

    async def open_case(self, case: NewCase) -> CaseCard:
        return await self._case("cases", case)

    async def change_case(self, number: str, change: CaseChange) -> CaseCard:
        return CaseCard.model_validate(await self._transport.send("PATCH", f"cases/{number}", change))

    async def candidates(self, number: str) -> Candidates:
        return Candidates.model_validate(await self._transport.get(f"cases/{number}/candidates"))

    async def dispatch(self, number: str, order: Dispatch) -> CaseCard:
        return await self._case(f"cases/{number}/dispatch", order)

    async def answer_offer(self, number: str, offer_id: int, answer: OfferAnswer) -> CaseCard:
        return await self._case(f"cases/{number}/offers/{offer_id}/answer", answer)

    async def end_offer(self, number: str, offer_id: int, end: OfferEnd) -> CaseCard:
        return await self._case(f"cases/{number}/offers/{offer_id}/end", end)

    async def report_visit(self, number: str, report: VisitReport) -> CaseCard:
        return await self._case(f"cases/{number}/visit", report)

    async def close_case(self, number: str, closing: Close) -> CaseCard:
        return await self._case(f"cases/{number}/close", closing)

    async def cancel_case(self, number: str, cancelling: Cancel) -> CaseCard:
        return await self._case(f"cases/{number}/cancel", cancelling)

    async def reopen_case(self, number: str, reopening: Reopen) -> CaseCard:
        return await self._case(f"cases/{number}/reopen", reopening)

    async def remind(self, number: str, reminder: Remind) -> CaseCard:
        return await self._case(f"cases/{number}/remind", reminder)

    async def acknowledge(self, number: str, acknowledgement: Acknowledge) -> CaseCard:
        return await self._case(f"cases/{number}/acknowledge", acknowledgement)

    async def seen(self, inbound_id: int) -> None:
        await self._transport.send("POST", f"inbound/{inbound_id}/seen")

    async def _case(self, path: str, command: Command) -> CaseCard:
        return CaseCard.model_validate(await self._transport.send("POST", path, command))
