"""The measurements: cards of arriving calls, cards opened, candidates for a case."""

import gc
import sqlite3
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import httpx
from sqlalchemy.engine import URL
from sqlmodel import col, select

from benchmarks.callers import call_in, shown
from benchmarks.figures import spread
from benchmarks.population import mobile
from benchmarks.scene import Scene
from callbridge.exchange import Exchange
from dispatch import offers
from dispatch.models import Call, CallState, Leg
from dispatch.serve import COLLECT
from registry.store import Scope, Store

WARM_UP = 20  # calls that are not counted


@contextmanager
def logged_in(scene: Scene, login: str, password: str) -> Iterator[httpx.Client]:
    """A client of the service that carries a token."""
    with httpx.Client(base_url=scene.url, timeout=30, trust_env=False) as client:
        answer = client.post("/api/v1/login", json={"login": login, "password": password}, headers=_key())
        answer.raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield client


def cards(scene: Scene, exchange: Exchange, client: httpx.Client, *, per_second: int, seconds: int) -> dict[str, Any]:
    """Calls come in at a steady rate, each of another resident, while two clients watch.

    Time runs from the exchange's own stamp of the new channel (CEL's CHAN_START) until a bare panoramisk callback has
    heard of the call, and until a client of the event stream has the line that names the resident.
    """
    secrets = scene.config.secret_store()
    ami = {"AMI_PORT": str(scene.config.exchange.ami_port), "AMI_SECRET": secrets.get("AMI") or ""}
    stream = stream_of(scene, client)
    count = per_second * seconds
    counted = [mobile(index) for index in range(WARM_UP, WARM_UP + count)]
    with scene.watcher("bare_callback", ami) as callback, scene.watcher("event_stream", stream) as console:
        call_in(scene, [shown(mobile(index)) for index in range(WARM_UP)], per_second=per_second)
        began = time.time()
        call_in(scene, [shown(number) for number in counted], per_second=per_second)
        with closing(Store(scene.database)) as store:
            legs = _settled(store, counted)
    stamps = stamps_of(exchange)
    heard = {line["uniqueid"]: line["at"] for line in callback.lines() if "uniqueid" in line}
    seen = {line["call"]: line["at"] for line in console.lines() if line.get("named")}
    bare = {uniqueid: heard[uniqueid] - stamps[uniqueid] for uniqueid in legs if uniqueid in heard}
    card = {uniqueid: seen[call] - stamps[uniqueid] for uniqueid, call in legs.items() if call in seen}
    return {
        "calls": {
            "made": count,
            "per_second": per_second,
            "missing": count - len(set(legs.values())),
            "cards_seen": len(card),
            "heard_by_the_callback": len(bare),
        },
        "seconds": round(time.time() - began, 1),
        "bare_callback": spread(bare.values()),
        "card": spread(card.values()),
        "card_above_callback": spread([card[uniqueid] - bare[uniqueid] for uniqueid in card if uniqueid in bare]),
    }


def stream_of(scene: Scene, client: httpx.Client) -> dict[str, str]:
    """What `benchmarks.event_stream` needs to know."""
    return {"SERVICE_URL": scene.url, "SERVICE_TOKEN": client.headers["Authorization"].removeprefix("Bearer ")}


def cards_opened(client: httpx.Client, *, calls: int) -> dict[str, Any]:
    """How long an operator who opens a call waits for the whole card, health notes and last cases included."""
    latest = client.get("/api/v1/calls", params={"limit": calls}).raise_for_status().json()["items"]
    taken: list[float] = []
    for call in latest:
        began = time.perf_counter()
        answer = client.get(f"/api/v1/calls/{call['id']}")
        taken.append(time.perf_counter() - began)
        if answer.raise_for_status().json()["card"] is None:
            raise RuntimeError(f"call {call['id']} has no card")
    return spread(taken)


def candidates(client: httpx.Client, *, cases: int, residents: int) -> tuple[dict[str, Any], list[str]]:
    """Medicine for residents all over the county: how long ranking the pharmacies takes, asked over HTTP.

    Also the cases' numbers.
    """
    numbers = []
    for turn in range(cases):
        wanted = {"resident_id": turn * (residents // cases) + 1, "service": "medicine"}
        case = client.post("/api/v1/cases", json=wanted, headers=_key()).raise_for_status().json()
        numbers.append(case["number"])
    taken: list[float] = []
    ranked = 0
    for number in numbers:
        began = time.perf_counter()
        answer = client.get(f"/api/v1/cases/{number}/candidates")
        taken.append(time.perf_counter() - began)
        ranked += len(answer.raise_for_status().json()["candidates"])
    return {**spread(taken), "candidates_mean": round(ranked / cases, 1)}, numbers


def decisions(url: URL, numbers: Sequence[str]) -> dict[str, Any]:
    """The same decisions in this process, each committed with its sheet."""
    taken: list[float] = []
    gc.freeze()  # as the service does when it begins
    gc.set_threshold(*COLLECT)
    with closing(Store(url)) as store:
        for number in numbers:
            began = time.perf_counter()
            with store.writing() as session:
                offers.candidates(session, Scope(1), number)
            taken.append(time.perf_counter() - began)
    return spread(taken)


def _settled(store: Store, numbers: list[str]) -> dict[str, int]:
    """The caller's uniqueid and our call's id of each of `numbers`, once all have ended or half a minute is over."""
    give_up = time.monotonic() + 30
    while True:
        with store.reading() as session:
            rows = session.execute(
                select(col(Leg.uniqueid), col(Call.id), col(Call.state))
                .join(Call, col(Call.id) == Leg.call_id)
                .where(col(Call.number).in_(numbers), col(Call.resident_id).is_not(None))
            ).all()
        over = sum(row.state is CallState.ENDED for row in rows)
        if over >= len(numbers) or time.monotonic() > give_up:
            return {row.uniqueid: row.id for row in rows}
        time.sleep(0.5)


def stamps_of(exchange: Exchange) -> dict[str, float]:
    """When the exchange made each channel, by its own log: seconds since 1970."""
    with closing(sqlite3.connect(exchange.cel_path)) as log:
        rows = log.execute("SELECT uniqueid, eventtime FROM cel WHERE eventtype = 'CHAN_START'").fetchall()
    return {uniqueid: float(stamp) for uniqueid, stamp in rows}


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}
