"""People and calls in a few words: who it is, and what to know before saying hello."""

from console.plain import plain, reading
from console.speech import Speech
from dispatch.wire.calls import CallLine
from dispatch.wire.case_calls import CaseCallLine, ChosenLine
from dispatch.wire.cases import CaseLine
from dispatch.wire.people import ContactView, ResidentLine


def person(resident: ResidentLine, speech: Speech) -> str:
    """王秀英奶奶 82岁; 王秀英 王老师 82岁 where she is called otherwise."""
    name = called(resident)
    return name if resident.age is None else f"{name} {speech.say('person.age', age=resident.age)}"


def called(resident: ResidentLine) -> str:
    """How one speaks to her, with her name where it is not part of that."""
    name, addressed = plain(resident.name, 80), plain(resident.addressed, 80)
    return addressed if name in addressed else f"{name} {addressed}".rstrip()


def flags(resident: ResidentLine, speech: Speech) -> str:
    """What changes how one speaks and how fast one acts: 听力差 失明 独居 照护3级; that she has left before all."""
    gone = [speech.word("left", resident.left)] if resident.left is not None else []
    senses = {"hearing": resident.hearing, "sight": resident.sight}
    found = gone + [speech.word(sense, how) for sense, how in senses.items() if how != "good"]
    found += [speech.word("group", group) for group in resident.groups]
    if resident.care_level:
        found.append(speech.say("person.care", level=resident.care_level))
    return " ".join(found)


def contact_text(contact: ContactView, speech: Speech) -> str:
    """王敏 女儿 139 1234 5678 有钥匙."""
    parts = [plain(contact.name, 80), plain(contact.relation, 40), reading(contact.number)]
    if contact.has_key:
        parts.append(speech.say("card.has_key"))
    return " ".join(filter(None, [*parts, plain(contact.note, 200)]))


def who(call: CallLine, speech: Speech) -> str:
    """Whom the line belongs to: a resident, several to choose from, a merchant, or nobody we know."""
    if call.resident is not None:
        return person(call.resident, speech)
    if call.merchant is not None:
        return plain(call.merchant.name, 120)
    if call.who:
        return " / ".join(called(resident) for resident in call.who)
    heard = plain(call.name_heard, 80)
    unknown = speech.say("call.hidden" if is_hidden(call) else "call.unknown")
    return f"{unknown} {heard}".rstrip()


def about(case: CaseLine, speech: Speech) -> str:
    """Whom a case is about; where nobody knows, who called: a number, or that there was none."""
    if case.resident is not None:
        return person(case.resident, speech)
    return caller(case.last_call, speech) if case.last_call is not None else ""


def caller(call: CaseCallLine, speech: Speech) -> str:
    """未登记号码 139 0000 1234 Wang; 康宁大药房 023 6700 2001; 隐藏号码."""
    number = "" if is_hidden(call) else reading(call.number)
    if call.speaker in ("merchant", "contact") and call.speaker_name:
        return f"{plain(call.speaker_name, 80)} {number}".rstrip()
    unknown = speech.say("call.unknown" if number else "call.hidden")
    return " ".join(filter(None, (unknown, number, plain(call.name_heard, 40))))


def chosen(what: ChosenLine, speech: Speech) -> str:
    """What a waiting caller decided by key: 按键订了 送药上门."""
    service = what.service_zh if speech.language == "zh" else what.service_en
    return speech.say(f"chosen.{what.choice}", service=service).rstrip()


def is_hidden(call: CallLine | CaseCallLine) -> bool:
    """Whether the network showed no number: nothing, or a word like "anonymous"."""
    return not any(character.isdigit() for character in call.number)


def caller_number(call: CallLine, speech: Speech) -> str:
    return speech.say("call.no_number") if is_hidden(call) else reading(call.number)
