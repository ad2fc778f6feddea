"""A hundred replies a second for a minute: each has to be answered once, which is counted at the shops' telephones.

They come in as from any gateway, signed, at `POST /api/v1/gateways/{name}/inbound`, each at its time whether or not
those before it have been taken; one that is refused, or not taken in half a minute, is sent again under its own id,
as a gateway does. Every shop says 1 to one offer and 2 to another, in turn: an acceptance is answered with the door,
a refusal with thanks, and another shop is asked. Times run from when a reply was due to be sent.
"""

import asyncio
import json
import os
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import func, select
from sqlalchemy.engine import URL
from sqlmodel import col

from benchmarks import shops
from benchmarks.figures import spread
from callbridge.gateways.signature import sign
from dispatch.models import Inbound
from registry.store import Store
from tests.databases import build
from tests.dispatch.killing.receiver import CODE, Receiver

CONNECTIONS = 50  # of the gateway to each service
TAKEN_WITHIN = 30.0  # seconds; then the gateway tries again
AGAIN_AFTER = 1.0
PATIENCE = 60.0  # seconds in which nothing more is answered
NO_MORE = 5.0  # seconds in which a second answer would show
Telephones = dict[tuple[str, str], list[float]]


@dataclass
class Shops(Receiver):
    """Notes when something about which job came to which telephone."""

    came: Telephones = field(default_factory=lambda: defaultdict(list))

    def take(self, attempt: str, to: str, text: str) -> None:
        if (found := CODE.search(text)) is not None:
            self.came[to, found[1]].append(time.monotonic())


@dataclass(frozen=True, slots=True)
class Sent:
    """A reply: whose and about what, when it was due to be sent, how long until it was taken, in how many tries."""

    about: tuple[str, str]
    due: float
    taken: float
    tries: int


def measured(kind: str, *, per_second: int, seconds: int, services: int) -> dict[str, Any]:
    count = per_second * seconds
    with shops.database(kind) as url, Shops().listening() as telephones:
        assert isinstance(telephones, Shops)
        build(url)
        shops.open_offers(url, count)
        with shops.services(kind, services, url, telephones.url) as running:
            sent = asyncio.run(_all(count, per_second, [each.url for each in running]))
            _wait(telephones, [each.about for each in sent])
        came = [telephones.came[each.about] for each in sent]
        return {
            "replies": count,
            "per_second": per_second,
            "services": services,
            "acknowledged": spread([each.taken for each in sent]),
            "answered": spread([times[0] - each.due for each, times in zip(sent, came, strict=True) if times]),
            "sent_again": sum(each.tries - 1 for each in sent),
            "lost": sum(not times for times in came),
            "doubled": sum(len(times) > 1 for times in came),
            "read_as": _readings(url),
            "machine_load": round(os.getloadavg()[0], 2),
        }


def drawn(found: dict[str, dict[str, Any]]) -> str:
    """For reading: two lines for each database and number of services."""
    lines = [f"{'replies, milliseconds':44} {'count':>6} {'p50':>9} {'p99':>9} {'max':>9}"]
    for name, figures in found.items():
        for what in ("acknowledged", "answered"):
            each = figures[what]
            shown = "".join(f" {each.get(f'{which}_ms', '-'):>9}" for which in ("p50", "p99", "max"))
            lines.append(f"{f'{name}: {what}':44} {each['count']:>6}{shown}")
        verdict = "MISSED" if figures["lost"] or figures["doubled"] else "met"
        lines.append(
            f"{name}: lost {figures['lost']}, doubled {figures['doubled']} of {figures['replies']}  {verdict}; "
            f"sent again {figures['sent_again']}; read as {figures['read_as']}; load {figures['machine_load']}"
        )
    return "\n".join(lines)


async def _all(count: int, per_second: int, services: list[str]) -> list[Sent]:
    lines = [asyncio.Semaphore(CONNECTIONS) for _ in services]
    limits = httpx.Limits(max_connections=CONNECTIONS * len(services))
    async with httpx.AsyncClient(limits=limits, timeout=TAKEN_WITHIN, trust_env=False) as client:
        began = time.monotonic() + 1

        async def one(number: int) -> Sent:
            which = number % len(services)
            return await _one(client, lines[which], services[which], number, began + number / per_second)

        return await asyncio.gather(*map(one, range(count)))


async def _one(client: httpx.AsyncClient, line: asyncio.Semaphore, service: str, number: int, due: float) -> Sent:
    """Signed when it leaves, and not while it waits for a line."""
    await asyncio.sleep(due - time.monotonic())
    about = shops.telephone(number), shops.code(number)
    key = 1 + number // shops.SHOPS % 2
    event = {"event": "received", "id": f"reply-{number}", "from": about[0], "text": f"{about[1]} {key}"}
    body = json.dumps(event).encode()
    for tries in range(1, 100):
        try:
            async with line:
                stamp = str(int(time.time()))
                headers = {"X-Timestamp": stamp, "X-Signature": sign(shops.SIGNING, body, stamp)}
                taken = await client.post(f"{service}/api/v1/gateways/town/inbound", content=body, headers=headers)
            taken.raise_for_status()
        except httpx.HTTPError:
            await asyncio.sleep(AGAIN_AFTER)
        else:
            return Sent(about, due, time.monotonic() - due, tries)
    raise RuntimeError("the service takes nothing")


def _wait(telephones: Shops, about: list[tuple[str, str]]) -> None:
    """Until each has been answered, or nothing has come for a while; then a little longer."""
    answered, since = 0, time.monotonic()
    while answered < len(about) and time.monotonic() - since < PATIENCE:
        time.sleep(0.5)
        now = sum(bool(telephones.came[each]) for each in about)
        if now > answered:
            answered, since = now, time.monotonic()
    time.sleep(NO_MORE)


def _readings(url: URL) -> dict[str, int]:
    """How the service has read them."""
    store = Store(url)
    with store.reading() as session:
        rows = session.execute(select(col(Inbound.reading), func.count()).group_by(col(Inbound.reading))).all()
    store.close()
    return dict(Counter({str(reading): int(count) for reading, count in rows}))
