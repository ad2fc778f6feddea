"""What needs somebody, as rows: why, for whom, and the clock that runs."""

from console import times
from console.board.rows import alike_text, case_text, short
from console.case import ladder
from console.keys import digit_of
from console.ledger import Cell, Column, Row
from console.people import about
from console.plain import plain
from console.speech import Speech
from console.world import Need, World
from dispatch.wire.board import ProofLine
from dispatch.wire.cases import CaseLine

NEED_COLUMNS = (Column(1), Column(3), Column(8, right=True), Column(30, share=1))


def need_rows(world: World, speech: Speech) -> list[Row]:
    rows: list[Row] = []
    for index, need in enumerate(world.needs()):
        urgent = need.sort in ("late", "hold") or (need.alarm and need.priority == "emergency")
        sign, tone = ("!!", "late") if urgent else ("", "") if need.sort == "turn" else ("!", "needs")
        mark = (f" {sign}", "alarm") if need.alarm else ""
        cells: tuple[Cell, ...] = ((digit_of(index), "strong"), mark, times.running(world.now() - need.since))
        rows.append(Row(need.key, (*cells, need_text(need, speech, world)), tone))
    return rows


def need_text(need: Need, speech: Speech, world: World) -> str:
    """Why somebody is needed, and for whom, in one line."""
    why = speech.say(need.why)
    if need.case is not None and need.sort == "alike":
        return alike_text(need.case, speech)
    if need.case is not None and need.case.call_back:
        return call_back_text(need.case, why, world, speech)
    if need.case is not None and need.case.ladder is not None:
        return emergency_text(need.case, why, world, speech)
    if need.case is not None:
        return f"{why}  {case_text(need.case, speech)}"
    if need.inbound is not None:
        sender = plain(need.inbound.merchant.name, 40) if need.inbound.merchant else plain(need.inbound.number, 20)
        return f"{why}  {sender}: {plain(need.inbound.body, 160)}"
    if need.link is not None:
        since = times.hour(need.since, world.zone)
        return speech.say("need.link_down", exchange=need.link.exchange, since=since)
    if (hold := need.hold) is not None:
        backup = times.day_and_hour(hold.backup_at, world.zone, world.now())
        said = speech.say("need.hold", backup=backup, messages=hold.messages, ladders=hold.ladders)
        return f"{said}  {speech.say('hold.release' if world.may_release() else 'hold.supervisor')}"
    return f"{why}  {proof_text(need.proof, world, speech)}" if need.proof is not None else why


def call_back_text(case: CaseLine, why: str, world: World, speech: Speech) -> str:
    """未接来电 3 次 10:03  王秀英奶奶 82岁  中断期间."""
    last = case.last_call
    at = times.day_and_hour(last.arrived_at, world.zone, world.now()) if last is not None else ""
    times_ = speech.say("need.attempts", count=case.attempts) if case.attempts > 1 else ""
    gap = speech.say("need.in_a_gap") if last is not None and last.recovered else ""
    said = " ".join(filter(None, (why, times_, at)))
    return "  ".join(filter(None, (said, about(case, speech), gap, short(case.number))))


def emergency_text(case: CaseLine, why: str, world: World, speech: Speech) -> str:
    """紧急情况  王秀英奶奶 82岁  第2/4步 主管 00:31  青石里 3栋."""
    climbs = ladder.brief(case.ladder, world, speech) if case.ladder is not None else ""
    return "  ".join(filter(None, (why, about(case, speech), climbs, plain(case.place, 120), short(case.number))))


def proof_text(proof: ProofLine, world: World, speech: Speech) -> str:
    """话机 803 无人接听 10:02，上次正常 03-01 10:02."""
    at = times.day_and_hour(proof.at, world.zone, world.now())
    name = speech.say(f"proof.of_{proof.kind}", name=proof.name, exchange=proof.exchange)
    if proof.worked:
        return f"{name} {at}"
    before = speech.say("proof.never")
    if proof.worked_at is not None:
        before = speech.say("proof.worked", time=times.day_and_hour(proof.worked_at, world.zone, world.now()))
    return f"{name} {at} {speech.word('proof', proof.problem)} {before}"
