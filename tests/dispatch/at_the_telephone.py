"""The exchange's end of an operator's telephone, and what an operator does with hers."""

import asyncio
from typing import Any

from dispatch.models import (
    Call,
    Leg,
    LegRole,
)
from dispatch.telephonist import Telephonist
from dispatch.wire.telephone import CallVerb
from registry.models import Contact
from tests.dispatch.town import Town

QUEUED, TALKING = CallVerb(expects="queued"), CallVerb(expects="talking")
DAUGHTER = "+8613912345678"


class Telephone:
    """The exchange's end: it notes what it is asked, and refuses what it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.next: asyncio.Queue[str] = asyncio.Queue()  # the names of `asked`, to be waited for
        self.problem: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        async def act(*arguments: Any, **more: Any) -> None:
            self.asked.append((name, arguments, more))
            self.next.put_nowait(name)
            if self.problem is not None:
                raise self.problem

        return act

    def names(self) -> list[str]:
        return [name for name, _, _ in self.asked]


def work(town: Town, exchange: Telephone) -> None:
    """The telephonist does what is wanted."""
    asyncio.run(Telephonist(town.store, exchange, "main").run_once())


def do(town: Town, verb: Any, desk: Any, call: Call, command: Any) -> Call:
    with town.store.writing() as session:
        result: Call = verb(session, desk, call.id or 0, command)
        return result


def talking(town: Town) -> tuple[str, Call]:
    uniqueid = town.rings_in()
    town.answers(uniqueid)
    return uniqueid, town.call(uniqueid)


def event(town: Town, kind: Any, **fields: Any) -> None:
    town.tell(kind(exchange="main", at=town.clock.now(), **fields))


def contact_of(town: Town) -> int:
    (contact,) = town.all(Contact)
    return contact.id or 0


def leg_of(town: Town, role: LegRole) -> Leg:
    return [each for each in town.all(Leg) if each.role is role][-1]
