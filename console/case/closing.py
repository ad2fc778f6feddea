"""Closing a case: the outcome by digit, and what belongs to it."""

from collections.abc import Awaitable, Callable
from typing import Any, cast, get_args

from console.ask.line import Line
from console.ask.pick import Choice, Pick
from console.desk import Desk
from console.room import Question
from dispatch.wire.cases import Close
from dispatch.wire.words import CaseState, Reason, Satisfaction

Ask = Callable[[Question[Any]], Awaitable[Any]]

_NOT_ASKED = "not_asked"
_EXPLAINED: tuple[Reason, ...] = ("partly", "not_served", "referred")  # outcomes that a word belongs to


async def closing(desk: Desk, state: CaseState, ask: Ask) -> Close | None:
    """Three keys at most: the outcome, and either how satisfied she is or why it was not what was wanted.

    None when the operator thought better of it.
    """
    default = "served" if state == "served" else "information"
    outcomes = [Choice(reason, desk.speech.word("outcome", reason)) for reason in get_args(Reason)]
    outcome: Reason | None = await ask(Pick(desk, "case.close_title", outcomes, default))
    if outcome == "served":
        answers = (*get_args(Satisfaction), _NOT_ASKED)
        choices = [Choice(answer, desk.speech.word("satisfaction", answer)) for answer in answers]
        said: str | None = await ask(Pick(desk, "case.satisfaction_title", choices, _NOT_ASKED))
        if said == _NOT_ASKED:
            return Close(expects=state, outcome=outcome)
        return Close(expects=state, outcome=outcome, satisfaction=cast("Satisfaction", said)) if said else None
    if outcome in _EXPLAINED:
        note: str | None = await ask(Line(desk, f"outcome.{outcome}", "case.note_hint"))
        return None if note is None else Close(expects=state, outcome=outcome, note=note)
    return None if outcome is None else Close(expects=state, outcome=outcome)
