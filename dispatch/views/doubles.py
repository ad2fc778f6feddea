"""Who may stand in the register twice, as a supervisor sees it."""

from datetime import datetime

from dispatch.views.people import resident_line
from dispatch.wire.pages import Doubles
from dispatch.wire.people import DoubleView
from registry import cards, doubles
from registry.store import Reading, Scope


def view(session: Reading, scope: Scope, most: int, now: datetime) -> Doubles:
    """The `most` surest pairs of whom both are in the scope, and how many there are in all."""
    found = doubles.doubles(session, scope)
    shown = found[:most]
    people = cards.summaries(session, scope, [id_ for each in shown for id_ in (each.one, each.other)], now)
    lines = {id_: resident_line(summary) for id_, summary in people.items()}
    pairs = [
        DoubleView.model_validate(
            {"one": lines[each.one], "other": lines[each.other], "alike": each.alike, "doubt": each.doubt or None}
        )
        for each in shown
    ]
    return Doubles(total=len(found), items=pairs)
