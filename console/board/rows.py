"""The board's lines as rows: what stands in which column, and in which colour."""

from collections.abc import Sequence
from dataclasses import replace

from console import times
from console.keys import digit_of
from console.ledger import Cell, Column, Row
from console.people import about, called, caller_number, flags, who
from console.plain import plain
from console.speech import Speech
from console.world import World
from dispatch.wire.calls import CallLine
from dispatch.wire.cases import CaseLine

CALL_COLUMNS = (
    Column(2),
    Column(7, right=True),
    Column(20, share=2),
    Column(18, share=2),
    Column(20, share=1),
    Column(13, from_width=96),
    Column(12),
)
CASE_COLUMNS = (
    Column(3),
    Column(10, right=True),
    Column(14, from_width=130),
    Column(9),
    Column(10, share=1),
    Column(12, share=1),
    Column(10),
    Column(14, share=2),
    Column(10),
    Column(16, share=3, from_width=130),
)

_CARD_TONE = {"yellow": "warn", "red": "late"}
_RESIDENT = 5  # the column that a resident's own card does without
OF_ONE_COLUMNS = (Column(1), *CASE_COLUMNS[:_RESIDENT], *CASE_COLUMNS[_RESIDENT + 1 :])


def case_text(case: CaseLine, speech: Speech) -> str:
    """A case in a few words: 0302-0007 送药 王秀英奶奶 82岁."""
    merchant = plain(case.merchant.name, 40) if case.merchant is not None else ""
    return " ".join(filter(None, (short(case.number), speech.service(case), about(case, speech), merchant)))


def alike_text(case: CaseLine, speech: Speech) -> str:
    """青石里 供水报修 一小时内已有 7 起: and which key makes one of them."""
    many = case.many
    if many is None:
        return ""
    values = {"where": plain(many.where, 40), "service": speech.service(case), "count": many.alike}
    if many.incident is not None:
        return speech.say("need.joins", incident=short(many.incident), **values)
    return speech.say("need.alike", **values)


def short(number: str) -> str:
    """0302-0007 of TL-20260302-0007: centre and year go without saying on a board."""
    day, _, count = number.partition("-")[2].partition("-")
    return f"{day[-4:]}-{count}" if count else plain(number, 20)


def call_row(call: CallLine, world: World, speech: Speech) -> Row:
    here = world.rings_here(call)
    urgent = call.priority != "routine"
    sign = "!!" if call.priority == "emergency" else "!" if urgent else ">>" if here else ""
    tone = "late" if call.priority == "emergency" else "warn" if urgent else "good" if here else ""
    known = call.resident or (call.who[0] if len(call.who) == 1 else None)
    where = plain(known.address, 120) if known else plain(call.merchant.address, 120) if call.merchant else ""
    if known is None and call.who:
        where = speech.say("call.choose", count=len(call.who))
    cells: tuple[Cell, ...] = (
        (sign, "alarm" if call.priority == "emergency" else tone),
        times.running(world.now() - call.arrived_at),
        (who(call, speech), "strong" if not tone else ""),
        where,
        (flags(known, speech), "warn") if known else "",
        caller_number(call, speech),
        _at(call, world, speech),
    )
    return Row(str(call.id), cells, tone)


def _at(call: CallLine, world: World, speech: Speech) -> str:
    """Whose telephone it is at."""
    if world.rings_here(call):
        return speech.say("call.rings_here")
    if call.state == "talking" and call.operator is not None:
        held = "_held" if call.held_since is not None else ""
        mine = world.is_mine(call)
        return speech.say(f"call.with_me{held}") if mine else speech.say(f"call.with{held}", who=call.operator.name)
    if call.direction == "out":
        return speech.say("call.dialled")
    if call.taken_by is not None:
        return speech.say("call.rings_for", who=call.taken_by.name)
    if call.ringing:
        return speech.say("call.rings_at", extensions=" ".join(call.ringing))
    return speech.word("call", call.state)


def rows_of_one(cases: Sequence[CaseLine], world: World, speech: Speech) -> list[Row]:
    """The cases of one resident, each with the digit that opens it."""
    rows: list[Row] = []
    for index, row in enumerate(case_row(case, world, speech) for case in cases):
        cells = ((digit_of(index), "strong"), *row.cells[:_RESIDENT], *row.cells[_RESIDENT + 1 :])
        rows.append(replace(row, cells=cells))
    return rows


def case_row(case: CaseLine, world: World, speech: Speech) -> Row:
    late = world.late_by(case)
    if late is not None:
        sign, tone, due = "!!", "late", speech.say("due.late", time=times.running(late))
    else:
        sign = "!" if case.needs_since is not None else ""
        tone = "needs" if sign else ""
        due = times.running(case.clock.due_at - world.now()) if case.clock is not None else ""
    whom = called(case.resident) if case.resident is not None else about(case, speech)
    cells: tuple[Cell, ...] = (
        (f" {sign}", "alarm") if sign else ({"emergency": " *", "urgent": " +"}.get(case.priority, ""), "warn"),
        due,
        _against_limit(case, speech),
        short(case.number),
        speech.service(case),
        whom,
        stage(case, speech),
        plain(case.merchant.name, 80) if case.merchant else "",
        turn(case, world, speech),
        plain(case.words, 160) or plain(case.place, 160),
    )
    return Row(
        case.number, cells, tone or _CARD_TONE.get(case.late or "", "warn" if case.priority == "emergency" else "")
    )


def _against_limit(case: CaseLine, speech: Speech) -> Cell:
    """The card that it has got, or which clock runs."""
    if case.late is not None:
        return speech.word("late", case.late), _CARD_TONE.get(case.late, "warn")
    return (speech.word("clock", case.clock.kind) if case.clock is not None else ""), "quiet"


def stage(case: CaseLine, speech: Speech) -> str:
    """How far it is; nobody is sent out to call somebody back."""
    return speech.word("case", "to_call_back" if case.call_back and case.state == "open" else case.state)


def turn(case: CaseLine, world: World, speech: Speech) -> str:
    """Whose move it is."""
    if case.turn == "operator" and case.turn_operator is not None:
        mine = world.me is not None and case.turn_operator.id == world.me.id
        return speech.say("turn.me") if mine else plain(case.turn_operator.name, 40)
    return speech.word("turn", case.turn)
