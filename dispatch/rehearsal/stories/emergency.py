"""A button is pressed and nobody answers: the ladder climbs to the daughter, who presses 1.

The seconds of the ladder are those of the story's own centre: a version of its rule, as an administrator writes one.
"""

from collections.abc import Callable

from dispatch.rehearsal import expectations as expect
from dispatch.rehearsal.community import subscriber
from dispatch.rehearsal.evidence import Seen
from dispatch.rehearsal.story import Play, Step
from dispatch.wire.board import Event
from dispatch.wire.cases import Close

RESIDENT, BUTTON = "王䶮", 2  # of her lines
DAUGHTER, NEIGHBOURHOOD_WORKER = 0, 1  # of her contacts
ON_CALL = "+8618900239001"
LADDER = [
    {"who": "operators", "seconds": 4},
    {"who": "supervisor", "seconds": 4},
    {"who": "on_call", "seconds": 5, "numbers": [ON_CALL]},
    {"who": "contacts", "seconds": 60},
]


async def the_button_is_pressed(play: Play) -> None:
    await play.stage.change_rule("ladder", steps=LADDER, arrival_seconds=900)
    resident = play.community.resident(RESIDENT)
    await play.stage.town.set_habit(ON_CALL, "ring", 1)
    await play.stage.town.set_habit(resident.contacts[DAUGHTER].number, "accept", 4)
    await play.stage.town.set_habit(resident.contacts[NEIGHBOURHOOD_WORKER].number, "ring", 1)
    play.known["caller"] = RESIDENT
    play.known["caller.town"] = await play.stage.call_in(resident, BUTTON, times=30)


async def the_case_is_read(play: Play) -> None:
    ladder = (await play.clerk.case(play.known["case"])).ladder
    daughter = play.community.resident(RESIDENT).contacts[DAUGHTER]
    if ladder is None or ladder.going is None or ladder.acknowledged_at is None or ladder.arrival_due_at is None:
        raise AssertionError("the case does not show who is going")
    if (ladder.going.name, ladder.going.answer) != (daughter.name, "going"):
        raise AssertionError(f"the case says that {ladder.going.name} is going and not {daughter.name}")
    rungs = [call.rung for call in ladder.calls]
    if rungs != ["on_call", "contacts", "contacts"]:
        raise AssertionError(f"the case shows calls to {rungs}")
    times = [call.called_at for call in ladder.calls if call.called_at is not None]
    if times != sorted(times) or len(times) != len(ladder.calls) or ladder.doubles:
        raise AssertionError("the case does not show when each was called, once")


async def she_has_arrived(play: Play) -> None:
    await the_case_is_read(play)
    await play.stage.town.hang_up(play.known["caller.town"])
    await play.clerk.close_case(play.known["case"], Close(expects="open", outcome="served"))


def opened(play: Play, event: Event) -> bool:
    """The emergency's case, by itself."""
    if event.what != "case.opened" or event.case is None or event.case.priority != "emergency":
        return False
    play.known["case"] = event.case.number
    return True


def ladder(what: str, **data: str) -> expect.Journal:
    """`ladder.<what>` of the case, with those facts."""

    def _accept(play: Play, event: Event) -> bool:
        of_it = event.case is not None and event.case.number == play.known.get("case")
        return of_it and event.what == f"ladder.{what}" and data.items() <= event.data.items()

    return _accept


def cel_of_button(play: Play) -> Seen | None:
    """The exchange's event log about the button's own channel."""
    shown = play.community.resident(RESIDENT).lines[BUTTON].shown
    seen = play.evidence.cel(lambda row: row["eventtype"] == "CHAN_START" and row["cidnum"] == shown)
    if seen is not None:
        play.known.setdefault("caller.channel", seen.words.split()[-1])
    return seen


def in_the_emergency_queue(play: Play) -> Seen | None:
    return play.evidence.queue(
        lambda row: (
            row.queue == "emergency" and row.event == "ENTERQUEUE" and row.call == play.known["caller.channel"]
        )
    )


def telephone(what: str, number: Callable[[Play], str], digit: str = "") -> expect.Witness:
    """The town's log about that telephone."""
    return expect.robot(
        "town",
        lambda play, seen: (
            seen.what == what
            and seen.number == subscriber(number(play))
            and (not digit or seen.detail.startswith(digit))
        ),
    )


def contact(which: int) -> Callable[[Play], str]:
    return lambda play: play.community.resident(RESIDENT).contacts[which].number


def key_in_cel(play: Play) -> Seen | None:
    return play.evidence.cel(lambda row: row["eventtype"] == "TOWNLINE_KEY" and "key=1" in row["eventextra"])


STEPS = [
    Step("button pressed", "按下按钮", the_button_is_pressed, expect.call("arrived"), [cel_of_button]),
    Step("emergency case opened", "紧急建单", None, opened, [in_the_emergency_queue]),
    Step(
        "all operators",
        "全体接线员",
        None,
        ladder("step", rung="operators"),
        [expect.robot("telephone", lambda play, seen: seen.what == "rings")],
    ),
    Step(
        "on-call list",
        "值班人员",
        None,
        ladder("step", rung="on_call"),
        [telephone("rang", lambda play: ON_CALL)],
    ),
    Step(
        "the family",
        "家属",
        None,
        ladder("step", rung="contacts"),
        [telephone("rang", contact(DAUGHTER)), telephone("rang", contact(NEIGHBOURHOOD_WORKER))],
    ),
    Step(
        "the daughter is going",
        "女儿马上去",
        None,
        ladder("going", rung="contacts"),
        [telephone("presses", contact(DAUGHTER), "1"), key_in_cel],
    ),
    Step(
        "the others are let be",
        "停止求助",
        None,
        ladder("acknowledged"),
        [telephone("left", contact(NEIGHBOURHOOD_WORKER)), telephone("left", lambda play: ON_CALL)],
    ),
    Step(
        "closed",
        "结案",
        she_has_arrived,
        expect.case("case.closed"),
        [expect.operator("closed"), expect.resident("left")],
    ),
]
