"""She has died or moved away; or she is back, and it was a mistake."""

from collections.abc import Awaitable, Callable
from typing import Any

from console.ask.pick import Choice, Pick
from console.desk import Desk
from console.room import Room
from dispatch.wire.people import ComeBack, Leave, ResidentCard

Ask = Callable[[Room[Any]], Awaitable[Any]]

_WAYS = ("died", "moved")


async def ask(desk: Desk, card: ResidentCard, ask_one: Ask) -> ResidentCard | None:
    """Her card afterwards; None when nothing was said."""
    say = desk.speech.say
    if card.left is not None:
        choices = [Choice("back", say("leaving.back"), say("leaving.back_hint"))]
        if await ask_one(Pick(desk, "leaving.title", choices)) == "back":
            return await desk.client.come_back(card.id, ComeBack(version=card.version))
        return None
    choices = [Choice(way, desk.speech.word("left", way), say("leaving.hint")) for way in _WAYS]
    why = await ask_one(Pick(desk, "leaving.title", choices))
    return await desk.client.leave(card.id, Leave(version=card.version, why=why)) if why is not None else None
