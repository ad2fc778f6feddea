"""What an operator has to hear of her calls when it happens: an order did not come about, somebody has left."""

from collections.abc import Callable

from console.messages import Told
from console.phone.parties import name_of
from console.speech import Speech
from console.world import World
from dispatch.wire.board import Event
from dispatch.wire.calls import CallLine

# Q.850 causes that say more than "not reached".
_CAUSES = {1: "phone.no_such", 17: "phone.busy", 21: "phone.rejected", 28: "phone.no_such"}


def told(event: Event, world: World, speech: Speech) -> Told | None:
    """Before the event is applied: the party it tells of is in the call as the world still has it."""
    hear = _EARS.get(event.what)
    return hear(event, world, speech) if hear is not None and world.me is not None else None


def _order_failed(event: Event, world: World, speech: Speech) -> Told | None:
    if world.me is None or event.data.get("operator") != world.me.id:
        return None
    what, why = speech.word("order", str(event.data.get("order"))), str(event.data.get("why"))
    key = f"phone.failed_{why}" if why in ("late", "unknown") else "phone.failed"
    return Told(key, warns=True, what=what)


def _not_reached(event: Event, world: World, speech: Speech) -> Told | None:
    name, cause = _left(event, world, speech), event.data.get("cause")
    return Told(_CAUSES.get(cause or 0, "phone.not_reached"), warns=True, who=name) if name else None


def _party_left(event: Event, world: World, speech: Speech) -> Told | None:
    name = _left(event, world, speech)
    return Told("phone.left", who=name) if name else None


def _handed_over(event: Event, world: World, speech: Speech) -> Told | None:
    me = world.me
    to = world.operators.get(event.data.get("to") or 0)
    if me is None or to is None:
        return None
    if event.data.get("by") == me.id:
        return Told("phone.has_it", who=to.name)
    by = world.operators.get(event.data.get("by") or 0)
    return Told("phone.you_have_it", who=by.name) if to.id == me.id and by is not None else None


def _phone_refuses(event: Event, world: World, speech: Speech) -> Told | None:
    return Told("phone.refuses", warns=True) if world.me is not None and event.subject_id == world.me.id else None


def _left(event: Event, world: World, speech: Speech) -> str:
    """The name of the leg that the event is about, where it was in my call and is not my own."""
    call: CallLine | None = world.calls.get(event.call.id) if event.call is not None else None
    leg = next((each for each in call.legs if each.id == event.data.get("leg")), None) if call is not None else None
    if call is None or leg is None or not world.is_mine(call):
        return ""
    own = leg.operator is not None and world.me is not None and leg.operator.id == world.me.id
    return "" if own else name_of(leg, call, world, speech)


_EARS: dict[str, Callable[[Event, World, Speech], Told | None]] = {
    "call.order_failed": _order_failed,
    "call.party_not_reached": _not_reached,
    "call.party_left": _party_left,
    "call.handed_over": _handed_over,
    "operator.phone_refuses": _phone_refuses,
}
