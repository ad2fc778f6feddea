"""Two records beside each other, line by line; what they do not say alike stands out."""

from collections.abc import Callable

from console.ledger import Row
from console.plain import plain, reading
from console.speech import Speech
from dispatch.wire.people import ResidentCard

_SAYS: tuple[tuple[str, Callable[[ResidentCard, Speech], str]], ...] = (
    ("name", lambda card, _: plain(card.name, 80)),
    ("gender", lambda card, speech: speech.word("gender", card.gender)),
    ("born", lambda card, _: card.born.isoformat() if card.born else ""),
    ("address", lambda card, _: plain(card.address)),
    ("lines", lambda card, _: "  ".join(reading(line.number) for line in card.lines)),
    ("contacts", lambda card, _: str(len(card.contacts))),
    ("cases", lambda card, _: "  ".join(plain(case.number, 40) for case in card.last_cases)),
    ("visited", lambda card, _: card.visited_on.isoformat() if card.visited_on else ""),
    ("consent", lambda card, _: card.consented_on.isoformat() if card.consented_on else ""),
)


def sides(left: ResidentCard, right: ResidentCard, speech: Speech) -> list[Row]:
    rows = [Row("number", (speech.say("pair.number"), f"1  {left.id}", f"2  {right.id}"), "strong")]
    for name, says in _SAYS:
        both = says(left, speech), says(right, speech)
        rows.append(Row(name, ((speech.say(f"pair.{name}"), "quiet"), *both), "" if both[0] == both[1] else "warn"))
    return rows
