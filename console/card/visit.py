"""The survey was at her door: on which day, and who it was."""

from typing import Any

from console.ask.line import Line
from console.card.register import day
from console.desk import Desk
from console.plain import plain
from console.room import Ask
from dispatch.wire.people import ResidentCard


async def ask(desk: Desk, card: ResidentCard, ask_one: Ask) -> dict[str, Any] | None:
    """The fields of a `ResidentChange` that say so; None when it was left with Escape. Asked until it is a day that
    has come. Empty: nobody has been there, the visit was noted by mistake.
    """
    today = desk.world.today()
    text: str | None = today.isoformat()
    hint = "visit.on_hint"
    while (text := await ask_one(Line(desk, "visit.on", hint, text or "", 10))) is not None:
        if not text:
            return {"visited_on": None, "visited_by": ""}
        if (on := day(text)) is not None and on <= today:
            by = await ask_one(Line(desk, "visit.by", "visit.by_hint", plain(card.visited_by, 40), 40))
            return None if by is None else {"visited_on": on, "visited_by": by}
        hint = "visit.bad_day"
    return None
