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
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from dispatch.wire.base import Problem, Said, Wire
from dispatch.wire.people import MerchantLine, ResidentCard, ResidentLine, ServiceView
from dispatch.wire.work import (
    ActorLine,
    Board,
    CallCard,
    CallLine,
    Candidate,
    Candidates,
    CaseCard,
    CaseLine,
    ClockView,
    Event,
    Excluded,
    InboundLine,
    LinkLine,
    OfferView,
    OperatorLine,
    Session,
    TimelineEntry,
    VisitView,
)

EPOCH = "e1"


@dataclass(frozen=True)
class Command:
    """One command as it arrived."""

    method: str
    path: str
    body: dict[str, Any]
    key: str


@dataclass
class Town:
    """Everything the service knows. Change it from the test, then `happen` tells the consoles."""

    now: Callable[[], datetime]
    me: OperatorLine
    calls: dict[int, CallCard] = field(default_factory=dict)
    cases: dict[str, CaseCard] = field(default_factory=dict)
    residents: dict[int, ResidentCard] = field(default_factory=dict)
    services: list[ServiceView] = field(default_factory=list)
    merchants: list[MerchantLine] = field(default_factory=list)
    inbound: dict[int, InboundLine] = field(default_factory=dict)
    links: dict[str, LinkLine] = field(default_factory=dict)
    told: list[Command] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)  # that each request asked for
    opened: list[str] = field(default_factory=list)  # what was read: the access log
    password: str = "secret"
    refusals: dict[str, Problem] = field(default_factory=dict)  # by the end of the path; once each
    lose_answers: int = 0  # commands that are carried out and whose answer never arrives
    epoch: str = EPOCH
    events: list[tuple[str, str, str]] = field(default_factory=list)  # id, name, data
    timelines: dict[str, list[TimelineEntry]] = field(default_factory=dict)
    closing: bool = False
    streams: list[str | None] = field(default_factory=list)  # the Last-Event-ID of each
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def board(self) -> Board:
        return Board(
            at=self.now(),
            last_event_id=f"{self.epoch}-{len(self.events)}",
            centre_name="邻里热线",
            time_zone="Asia/Shanghai",
            calls=[CallLine(**dict(call)) for call in self.calls.values()],
            cases=[
                CaseLine(**dict(case)) for case in self.cases.values() if case.state not in ("closed", "cancelled")
            ],
            inbound=list(self.inbound.values()),
            operators=[self.me],
            links=list(self.links.values()),
        )

    def happen(self, what: str, **about: Any) -> None:
        """Journals one row and streams it: `call=`, `case=`, `inbound=`, `operator=`, `link=`; `data=` its facts."""
        subject = what.partition(".")[0]
        data = about.pop("data", {})
        actor = about.pop("actor", ActorLine(kind="system"))
        subject_id = about.pop("subject_id", 0)
        name = f"{self.epoch}-{len(self.events) + 1}"
        lines = {key: _line(value) for key, value in about.items()}
        entry = TimelineEntry(
            id=name, at=self.now(), what=what, subject=subject, subject_id=subject_id, actor=actor, data=data
        )
        event = Event(**dict(entry), **lines)
        if isinstance(case := about.get("case"), CaseCard):
            self.timelines.setdefault(case.number, []).append(entry)
        self.events.append((name, "change", event.model_dump_json()))

    def change_call(self, call_id: int, what: str, **changes: Any) -> CallCard:
        before = self.calls[call_id]
        call = before.model_copy(update={"version": before.version + 1, **changes})
        self.calls[call_id] = call
        self.happen(what, call=call)
        return call

    def change_case(
        self, number: str, what: str, data: dict[str, Any] | None = None, *, subject_id: int = 0, **changes: Any
    ) -> CaseCard:
        before = self.cases[number]
        case = before.model_copy(update={"version": before.version + 1, **changes})
        self.cases[number] = case
        self.happen(what, case=case, data=data or {}, subject_id=subject_id)
        return case

    def candidates(self, number: str) -> Candidates:
        able = [
            Candidate(
                merchant=merchant,
                distance=430 + 200 * index,
                score=100 - index,
                usual=index == 0,
                channel="sms" if index == 0 else "voice",
                reasons=[Said(key="reason.distance", values={"metres": 430})]
                + ([Said(key="reason.usual")] if index == 0 else []),
            )
            for index, merchant in enumerate(self.merchants[:3])
        ]
        closed = Said(key="reason.closed", values={"opens_at": "2026-03-02T18:00:00+08:00"})
        out = [Excluded(merchant=each, distance=2300, reasons=[closed]) for each in self.merchants[3:]]
        return Candidates(case_number=number, sheet_id=7, at=self.now(), candidates=able, excluded=out)


def _line(value: Any) -> Any:
    match value:
        case CaseCard():
            return CaseLine(**dict(value))
        case CallCard():
            return CallLine(**dict(value))
        case _:
            return value


def application(town: Town) -> FastAPI:
    app = FastAPI()

    @app.middleware("http")
    async def door(request: Request, go_on: Callable[[Request], Any]) -> Response:
        path = request.url.path.removeprefix("/api/v1/")
        town.languages.append(request.headers.get("accept-language", ""))
        if path != "login" and request.headers.get("authorization") != "Bearer token":
            return _problem(Problem(type="/problems/not_logged_in", title="", status=401, key="not_logged_in"))
        if request.method == "GET":
            return await go_on(request)
        key, body = request.headers.get("idempotency-key", ""), await request.body()
        if key not in town.answers:
            town.told.append(Command(request.method, path, json.loads(body or b"{}"), key))
            refusal = next((each for each in town.refusals if path.endswith(each)), None)
            if refusal is not None:
                return _problem(town.refusals.pop(refusal))
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
            return _problem(Problem(type="/problems/wrong_login", title="", status=401, key="wrong_login"))
        return _json(
            Session(token="token", expires_at=town.now() + timedelta(hours=8), operator=town.me, language="zh")
        )

    @app.get("/api/v1/board")
    async def board() -> Response:
        return _json(town.board())

    @app.get("/api/v1/events")
    async def events(request: Request) -> Response:
        last = request.headers.get("last-event-id")
        town.streams.append(last)
        return StreamingResponse(_stream(town, last), media_type="text/event-stream")

    @app.get("/api/v1/services")
    async def services() -> Any:
        return [each.model_dump(mode="json") for each in town.services]

    _people(app, town)
    _calls(app, town)
    _cases(app, town)
    return app


def _people(app: FastAPI, town: Town) -> None:
    @app.get("/api/v1/residents")
    async def find(q: str) -> Any:
        found = [ResidentLine(**dict(each)) for each in town.residents.values() if q in each.name]
        return {"total": len(found), "items": [each.model_dump(mode="json") for each in found]}

    @app.get("/api/v1/residents/{resident_id}")
    async def resident(resident_id: int) -> Response:
        town.opened.append(f"resident {resident_id}")
        return _json(town.residents[resident_id])

    @app.post("/api/v1/residents")
    async def register(request: Request) -> Response:
        sent = await request.json()
        known = {key: value for key, value in sent.items() if key in ResidentCard.model_fields}
        card = ResidentCard(**known | {"id": 90 + len(town.residents), "addressed": sent["name"], "version": 1})
        town.residents[card.id] = card
        if sent.get("call_id"):
            line = ResidentLine(**dict(card))
            town.change_call(sent["call_id"], "call.changed", resident=line, card=card, who=[line])
        return _json(card)

    @app.post("/api/v1/inbound/{inbound_id}/seen")
    async def seen(inbound_id: int) -> Response:
        line = town.inbound.pop(inbound_id).model_copy(update={"needs_operator": False})
        town.happen("message.seen", inbound=line)
        return Response(status_code=204)


def _calls(app: FastAPI, town: Town) -> None:
    @app.get("/api/v1/calls/{call_id}")
    async def call(call_id: int) -> Response:
        town.opened.append(f"call {call_id}")
        return _json(town.calls[call_id])

    @app.patch("/api/v1/calls/{call_id}")
    async def change(call_id: int, request: Request) -> Response:
        sent, call = await request.json(), town.calls[call_id]
        if sent["version"] != call.version:
            return _problem(Problem(type="/problems/stale_version", title="", status=409, key="stale_version"))
        changes: dict[str, Any] = {key: sent[key] for key in ("speaker", "speaker_name") if key in sent}
        if (resident_id := sent.get("resident_id")) is not None:
            card = town.residents[resident_id]
            changes |= {"resident": ResidentLine(**dict(card)), "card": card}
            if sent.get("remember_line"):
                changes["who"] = [*call.who, changes["resident"]]
        return _json(town.change_call(call_id, "call.changed", **changes))

    @app.post("/api/v1/calls/{call_id}/settle")
    async def settle(call_id: int) -> Response:
        return _json(town.change_call(call_id, "call.settled", call_back=None))


def _cases(app: FastAPI, town: Town) -> None:
    @app.post("/api/v1/cases")
    async def open_case(request: Request) -> Response:
        sent = await request.json()
        service = next(each for each in town.services if each.code == sent["service"])
        resident = town.residents.get(sent.get("resident_id") or 0)
        case = CaseCard(
            id=len(town.cases) + 1,
            number=f"TL-20260302-{len(town.cases) + 1:04}",
            state="open",
            service_code=service.code,
            service_zh=service.name_zh,
            service_en=service.name_en,
            words=sent.get("words", ""),
            priority=sent.get("priority") or service.priority,
            resident=ResidentLine(**dict(resident)) if resident is not None else None,
            place=sent.get("place") or (resident.address if resident is not None else ""),
            owner=town.me,
            turn="operator",
            turn_operator=town.me,
            wanted_at=sent.get("wanted_at"),
            opened_at=town.now(),
            version=1,
        )
        town.cases[case.number] = case
        town.happen("case.opened", case=case, data={"service": service.code})
        return _json(case)

    @app.get("/api/v1/cases/{number}")
    async def case(number: str) -> Response:
        return _json(town.cases[number])

    @app.get("/api/v1/cases/{number}/timeline")
    async def timeline(number: str) -> Any:
        return [each.model_dump(mode="json") for each in town.timelines.get(number, [])]

    @app.get("/api/v1/cases/{number}/candidates")
    async def candidates(number: str) -> Response:
        return _json(town.candidates(number))

    @app.patch("/api/v1/cases/{number}")
    async def change(number: str, request: Request) -> Response:
        sent = await request.json()
        return _json(town.change_case(number, "case.changed", **{key: sent[key] for key in sent if key != "version"}))

    @app.post("/api/v1/cases/{number}/dispatch")
    async def dispatch(number: str, request: Request) -> Response:
        sent = await request.json()
        merchant_id = sent.get("merchant_id") or town.merchants[0].id
        merchant = next(each for each in town.merchants if each.id == merchant_id)
        until, before = town.now() + timedelta(minutes=5), town.cases[number].offers
        offer = OfferView(
            id=len(before) + 1,
            case_number=number,
            merchant=merchant,
            role="supplier",
            state="sent",
            channel="sms",
            code="K7",
            distance=430,
            offered_at=town.now(),
            expires_at=until,
            version=1,
        )
        asked = {"state": "offering", "turn": "merchant", "merchant": merchant, "offer_state": "sent"}
        clock = ClockView(kind="offer_expires", due_at=until)
        facts = {"merchant": merchant.id, "channel": "sms"}
        return _json(
            town.change_case(
                number, "offer.offered", facts, subject_id=offer.id, offers=[*before, offer], clock=clock, **asked
            )
        )

    @app.post("/api/v1/cases/{number}/offers/{offer_id}/{verb}")
    async def offer(number: str, offer_id: int, verb: str, request: Request) -> Response:
        sent, case = await request.json(), town.cases[number]
        accepted = sent.get("answer") == "accept"
        state = "accepted" if accepted else "declined" if verb == "answer" else "withdrawn"
        offers = [each.model_copy(update={"state": state}) if each.id == offer_id else each for each in case.offers]
        visit = VisitView(state="promised", promised_at=town.now(), version=1) if accepted else None
        changes = {"offers": offers, "visit": visit, "clock": None, "state": "accepted" if accepted else "open"}
        return _json(town.change_case(number, f"offer.{state}", {"by": "operator"}, subject_id=offer_id, **changes))

    @app.post("/api/v1/cases/{number}/{verb}")
    async def move(number: str, verb: str, request: Request) -> Response:
        sent, case = await request.json(), town.cases[number]
        match verb:
            case "visit":
                to = {"on_the_way": "on_the_way", "at_the_door": "on_site", "done": "served"}[sent["step"]]
                served = town.now() if to == "served" else None
                turn = "operator" if to == "served" else "merchant"
                return _json(town.change_case(number, f"visit.{sent['step']}", state=to, served_at=served, turn=turn))
            case "close":
                closed = {"state": "closed", "turn": "nobody", "outcome": sent["outcome"], "closed_at": town.now()}
                satisfaction, note = sent.get("satisfaction"), sent.get("note", "")
                closed |= {"satisfaction": satisfaction, "outcome_note": note}
                return _json(town.change_case(number, "case.closed", {"outcome": sent["outcome"]}, **closed))
            case "cancel":
                return _json(town.change_case(number, "case.cancelled", state="cancelled", turn="nobody"))
            case "reopen":
                return _json(town.change_case(number, "case.open", state="open", outcome=None))
            case "remind":
                again = {"reminders": case.reminders + 1, "last_reminder_at": town.now()}
                return _json(town.change_case(number, "case.reminded", {"reminders": case.reminders + 1}, **again))
            case _:
                seen = {"needs_since": None, "needs_why": None, "turn": "operator", "turn_operator": town.me}
                return _json(town.change_case(number, "case.acknowledged", **seen))


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


def _json(view: Wire) -> Response:
    return Response(view.model_dump_json(), media_type="application/json")


def _problem(problem: Problem) -> Response:
    return JSONResponse(problem.model_dump(), problem.status, media_type="application/problem+json")


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
