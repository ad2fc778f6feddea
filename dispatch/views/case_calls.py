"""The calls that belong to cases: the last one of each for a board, all of one for its card."""

from collections.abc import Iterable, Sequence

from sqlmodel import col, select

from callbridge.events import Choice
from dispatch.models import Call, Case, CaseCall
from dispatch.wire.case_calls import CaseCallLine, ChosenLine
from registry.centres import current_services
from registry.models import Service
from registry.store import Reading, Writing


def last_calls(session: Reading | Writing, case_ids: Sequence[int]) -> dict[int, CaseCallLine]:
    """For each case that has any: its last one."""
    rows = session.exec(
        select(CaseCall.case_id, Call)
        .join(Call, col(Call.id) == CaseCall.call_id)
        .where(col(CaseCall.case_id).in_(case_ids))
        .order_by(col(Call.arrived_at), col(Call.id))
    ).all()
    last = dict(rows)
    return dict(zip(last, _lines(session, last.values()), strict=True))


def calls_of(session: Reading | Writing, case: Case) -> list[CaseCallLine]:
    """The first one first."""
    calls = session.exec(
        select(Call)
        .join(CaseCall, col(CaseCall.call_id) == Call.id)
        .where(CaseCall.case_id == case.id)
        .order_by(col(Call.arrived_at), col(Call.id))
    ).all()
    return _lines(session, calls)


def chosen_of(session: Reading | Writing, calls: Iterable[Call]) -> dict[int, ChosenLine]:
    """What the callers of one centre chose by key, for the calls in which they did."""
    found: dict[int, ChosenLine] = {}
    by_digit: dict[str | None, Service] = {}
    for call in calls:
        if call.choice is None:
            continue
        if call.choice is Choice.ORDER and not by_digit:
            by_digit = {each.keypad_digit: each for each in current_services(session, call.centre_id)}
        ordered = by_digit.get(call.choice_digit) if call.choice is Choice.ORDER else None
        found[call.id or 0] = ChosenLine(
            choice=call.choice.value,
            service_zh=ordered.name_zh if ordered is not None else "",
            service_en=ordered.name_en if ordered is not None else "",
        )
    return found


def _lines(session: Reading | Writing, calls: Iterable[Call]) -> list[CaseCallLine]:
    calls = list(calls)
    chosen = chosen_of(session, calls)
    return [_line(call, chosen.get(call.id or 0)) for call in calls]


def _line(call: Call, chosen: ChosenLine | None) -> CaseCallLine:
    assert call.id is not None
    return CaseCallLine(
        id=call.id,
        state=call.state.value,
        end=call.end.value if call.end else None,
        number=call.number or call.number_heard,
        number_known=call.number is not None,
        name_heard=call.name_heard,
        speaker=call.speaker.value,
        speaker_name=call.speaker_name,
        chosen=chosen,
        arrived_at=call.arrived_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        silent_at=call.silent_at,
        recovered=call.recovered,
    )
