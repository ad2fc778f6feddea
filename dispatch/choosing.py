"""Whom to ask: a case and the merchants as they stand now, decided by `registry.matching` and kept as a sheet."""

from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlmodel import col

from dispatch.casebook import service_of
from dispatch.errors import BadValue
from dispatch.models import Case, DecisionSheet, Offer, OfferState
from dispatch.models.transitions import key
from dispatch.wire.base import Said
from dispatch.wire.people import MerchantLine
from dispatch.wire.work import Candidate, Candidates, Excluded
from registry.candidates import gather, need_for
from registry.centres import current_rule
from registry.matching import CandidateFacts, Match, Reason, Weights, match
from registry.matching import Excluded as Unable
from registry.models import Channel, RuleKind
from registry.store import Scope, Writing

UNWILLING = frozenset({OfferState.DECLINED, OfferState.GIVEN_BACK})
BUSY = frozenset({OfferState.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Choice:
    """A merchant who can be asked, and how."""

    merchant_id: int
    distance: int | None
    channel: Channel
    number: str


def decide(
    session: Writing,
    case: Case,
    *,
    channel: Channel | None = None,
    picked: int | None = None,
    again: bool = True,
) -> tuple[DecisionSheet, list[Choice]]:
    """The candidates for a case that the caller holds, best first, and the sheet that says why.

    Who declined is left out, unless an operator has `picked` it by hand; without `again` so is who was asked at all.
    `channel` asks by that channel those who have it, whatever they like best.
    """
    asked = _asked(session, case)
    unwilling = frozenset(merchant for merchant, states in asked.items() if states & UNWILLING) - {picked}
    found = _match(session, case, unwilling)
    if not again:
        found = _without(found, set(asked))
    sheet = DecisionSheet(case_id=key(case), at=session.clock.now(), body={})
    session.add(sheet)
    session.flush()
    sheet.body = _body(case, sheet, found)
    session.flush()
    choices = [
        Choice(one.merchant_id, one.distance, by, one.merchant.numbers[by])
        for one in found.candidates
        if (by := channel or one.channel) in one.merchant.numbers
    ]
    return sheet, choices


def as_seen(session: Writing, case: Case, sheet_id: int, able: list[Choice]) -> list[Choice]:
    """`able` in the order of a sheet that was looked at before. Raises BadValue for another case's sheet."""
    sheet = session.get(DecisionSheet, sheet_id)
    if sheet is None or sheet.case_id != case.id:
        raise BadValue(field="sheet_id", found=sheet_id, right="sheet.of_this_case")
    order = [one["merchant"]["id"] for one in sheet.body["candidates"]]
    seen = {merchant_id: place for place, merchant_id in enumerate(order)}
    return sorted(able, key=lambda choice: seen.get(choice.merchant_id, len(seen)))


def _match(session: Writing, case: Case, unwilling: frozenset[int]) -> Match:
    scope = Scope(case.centre_id)  # the case was found in its reader's scope; who serves it may be based elsewhere
    now = session.clock.now()
    need = need_for(
        session,
        scope,
        service_of(session, case),
        now if case.wanted_at is None else max(now, case.wanted_at),
        resident_id=case.resident_id,
        elsewhere=bool(case.place),
        latitude=case.latitude,
        longitude=case.longitude,
        declined=unwilling,
        load=_load(session, case.centre_id),
    )
    weights = Weights.model_validate(current_rule(session, case.centre_id, RuleKind.MATCHING_WEIGHTS).body)
    return match(need, gather(session, scope, need), weights, seed=case.number)


def _asked(session: Writing, case: Case) -> dict[int, set[OfferState]]:
    """The merchants that have been asked for this case, with what came of it; not those who have served it before."""
    states: dict[int, set[OfferState]] = {}
    offers = select(col(Offer.merchant_id), col(Offer.state)).where(
        col(Offer.case_id) == case.id, col(Offer.state) != OfferState.FULFILLED
    )
    for merchant_id, state in session.execute(offers):
        states.setdefault(merchant_id, set()).add(state)
    return states


def _load(session: Writing, centre_id: int) -> dict[int, int]:
    """How many accepted jobs each merchant has under way."""
    counted = (
        select(col(Offer.merchant_id), func.count())
        .where(col(Offer.centre_id) == centre_id, col(Offer.state).in_(BUSY))
        .group_by(col(Offer.merchant_id))
    )
    return {int(merchant_id): int(jobs) for merchant_id, jobs in session.execute(counted)}


def _without(found: Match, asked: set[int]) -> Match:
    left = tuple(one for one in found.candidates if one.merchant_id not in asked)
    out = tuple(
        Unable(one.merchant, one.distance, (Reason("asked_already"),))
        for one in found.candidates
        if one.merchant_id in asked
    )
    return replace(found, candidates=left, excluded=out + found.excluded)


def _body(case: Case, sheet: DecisionSheet, found: Match) -> dict[str, object]:
    """The wire model as it is served, and beside it what it was decided from."""
    assert sheet.id is not None
    told = Candidates(
        case_number=case.number,
        sheet_id=sheet.id,
        at=sheet.at,
        candidates=[
            Candidate(
                merchant=_line(one.merchant, one.channel),
                distance=one.distance,
                score=one.score,
                usual=one.usual,
                channel=one.channel.value,
                reasons=_said(one.reasons),
            )
            for one in found.candidates
        ],
        excluded=[
            Excluded(merchant=_line(one.merchant, None), distance=one.distance, reasons=_said(one.reasons))
            for one in found.excluded
        ],
    )
    return {**told.model_dump(mode="json"), **found.basis()}


def _line(merchant: CandidateFacts, channel: Channel | None) -> MerchantLine:
    number = merchant.numbers.get(channel) if channel is not None else next(iter(merchant.numbers.values()), None)
    return MerchantLine(
        id=merchant.merchant_id,
        kind=merchant.kind.value,
        name=merchant.name,
        address=merchant.address,
        number=number,
    )


def _said(reasons: tuple[Reason, ...]) -> list[Said]:
    return [Said(key=f"reason.{reason.key}", values=reason.values) for reason in reasons]
