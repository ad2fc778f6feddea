"""People and calls in a few words: who it is, and what to know before saying hello."""

from console.plain import plain, reading
from console.speech import Speech
from dispatch.wire.people import ResidentLine
from dispatch.wire.work import CallLine


def person(resident: ResidentLine, speech: Speech) -> str:
    """王秀英奶奶 82岁; 王秀英 王老师 82岁 where she is called otherwise."""
    name = called(resident)
    return name if resident.age is None else f"{name} {speech.say('person.age', age=resident.age)}"


def called(resident: ResidentLine) -> str:
    """How one speaks to her, with her name where it is not part of that."""
    name, addressed = plain(resident.name, 80), plain(resident.addressed, 80)
    return addressed if name in addressed else f"{name} {addressed}".rstrip()


def flags(resident: ResidentLine, speech: Speech) -> str:
    """What changes how one speaks and how fast one acts: 独居 听力差 照护3级."""
    found = [speech.word("group", group) for group in resident.groups]
    if resident.hearing != "good":
        found.insert(0, speech.word("hearing", resident.hearing))
    if resident.care_level:
        found.append(speech.say("person.care", level=resident.care_level))
    return " ".join(found)


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


def is_hidden(call: CallLine) -> bool:
    """Whether the network showed no number: nothing, or a word like "anonymous"."""
    return not any(character.isdigit() for character in call.number)


def caller_number(call: CallLine, speech: Speech) -> str:
    return speech.say("call.no_number") if is_hidden(call) else reading(call.number)
