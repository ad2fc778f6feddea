"""Whom one may want on the telephone, as choices of a box; what was chosen, as a command."""

import re
import unicodedata
from collections.abc import Iterable

from console.ask.pick import Choice
from console.people import contact_text, person
from console.phone.team import state_of
from console.plain import plain, reading
from console.speech import Speech
from console.world import World
from dispatch.wire.calls import CallLine
from dispatch.wire.people import MerchantLine, ResidentCard
from dispatch.wire.telephone import BringIn, Dial

LINE = "line"  # a choice `line:<number>`
NUMBER = "number"  # any number, to be typed
_NUMBER = re.compile(r"\+?[0-9*#]{2,40}")
_WRITTEN = str.maketrans("", "", " -()/.\u00a0\u2013\u2014")


def number_in(text: str) -> str | None:
    """The number in what was typed (`139 0000-0001`, full-width digits too); None when it is none."""
    number = unicodedata.normalize("NFKC", text).translate(_WRITTEN)
    return number if _NUMBER.fullmatch(number) else None


def colleagues(world: World, speech: Speech, call: CallLine) -> list[Choice]:
    """Who is there, can be reached and is not in this call already; those who are free first."""
    here = {leg.operator.id for leg in call.legs if leg.operator is not None}
    return [
        Choice(f"operator:{each.id}", plain(each.name, 40), f"{each.extension}  {state_of(each, world, speech)}")
        for each in world.colleagues()
        if each.phone_reachable and each.id not in here
    ]


def contacts(card: ResidentCard | None, speech: Speech) -> list[Choice]:
    in_order = sorted(card.contacts if card is not None else [], key=lambda each: each.rank)
    word = speech.word("speaker", "contact")
    return [Choice(f"contact:{each.id}", contact_text(each, speech), word) for each in in_order]


def lines(call: CallLine | None, card: ResidentCard | None, speech: Speech) -> list[Choice]:
    """The number that called, then her other telephones."""
    known = {line.number: speech.word("line", line.kind) for line in (card.lines if card is not None else [])}
    called = [call.number] if call is not None and call.number_known else []
    name = person(card, speech) if card is not None else ""
    return [
        Choice(f"{LINE}:{number}", f"{name} {reading(number)}".strip(), known.get(number, ""))
        for number in dict.fromkeys([*called, *known])
    ]


def merchants(found: Iterable[MerchantLine | None], card: ResidentCard | None, speech: Speech) -> list[Choice]:
    """Those of her open cases, each once, then those she usually has."""
    known = {each.id: each for each in found if each is not None and each.number is not None}
    choices = [
        Choice(
            f"merchant:{each.id}", f"{plain(each.name, 40)} {reading(each.number or '')}", _kind(each.kind, speech)
        )
        for each in known.values()
    ]
    usual = [each for each in (card.usual_merchants if card is not None else []) if each.merchant_id not in known]
    return choices + [
        Choice(f"merchant:{each.merchant_id}", plain(each.name, 40), _kind(each.kind, speech)) for each in usual
    ]


def any_number(speech: Speech) -> Choice:
    return Choice(NUMBER, speech.say("phone.any_number"), speech.say("phone.any_number.hint"))


def bring_in(choice: str) -> BringIn:
    """What bringing in a choice means; `line:139…` is a number like any other."""
    kind, _, value = choice.partition(":")
    match kind:
        case "operator":
            return BringIn(expects="talking", operator_id=int(value))
        case "contact":
            return BringIn(expects="talking", contact_id=int(value))
        case "merchant":
            return BringIn(expects="talking", merchant_id=int(value))
        case _:
            return BringIn(expects="talking", number=value)


def dial(choice: str, resident_id: int | None, case_number: str | None) -> Dial:
    """What calling a choice means, about that resident and case."""
    kind, _, value = choice.partition(":")
    match kind:
        case "contact":
            return Dial(contact_id=int(value), resident_id=resident_id, case_number=case_number)
        case "merchant":  # the call is the merchant's; the case says whom it is about
            return Dial(merchant_id=int(value), case_number=case_number)
        case _:
            return Dial(number=value, resident_id=resident_id, case_number=case_number)


def _kind(kind: str, speech: Speech) -> str:
    return speech.word("merchant", kind)
