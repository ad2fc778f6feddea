"""What an operator has to hear of her cases when it happens: a colleague has handed her a turn."""

from console.board.rows import short
from console.messages import Told
from console.world import World
from dispatch.wire.board import Event


def told(event: Event, world: World) -> Told | None:
    me, case = world.me, event.case
    if event.what != "case.turn_handed_over" or me is None or case is None or event.data.get("to") != me.id:
        return None
    if event.actor.id == me.id:  # I took it myself
        return None
    return Told("told.turn_is_mine", warns=True, number=short(case.number), who=event.actor.name)
