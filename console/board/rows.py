"""The board's lines as rows: what stands in which column, and in which colour."""

from collections.abc import Sequence
from dataclasses import replace

from console import times
from console.keys import digit_of
from console.ledger import Cell, Column, Row
from console.people import called, caller_number, flags, person, who
from console.plain import plain
from console.speech import Speech
from console.world import Need, World
from dispatch.wire.work import CallLine, CaseLine

NEED_COLUMNS = (Column(1), Column(3), Column(8, right=True), Column(30, share=1))
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

_RESIDENT = 5  # the column that a resident's own card does without
OF_ONE_COLUMNS = (Column(1), *CASE_COLUMNS[:_RESIDENT], *CASE_COLUMNS[_RESIDENT + 1 :])


def need_rows(world: World, speech: Speech) -> list[Row]:
    rows: list[Row] = []
    for index, need in enumerate(world.needs()):
        sign, tone = {"late": ("!!", "late"), "turn": ("", "")}.get(need.sort, ("!", "needs"))
        mark = (f" {sign}", "alarm") if need.alarm else ""
        cells: tuple[Cell, ...] = ((digit_of(index), "strong"), mark, times.running(world.now() - need.since))
        rows.append(Row(need.key, (*cells, need_text(need, speech, world)), tone))
    return rows


def need_text(need: Need, speech: Speech, world: World) -> str:
    """Why somebody is needed, and for whom, in one line."""
    why = speech.say(need.why)
    if need.case is not None:
        return f"{why}  {case_text(need.case, speech)}"
    if need.inbound is not None:
        sender = plain(need.inbound.merchant.name, 40) if need.inbound.merchant else plain(need.inbound.number, 20)
        return f"{why}  {sender}: {plain(need.inbound.body, 160)}"
    if need.link is not None:
        since = times.hour(need.since, world.zone)
        return speech.say("need.link_down", exchange=need.link.exchange, since=since)
    return why


def case_text(case: CaseLine, speech: Speech) -> str:
    """A case in a few words: 0302-0007 送药 王秀英奶奶 82岁."""
    parts = [short(case.number), speech.service(case)]
    if case.resident is not None:
        parts.append(person(case.resident, speech))
    if case.merchant is not None:
        parts.append(plain(case.merchant.name, 40))
    return " ".join(parts)


def short(number: str) -> str:
    """0302-0007 of TL-20260302-0007: centre and year go without saying on a board."""
    day, _, count = number.partition("-")[2].partition("-")
    return f"{day[-4:]}-{count}" if count else plain(number, 20)


def call_row(call: CallLine, world: World, speech: Speech) -> Row:
    here = world.rings_here(call)
    urgent = call.priority != "routine"
    sign = "!!" if call.priority == "emergency" else "!" if urgent else ">>" if here else ""
    tone = "late" if call.priority == "emergency" else "warn" if urgent else "good" if here else ""
    about = call.resident or (call.who[0] if len(call.who) == 1 else None)
    where = plain(about.address, 120) if about else plain(call.merchant.address, 120) if call.merchant else ""
    if about is None and call.who:
        where = speech.say("call.choose", count=len(call.who))
    cells: tuple[Cell, ...] = (
        (sign, "alarm" if call.priority == "emergency" else tone),
        times.running(world.now() - call.arrived_at),
        (who(call, speech), "strong" if not tone else ""),
        where,
        (flags(about, speech), "warn") if about else "",
        caller_number(call, speech),
        _at(call, world, speech),
    )
    return Row(str(call.id), cells, tone)


def _at(call: CallLine, world: World, speech: Speech) -> str:
    """Whose telephone it is at."""
    if call.operator is not None:
        mine = world.is_mine(call)
        return speech.say("call.with_me") if mine else speech.say("call.with", who=call.operator.name)
    if world.rings_here(call):
        return speech.say("call.rings_here")
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
    resident = called(case.resident) if case.resident else ""
    cells: tuple[Cell, ...] = (
        (f" {sign}", "alarm") if sign else ({"emergency": " *", "urgent": " +"}.get(case.priority, ""), "warn"),
        due,
        (speech.word("clock", case.clock.kind) if case.clock is not None else "", "quiet"),
        short(case.number),
        speech.service(case),
        resident,
        speech.word("case", case.state),
        plain(case.merchant.name, 80) if case.merchant else "",
        turn(case, world, speech),
        plain(case.words, 160) or plain(case.place, 160),
    )
    return Row(case.number, cells, tone or ("warn" if case.priority == "emergency" else ""))


def turn(case: CaseLine, world: World, speech: Speech) -> str:
    """Whose move it is."""
    if case.turn == "operator" and case.turn_operator is not None:
        mine = world.me is not None and case.turn_operator.id == world.me.id
        return speech.say("turn.me") if mine else plain(case.turn_operator.name, 40)
    return speech.word("turn", case.turn)
