"""The ambulance, the police, the fire brigade: called by a person's key, with the address to read out on screen."""

from rich.cells import cell_len
from textual.content import Content

from console import times
from console.people import caller_number, person
from console.plain import plain
from console.speech import Speech
from console.world import World
from dispatch.wire.calls import CallLine

SERVICES = ("120", "110", "119")  # GB national short numbers
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}  # as wide as the characters beside them
_ROOM = 90  # cells: a longer address is read closer together


def asked(call: CallLine) -> list[tuple[str, bool]]:
    """Which of them are in the call or ring to be in it, and whether they talk already."""
    found = [(leg.number, leg.joined_at is not None) for leg in call.legs if leg.number in SERVICES]
    if call.direction == "out" and call.number in SERVICES and call.number not in dict(found):
        found.append((call.number, call.state == "talking"))
    return found


def read_out(world: World, speech: Speech) -> Content | None:
    """What the operator says to them: where, large; who and from which number, below. None when none is called."""
    call = world.my_call()
    if call is None or not (found := asked(call)):
        return None
    say = speech.say
    calling = ", ".join(
        say("emergency.talks" if talks else "emergency.rings", number=number, who=speech.word("emergency", number))
        for number, talks in found
    )
    places = [_large(place) for place in _places(call, world)] or [say("emergency.no_address")]
    lines = [Content.styled(f"{calling}  {say('emergency.read_out')}", "bold"), Content("")]
    lines += [Content.styled(f"   {place}   ", "bold $background on $foreground") for place in places]
    lines.append(Content(""))
    about = person(call.resident, speech) if call.resident is not None else say("card.nobody")
    since = times.running(world.now() - (call.answered_at or call.arrived_at))
    calls_from = say("emergency.from", number=caller_number(call, speech)) if call.direction == "in" else ""
    lines.append(Content("   ".join(filter(None, (about, calls_from, since)))))
    return Content("\n").join(lines)


def _places(call: CallLine, world: World) -> list[str]:
    """Where help has to go: as an emergency's case has it, and her home when that is another place."""
    if call.resident is None:
        return []
    cases = [case for case in world.cases_of(call.resident.id) if case.priority == "emergency"]
    places = [plain(place) for place in (*(case.place for case in cases), call.resident.address)]
    return list(dict.fromkeys(filter(None, places)))


def _large(place: str) -> str:
    """A terminal has one size of letters: full-width and spaced is the largest."""
    wide = place.translate(_WIDE)
    spaced = " ".join(wide)
    return spaced if cell_len(spaced) <= _ROOM else wide if cell_len(wide) <= _ROOM else place
