"""A call in two lines: its state, the number, who is on the line and whom it is about."""

from textual.content import Content

from console import times
from console.people import caller_number, chosen, is_hidden, person, who
from console.phone.parties import held, parties
from console.plain import plain
from console.speech import Speech
from console.world import World
from dispatch.wire.calls import CallLine

Part = str | tuple[str, str] | Content

_TONES = {"talking": "bold $text on $success", "ended": "$text on $panel"}


def call_head(call: CallLine, world: World, speech: Speech) -> Content:
    """`call.talking 02:13  139 1234 5678 ...` and below it the two fields an operator can change."""
    say = speech.say
    tone = "" if call.held_since is not None else _TONES.get(call.state, "")
    parts: list[Part] = [(f" {_state(call, world, speech)} ", tone or "bold $text on $warning 70%")]
    if call.priority != "routine":
        parts += [" ", (f" {speech.word('priority', call.priority)} ", "bold $text on $error")]
    parts += ["  ", (caller_number(call, speech), "bold")]
    if call.name_heard and (call.resident is None or not call.who):
        parts += [f"  {say('call.name_heard')} ", (plain(call.name_heard, 60), "$text-muted")]
    if on_hold := held(call, world, speech):
        parts += [" ", (f" {on_hold} ", "bold $text on $warning 70%")]
    taker = call.operator if call.state in ("talking", "ended") else call.taken_by
    if taker is not None and not world.is_mine(call) and (world.me is None or taker.id != world.me.id):
        parts += ["  ", (say("call.taken_by", who=taker.name), "bold $text-warning")]
    if call.chosen is not None:
        parts += ["  ", (chosen(call.chosen, speech), "bold $text-accent")]
    if call.silent_at is not None and call.state == "talking":
        parts += ["  ", (say("call.silent", since=times.hour(call.silent_at, world.zone)), "bold $text-error")]
    if call.recovered:
        parts += ["  ", (say("call.recovered"), "$text-warning")]
    about = person(call.resident, speech) if call.resident is not None else say("card.nobody")
    parts += ["\n", (f"{say('card.about')} ", "$text-muted"), (about, "bold"), "    "]
    parts += [(f"{say('card.speaker')} ", "$text-muted"), (speaker(call, speech), "bold")]
    if call.state != "ended" and (len(call.legs) > 1 or call.direction == "out"):
        parts += ["\n", parties(call, world, speech)]
    return Content.assemble(*parts)


def speaker(call: CallLine, speech: Speech) -> str:
    """Who is on the line."""
    word = speech.word("speaker", call.speaker)
    if call.speaker == "merchant" and call.merchant is not None:
        return f"{word} {plain(call.merchant.name, 80)}"
    return f"{word} {plain(call.speaker_name or '', 80)}".rstrip()


def _state(call: CallLine, world: World, speech: Speech) -> str:
    if call.state == "ended":
        how = speech.word("end", call.end)
        by = speech.say("call.hung_up_by", who=speech.word("party", call.hung_up_by)) if call.hung_up_by else ""
        return " ".join(filter(None, (how, by, times.hour(call.ended_at or call.arrived_at, world.zone))))
    since = call.answered_at if call.state == "talking" else call.arrived_at
    here = "call.rings_here" if world.rings_here(call) else f"call.{call.state}"
    if call.direction == "out" and call.state == "ringing":
        here = "call.dialled"
    return f"{speech.say(here)} {times.running(world.now() - (since or call.arrived_at))}"


def nobody(call: CallLine, speech: Speech) -> Content:
    """Instead of a card: why there is none, and which keys help."""
    if len(call.who) > 1:
        parts: list[Part] = [(speech.say("card.several", count=len(call.who)), "bold $text-warning"), "\n"]
        for index, resident in enumerate(call.who[:9]):
            parts += [
                (f"{index + 1} ", "bold $accent"),
                person(resident, speech),
                "  ",
                plain(resident.address),
                "\n",
            ]
        return Content.assemble(*parts).rstrip()
    if call.merchant is not None:
        head = speech.say("card.merchant", name=who(call, speech), kind=speech.word("merchant", call.merchant.kind))
        return Content.assemble((head, "bold"), "\n", plain(call.merchant.address))
    hint = "card.hidden" if is_hidden(call) else "card.unknown" if call.number_known else "card.strange"
    return Content.assemble((speech.say(hint), "bold $text-warning"), "\n", speech.say("card.find_or_register"))
