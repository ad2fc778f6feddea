"""What is known of a merchant: what residents said, how it is reached, when it is open, what is agreed with it."""

from datetime import date

from textual.content import Content

from console import times
from console.desk import Desk
from console.plain import fit, plain, reading
from console.speech import Speech
from dispatch.wire.merchants import MerchantCard
from dispatch.wire.people import MerchantLine, StaffView

_LABEL = 10  # cells of a field's name
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Part = str | tuple[str, str]


def headline(merchant: MerchantLine, speech: Speech) -> Content:
    kind = speech.word("merchant", merchant.kind)
    return Content.assemble((f" {plain(merchant.name, 80)} ", "bold $text on $primary"), f" {kind} ")


def details(card: MerchantCard, desk: Desk) -> Content:
    """What residents said first; then how it is reached, when, for what and until when."""
    speech, world, say = desk.speech, desk.world, desk.speech.say
    parts: list[Part | Content] = [headline(card, speech), "\n", *_said(card, speech)]
    parts += _record(card, speech)
    if card.suspended_at is not None and card.suspended_until is not None:
        until = times.day_and_hour(card.suspended_until, world.zone, world.now())
        why = say("merchant.suspended_until", until=until, why=plain(card.suspended_why or "", 200))
        parts += [(f" {why} ", "bold $text on $error"), "\n"]
    elif card.suspended_at is not None:
        why = say("merchant.suspended", since=times.day(card.suspended_at, world.zone), why=card.suspended_why or "")
        parts += [(f" {why} ", "bold $text on $error"), "\n"]
    parts += _field("address", plain(card.address), speech)
    for number in card.numbers:
        wrong = f"  {say('merchant.number_wrong')}" if number.wrong_since is not None else ""
        parts += _field("number", f"{speech.word('channel', number.channel)} {reading(number.number)}{wrong}", speech)
    for member in card.staff:
        parts += _field("staff", _member(member, speech), speech)
    parts += _field("jobs", _jobs(card, speech), speech)
    parts += _field("hours", hours(card, speech), speech)
    for line in card.special_hours:
        parts += _field("special_hours", _special(line, speech), speech)
    parts += _field("channel_plan", "  ".join(_asked(line, speech) for line in card.channel_plan), speech)
    if card.licence_expires is not None:
        licence = say("merchant.until", number=card.licence_number or "", day=card.licence_expires.isoformat())
        parts += _field("licence", licence.strip(), speech)
    for contract in card.contracts:
        span = f"{contract.valid_from.isoformat()} - {contract.valid_until.isoformat()}"
        reach = say("distance.straight", metres=contract.radius) if contract.radius is not None else ""
        services = " ".join(_service(code, desk) for code in contract.services)
        words = plain(contract.fee, 80), plain(contract.conditions, 200)
        parts += _field("contract", "  ".join(filter(None, (span, services, reach, *words))), speech)
    return Content.assemble(*parts).rstrip()


def _member(member: StaffView, speech: Speech) -> str:
    """李伟  193 0023 4011  不在 2026-02-16 至 2026-03-02."""
    number = reading(member.number) if member.number else ""
    return "  ".join(filter(None, (plain(member.name, 80), number, absence(member, speech))))


def absence(member: StaffView, speech: Speech) -> str:
    if (away := member.away) is None:
        return ""
    days = {name: day.isoformat() for name, day in (("first", away.first), ("last", away.last)) if day is not None}
    sentence = "_".join(("staff.away", *days))
    return speech.say(sentence, **days)


def is_there(member: StaffView, day: date) -> bool:
    away = member.away
    if away is None:
        return True
    return (away.first is not None and day < away.first) or (away.last is not None and away.last < day)


def _service(code: str, desk: Desk) -> str:
    known = desk.service(code)
    return desk.speech.service_name(known) if known is not None else plain(code, 40)


def _jobs(card: MerchantCard, speech: Speech) -> str:
    """2 / 5  08:00-12:00 最多 8 单."""
    usual = f" / {card.capacity}" if card.capacity is not None else ""
    plan = (plain(line, 40).split("/") for line in card.capacity_plan)
    then = (speech.say("merchant.capacity_then", hours=hours, jobs=jobs) for hours, jobs in plan)
    return "  ".join((f"{card.open_jobs}{usual}", *then))


def hours(card: MerchantCard, speech: Speech) -> str:
    """周一 08:00-20:00  周二 …; days with the same hours together; day and night as such."""
    by_span: dict[str, list[str]] = {}
    for each in sorted(card.hours, key=lambda each: each.weekday):
        span = f"{each.opens:%H:%M}-{each.closes:%H:%M}"
        span = speech.say("merchant.day_and_night") if each.opens == each.closes else span
        by_span.setdefault(span, []).append(speech.word("weekday", str(each.weekday)))
    return "  ".join(
        f"{speech.say('merchant.every_day') if len(days) == 7 else ' '.join(days)} {span}"
        for span, days in by_span.items()
    )


def _special(line: str, speech: Speech) -> str:
    """02-16..02-20 休息 春节, 节假日 10:00-16:00, 调休上班日 按周一."""
    days, hours, *why = plain(line, 100).split("/")
    if hours in _WEEKDAYS:
        hours = speech.say("special.as", day=speech.word("weekday", str(_WEEKDAYS.index(hours))))
    elif hours == "closed":
        hours = speech.say("special.closed")
    if days in ("holidays", "make_up_days"):
        days = speech.say(f"special.{days}")
    return " ".join(filter(None, (days, hours, *why)))


def _asked(line: str, speech: Speech) -> str:
    """20:00-08:00 先电话 3 次."""
    span, way, *tries = plain(line, 40).split("/")
    said = [span, speech.word("asking", way), *(speech.say("asking.tries", count=each) for each in tries)]
    return " ".join(said)


def _said(card: MerchantCard, speech: Speech) -> list[Part | Content]:
    counts = {"satisfied": card.satisfied, "fairly": card.fairly, "not_satisfied": card.not_satisfied}
    tones = {"satisfied": "$text-success", "fairly": "$text", "not_satisfied": "$text-error"}
    parts: list[Part | Content] = [(fit(speech.say("merchant.said"), _LABEL) + " ", "$text-muted")]
    for word, count in counts.items():
        tone = f"bold {tones[word]}" if count else "$text-muted"
        parts += [(f"{speech.word('satisfaction', word)} {count}", tone), "   "]
    return [*parts, "\n"]


def _record(card: MerchantCard, speech: Speech) -> list[Part | Content]:
    """How it has worked lately, and what that is worth in the ranking."""
    if (record := card.record) is None:
        return []
    say, figures = speech.say, record.model_dump()
    parts: list[Part | Content] = [(fit(say("merchant.record", days=record.days), _LABEL) + " ", "$text-muted")]
    for name, bad in (
        ("offers", record.declined + record.silent),
        ("visits", record.late),
        ("cards", record.yellow + record.red),
        ("points", -record.points),
    ):
        parts += [(say(f"merchant.record.{name}", **figures), "bold $text-warning" if bad else "$text"), "   "]
    return [*parts, "\n"]


def _field(name: str, text: str, speech: Speech) -> list[Part | Content]:
    return [(fit(speech.say(f"merchant.{name}"), _LABEL) + " ", "$text-muted"), text, "\n"] if text else []
