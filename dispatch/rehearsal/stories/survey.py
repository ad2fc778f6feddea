"""The survey: the main story as far as the merchant's "done"; then the resident is called, presses 2, and the
merchant's record shows it.
"""

from dispatch.rehearsal import expectations as expect
from dispatch.rehearsal.stories import main
from dispatch.rehearsal.story import Play, Step
from dispatch.wire.board import Event
from dispatch.wire.cases import Close

FAIRLY = "2"


async def she_calls(play: Play) -> None:
    """At whatever hour the story is played: this centre asks at once and knows no night."""
    await play.stage.change_rule("survey", after_minutes=0, calls_from="00:00", calls_until="00:00")
    await play.stage.change_rule("quiet_hours", quiet_from="00:00", quiet_until="00:00", holidays=[])
    await play.stage.picks_up(play.community.resident(main.RESIDENT), "press2", seconds=4)
    await main.she_calls(play)


async def she_hangs_up(play: Play) -> None:
    """She has told the operator what she needs, and waits for it at home."""
    await play.stage.town.hang_up(play.known["caller.town"])


async def the_record_is_read(play: Play) -> None:
    record = await play.clerk.merchant(play.merchants[main.SECOND])
    if (record.satisfied, record.fairly, record.not_satisfied) != (0, 1, 0):
        raise AssertionError(
            f"the record of {record.name} says {record.satisfied}, {record.fairly}, {record.not_satisfied}"
        )
    close = Close(expects="served", outcome="served")
    await play.clerk.close_case(play.known["case"], close)


def _survey_sent(play: Play, event: Event) -> bool:
    """The call to the resident went out; its attempt is remembered."""
    wanted = play.entry(lambda each: each.what == "message.wanted" and each.data.get("kind") == "survey")
    if wanted is None or event.what != "message.handed_over" or event.subject_id != wanted.subject_id:
        return False
    play.known["survey"] = str(event.data["attempt"])
    return True


def _surveyed(play: Play, event: Event) -> bool:
    return expect.case("case.surveyed")(play, event) and event.data.get("satisfaction") == "fairly"


def _cel_of_survey(event: str, has: str = "") -> expect.Witness:
    """The exchange's event log about the call to the resident."""
    return lambda play: play.evidence.cel(
        lambda row: (
            row["eventtype"] == event
            and play.known.get("survey", "?") in row["uniqueid"]
            and has in row["eventextra"]
        )
    )


_FIRST, *_MIDDLE = main.STEPS[:-1]

STEPS = [
    Step(_FIRST.name, _FIRST.name_zh, she_calls, _FIRST.journal, _FIRST.witnesses),
    *_MIDDLE[:9],
    Step("hung up", "挂机", she_hangs_up, expect.call("ended"), [expect.resident("left")]),
    *_MIDDLE[9:],
    Step(
        "resident called",
        "回访",
        None,
        _survey_sent,
        [_cel_of_survey("CHAN_START"), expect.her_telephone(main.RESIDENT, "rang")],
    ),
    Step(
        "answered with the key",
        "按键评价",
        None,
        _surveyed,
        [_cel_of_survey("TOWNLINE_KEY", f"key={FAIRLY}"), expect.her_telephone(main.RESIDENT, "presses", FAIRLY)],
        seconds=60,
    ),
    Step(
        "on the merchant's record",
        "记入商家档案",
        the_record_is_read,
        expect.case("case.closed"),
        [expect.robot("operator", lambda play, seen: seen.what == "read_record" and seen.detail == "0 1 0")],
    ),
]
