"""Calls, as a line of the board and as a card."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, or_
from sqlmodel import col, select

from dispatch import call_backs
from dispatch.models import Call, CallMatch, CallState, Case, CaseCall, Offer, OfferState
from dispatch.views.case_calls import chosen_of
from dispatch.views.cases import ENDED, case_lines
from dispatch.views.desk import known, merchant_lines, operator_lines
from dispatch.views.legs import leg_lines
from dispatch.views.offers import offer_views
from dispatch.views.people import resident_lines
from dispatch.wire.calls import CallCard, CallLine
from dispatch.wire.offers import OfferView
from dispatch.wire.operators import OperatorLine
from dispatch.wire.people import MerchantLine, ResidentCard, ResidentLine
from registry.store import Reading, Writing


def call_lines(session: Reading | Writing, calls: Sequence[Call], now: datetime) -> list[CallLine]:
    """In the order given."""
    if not calls:
        return []
    on_the_line = _matches(session, calls)
    residents = resident_lines(
        session,
        calls[0].centre_id,
        [*(call.resident_id for call in calls), *(id_ for ids in on_the_line.values() for id_ in ids)],
        now,
    )
    legs = leg_lines(session, (call.id for call in calls if call.state is not CallState.ENDED))
    at_desks = [*(call.operator_id for call in calls), *(call.taken_by_id for call in calls)]
    operators = operator_lines(session, at_desks)
    merchants = merchant_lines(session, (call.speaker_merchant_id for call in calls))
    open_cases = _open_cases(session, residents)
    to_call_back = call_backs.numbers_of_open(session, calls[0].centre_id, calls)
    chosen = chosen_of(session, calls)
    return [
        _line(call, on_the_line[call.id or 0], residents, operators, merchants, open_cases, to_call_back).model_copy(
            update={"legs": legs[call.id or 0], "chosen": chosen.get(call.id or 0)}
        )
        for call in calls
    ]


def call_card(session: Reading | Writing, call: Call, card: ResidentCard | None, now: datetime) -> CallCard:
    """`card` is the record of whom the call is about; whoever opens it has logged that."""
    (line,) = call_lines(session, [call], now)
    return CallCard(
        **dict(line),
        card=card,
        cases=case_lines(session, _cases_about(session, call), now),
        merchant_offers=_merchant_offers(session, call.speaker_merchant_id),
    )


def _line(
    call: Call,
    on_the_line: Sequence[int],
    residents: Mapping[int, ResidentLine],
    operators: Mapping[int, OperatorLine],
    merchants: Mapping[int, MerchantLine],
    open_cases: Mapping[int, list[str]],
    to_call_back: Mapping[int, str],
) -> CallLine:
    assert call.id is not None
    return CallLine(
        id=call.id,
        exchange=call.exchange,
        state=call.state.value,
        end=call.end.value if call.end else None,
        hung_up_by=call.hung_up_by.value if call.hung_up_by else None,
        priority=call.priority.value,
        number=call.number or call.number_heard,
        number_known=call.number is not None,
        name_heard=call.name_heard,
        dialled=call.dialled,
        who=[residents[id_] for id_ in on_the_line if id_ in residents],
        resident=residents.get(call.resident_id or 0),
        speaker=call.speaker.value,
        speaker_name=call.speaker_name,
        merchant=merchants.get(call.speaker_merchant_id or 0),
        operator=operators.get(call.operator_id or 0),
        direction=call.direction.value,
        taken_by=operators.get(call.taken_by_id or 0),
        held_since=call.held_since,
        silent_at=call.silent_at,
        ringing=[extension for extension in call.ringing.split(",") if extension],
        open_cases=open_cases.get(call.resident_id or 0, []),
        arrived_at=call.arrived_at,
        queued_at=call.queued_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        recovered=call.recovered,
        call_back=to_call_back.get(call.id),
        version=call.version,
    )


def _matches(session: Reading | Writing, calls: Sequence[Call]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    rows = session.exec(
        select(CallMatch)
        .where(col(CallMatch.call_id).in_(known(call.id for call in calls)))
        .order_by(col(CallMatch.resident_id))
    ).all()
    for row in rows:
        found[row.call_id].append(row.resident_id)
    return found


def _open_cases(session: Reading | Writing, residents: Mapping[int, ResidentLine]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = session.exec(
        select(Case.resident_id, Case.number)
        .where(col(Case.resident_id).in_(list(residents)), col(Case.state).not_in(ENDED))
        .order_by(col(Case.id))
    ).all()
    for resident_id, number in rows:
        found[resident_id or 0].append(number)
    return found


def _cases_about(session: Reading | Writing, call: Call) -> Sequence[Case]:
    """The cases that belong to this call, and the open ones of whom it is about."""
    linked = select(CaseCall.case_id).where(CaseCall.call_id == call.id)
    about = or_(
        col(Case.id).in_(linked),
        and_(col(Case.resident_id) == call.resident_id, col(Case.state).not_in(ENDED)),  # nothing equals nobody
        and_(col(Case.call_back) == call_backs.whose(call), col(Case.state).not_in(ENDED)),
    )
    return session.exec(select(Case).where(about).order_by(col(Case.id).desc())).all()


def _merchant_offers(session: Reading | Writing, merchant_id: int | None) -> list[OfferView]:
    if merchant_id is None:
        return []
    rows = session.exec(
        select(Offer, Case.number)
        .join(Case, col(Case.id) == col(Offer.case_id))
        .where(
            Offer.merchant_id == merchant_id,
            col(Offer.state).in_([OfferState.PENDING, OfferState.SENT, OfferState.ACCEPTED]),
        )
        .order_by(col(Offer.id))
    ).all()
    return offer_views(session, [offer for offer, _ in rows], {offer.case_id: number for offer, number in rows})
