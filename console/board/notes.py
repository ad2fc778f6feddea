"""How the line itself is: what was missed, what is not recorded, what was found when it was tried. A good day is one
quiet line.
"""

from collections.abc import Iterator

from textual.content import Content

from console import times
from console.board.needs import proof_text
from console.plain import plain, reading
from console.speech import Speech
from console.world import World
from dispatch.wire.board import GapLine

_MOST_GAPS = _MOST_NUMBERS = 3  # lines; the rest is counted

Note = tuple[str, str]  # text and style
_BAD, _NEWS, _QUIET = "bold $text-warning", "$text", "$text-muted"


def notes(world: World, speech: Speech) -> Content:
    """One line for each thing that is not as it should be, the auditor's first; then when all else last worked."""
    parts = (_findings, _gaps, _recording, _telephones, _gateways, _wrong_numbers, _expiries, _proofs)
    lines = [line for part in parts for line in part(world, speech)]
    return Content("\n").join(Content.styled(text, style) for text, style in lines)


def _findings(world: World, speech: Speech) -> Iterator[Note]:
    """What should have moved and did not: nobody else will see it."""
    for each in world.findings:
        since = times.day_and_hour(each.since, world.zone, world.now())
        found = speech.word("finding", each.kind)
        yield speech.say("board.finding", found=found, count=each.count, since=since), _BAD


def _gaps(world: World, speech: Speech) -> Iterator[Note]:
    shown = world.gaps_to_show()
    for gap, left in shown[:_MOST_GAPS]:
        yield _gap(gap, left, world, speech), _BAD if left else _NEWS
    if len(shown) > _MOST_GAPS:
        yield speech.say("gap.more", count=len(shown) - _MOST_GAPS), _NEWS


def _gap(gap: GapLine, left: int, world: World, speech: Speech) -> str:
    """未连接 10:02:11-10:04:40，补回 7 个来电，待回电 5."""
    say = speech.say
    span = f"{_when(gap, world)}-{times.hour(gap.until, world.zone)}"
    if not gap.calls:
        return say("gap.nothing", exchange=gap.exchange, span=span)
    if not left:
        key = "gap.done" if gap.to_call_back else "gap.answered"
        return say(key, exchange=gap.exchange, span=span, calls=gap.calls)
    of = str(left) if left >= gap.to_call_back else f"{left}/{gap.to_call_back}"
    return say("gap.to_call_back", exchange=gap.exchange, span=span, calls=gap.calls, left=of)


def _when(gap: GapLine, world: World) -> str:
    today = gap.began_at.astimezone(world.zone).date() == world.now().astimezone(world.zone).date()
    began = times.hour(gap.began_at, world.zone)
    return began if today else f"{times.day(gap.began_at, world.zone)[5:]} {began}"


def _recording(world: World, speech: Speech) -> Iterator[Note]:
    for link in world.links.values():
        if link.recording_stopped_at is not None:
            since = times.day_and_hour(link.recording_stopped_at, world.zone, world.now())
            yield speech.say("board.recording_stopped", exchange=link.exchange, since=since), _BAD


def _telephones(world: World, speech: Speech) -> Iterator[Note]:
    """Whose telephone is out of the ring though she is ready."""
    for each in world.operators.values():
        if each.phone_trouble is not None:
            since = times.hour(each.phone_trouble_since, world.zone) if each.phone_trouble_since else ""
            trouble = speech.word("phone_trouble", each.phone_trouble)
            yield f"{each.extension or ''} {each.name}: {trouble} {since}".strip(), _BAD


def _gateways(world: World, speech: Speech) -> Iterator[Note]:
    """SMS gateways that do not work: what they carried goes by another one, or as a call."""
    for each in sorted(world.gateways.values(), key=lambda gateway: gateway.name):
        if each.failing_since is not None:
            since = times.day_and_hour(each.failing_since, world.zone, world.now())
            yield speech.say("board.gateway_failing", gateway=each.name, since=since), _BAD


def _wrong_numbers(world: World, speech: Speech) -> Iterator[Note]:
    """Numbers of merchants that do not exist, and that somebody has to correct in the register."""
    for each in world.wrong_numbers[:_MOST_NUMBERS]:
        since = times.day_and_hour(each.since, world.zone, world.now())
        name, number = plain(each.merchant.name, 40), reading(each.number)
        yield speech.say("board.wrong_number", merchant=name, number=number, since=since), _BAD
    if (more := max(len(world.wrong_numbers) - _MOST_NUMBERS, 0) + world.more_wrong_numbers) > 0:
        yield speech.say("board.wrong_numbers_more", count=more), _BAD


def _expiries(world: World, speech: Speech) -> Iterator[Note]:
    """Licences and contracts that end within a month, or have ended: a supervisor sees that they are renewed."""
    if world.me is None or world.me.role == "operator":
        return
    today = world.now().astimezone(world.zone).date()
    due = [each for each in world.expiries if each.told_from <= today]
    for each in due[:_MOST_NUMBERS]:
        name, term, left = plain(each.merchant.name, 40), speech.word("term", each.term), (each.last - today).days
        key, tone = ("board.ends", _NEWS) if left >= 0 else ("board.has_ended", _BAD)
        yield speech.say(key, merchant=name, term=term, day=each.last.isoformat(), days=left), tone
    if (more := max(len(due) - _MOST_NUMBERS, 0) + world.more_expiries) > 0:
        yield speech.say("board.ends_more", count=more), _NEWS


def _proofs(world: World, speech: Speech) -> Iterator[Note]:
    """A failure that nobody has acknowledged stands among what needs somebody."""
    proofs = sorted(world.proofs.values(), key=lambda proof: (proof.kind != "trunk", proof.exchange, proof.name))
    for proof in proofs:
        if not proof.worked and proof.needs_since is None:
            yield speech.say("proof.failing", what=proof_text(proof, world, speech)), _BAD
    if good := [proof_text(proof, world, speech) for proof in proofs if proof.worked]:
        yield speech.say("proof.good", what="  ".join(good)), _QUIET
