"""Whom to ask: a case and the merchants as they stand now, decided by `registry.matching` and kept as a sheet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlmodel import col

from dispatch.casebook import service_of
from dispatch.errors import BadValue
from dispatch.models import Case, DecisionSheet, Offer, OfferState
from dispatch.models.transitions import key
from dispatch.policy import service_policy
from dispatch.records import records_of
from dispatch.wire.base import Said
from dispatch.wire.offers import Candidate, Candidates, Excluded
from dispatch.wire.people import MerchantLine
from registry.asking_order import AskingOrder, in_order
from registry.candidates import gather, need_for, with_calendar
from registry.centres import current_rule
from registry.channel_plan import asked_at
from registry.matching import CandidateFacts, Match, Reason, Weights, match
from registry.matching import Excluded as Unable
from registry.models import Channel, MerchantKind, RuleKind, Way
from registry.store import Reading, Scope, Writing

UNWILLING = frozenset({OfferState.DECLINED, OfferState.GIVEN_BACK})
BUSY = frozenset({OfferState.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Choice:
    """A merchant who can be asked, and how."""

    merchant_id: int
    distance: int | None
    channel: Channel
    number: str
    beyond: bool  # only asked when nobody nearer is left


@dataclass(frozen=True, slots=True)
class Decision:
    """Who is able to come, in the order of the policy, and the sheet that says why; `places` are asked at once."""

    sheet: DecisionSheet
    able: list[Choice]
    order: AskingOrder
    places: int

    def next_ones(self, asked: Sequence[Offer]) -> list[Choice]:
        """Whom to ask now, beside those who are being `asked`: as many as there are places left for.

        While somebody near is still being asked nobody farther away is.
        """
        if not self.able or (
            self.able[0].beyond and any(not self.order.reaches_beyond(each.distance) for each in asked)
        ):
            return []
        free = self.able[: max(0, self.places - len(asked))]
        return [choice for choice in free if choice.beyond == self.able[0].beyond]


def decide(
    session: Writing,
    case: Case,
    *,
    channel: Channel | None = None,
    picked: int | None = None,
    again: bool = True,
) -> Decision:
    """The candidates for a case that the caller holds, in the order of its policy, and the sheet that says why.

    Who declined is left out, unless an operator has `picked` it by hand; without `again` so is who was asked at all.
    `channel` asks by that channel those who have it, whatever they like best.
    """
    asked = _asked(session, case)
    unwilling = frozenset(merchant for merchant, states in asked.items() if states & UNWILLING) - {picked}
    found = _match(session, case, unwilling)
    if not again:
        found = without(found, set(asked))
    policy = service_policy(session, service_of(session, case))
    order = AskingOrder(
        way=case.way or policy.way,
        within=policy.within_metres,
        last_asked=last_asked(session, case.centre_id, case.service_code)
        if (case.way or policy.way) is Way.ROUND_ROBIN
        else {},
    )
    found = in_order(found, order)
    places, now = policy.places(order.way), session.clock.now()
    sheet = DecisionSheet(case_id=key(case), at=now, body=_body(case, now, found, order, places))
    session.add(sheet)
    session.flush()
    choices = [
        Choice(one.merchant_id, one.distance, by, one.merchant.numbers[by], beyond=order.reaches_beyond(one.distance))
        for one in found.candidates
        if (by := channel or one.channel) in one.merchant.numbers
    ]
    return Decision(sheet, choices, order, places)


def places(session: Writing, case: Case) -> int:
    """How many are asked at once by the policy of the case."""
    policy = service_policy(session, service_of(session, case))
    return policy.places(case.way or policy.way)


def as_seen(session: Writing, case: Case, sheet_id: int, able: list[Choice]) -> list[Choice]:
    """`able` in the order of a sheet that was looked at before. Raises BadValue for another case's sheet."""
    sheet = session.get(DecisionSheet, sheet_id)
    if sheet is None or sheet.case_id != case.id:
        raise BadValue(field="sheet_id", found=sheet_id, right="sheet.of_this_case")
    order = [one["merchant"]["id"] for one in sheet.body["candidates"]]
    seen = {merchant_id: place for place, merchant_id in enumerate(order)}
    return sorted(able, key=lambda choice: seen.get(choice.merchant_id, len(seen)))


def others(session: Writing, case: Case, kinds: tuple[MerchantKind, ...]) -> list[Choice]:
    """The best of other kinds contracted for the service who have a telephone: as many as a race asks.

    They are called beside those whom the case is offered to, and on no sheet.
    """
    found = _match(session, case, frozenset(), kinds)
    at_once = service_policy(session, service_of(session, case)).at_once
    with_telephone = [one for one in found.candidates if Channel.VOICE in one.merchant.numbers]
    return [
        Choice(one.merchant_id, one.distance, Channel.VOICE, one.merchant.numbers[Channel.VOICE], beyond=False)
        for one in with_telephone[:at_once]
    ]


def _match(
    session: Writing, case: Case, unwilling: frozenset[int], kinds: tuple[MerchantKind, ...] | None = None
) -> Match:
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
        load=load_of(session, case.centre_id),
    )
    if kinds is not None:
        need = replace(need, merchant_kinds=kinds)
    weights = Weights.model_validate(current_rule(session, case.centre_id, RuleKind.MATCHING_WEIGHTS).body)
    if case.incident:  # a matter for the utility itself: the first kind that serves it
        need = replace(need, merchant_kinds=need.merchant_kinds[:1])
    gathered, farther = gather(session, scope, need)
    merchants = _as_planned(session, case.centre_id, gathered, now)
    need = with_calendar(session, scope, need, merchants)
    need = replace(need, records=records_of(session, case.centre_id, [each.merchant_id for each in merchants], now))
    return match(need, merchants, weights, seed=case.number, farther=farther)


def _as_planned(
    session: Writing, centre_id: int, merchants: list[CandidateFacts], now: datetime
) -> list[CandidateFacts]:
    """Each is asked first as the plan of this hour says."""
    plans = asked_at(session, centre_id, [each.merchant_id for each in merchants], now)
    return [
        each._replace(first_channel=plans[each.merchant_id].ask.first) if each.merchant_id in plans else each
        for each in merchants
    ]


def _asked(session: Writing, case: Case) -> dict[int, set[OfferState]]:
    """The merchants that have been asked for this case, with what came of it; not those who have served it before."""
    states: dict[int, set[OfferState]] = {}
    for merchant_id, state in session.rows(_ASKED, case_id=case.id):
        states.setdefault(merchant_id, set()).add(state)
    return states


def load_of(session: Reading | Writing, centre_id: int) -> dict[int, int]:
    """How many accepted jobs each merchant has under way."""
    return {int(merchant_id): int(jobs) for merchant_id, jobs in session.rows(_LOAD, centre_id=centre_id)}


def last_asked(session: Reading | Writing, centre_id: int, service_code: str) -> dict[int, int]:
    """The last offer of the service to each merchant, whatever came of it."""
    newest = session.rows(_LAST_ASKED, centre_id=centre_id, service_code=service_code)
    return {int(merchant_id): int(offer_id) for merchant_id, offer_id in newest}


_ASKED = select(col(Offer.merchant_id), col(Offer.state)).where(
    col(Offer.case_id) == bindparam("case_id"), col(Offer.state) != OfferState.FULFILLED
)
_LOAD = (
    select(col(Offer.merchant_id), func.count())
    .where(col(Offer.centre_id) == bindparam("centre_id"), col(Offer.state).in_(BUSY))
    .group_by(col(Offer.merchant_id))
)
_LAST_ASKED = (
    select(col(Offer.merchant_id), func.max(col(Offer.id)))
    .join(Case, col(Case.id) == col(Offer.case_id))
    .where(col(Case.centre_id) == bindparam("centre_id"), col(Case.service_code) == bindparam("service_code"))
    .group_by(col(Offer.merchant_id))
)


def without(found: Match, asked: set[int]) -> Match:
    """Those of the candidates who have been asked are out, and are told so."""
    left = tuple(one for one in found.candidates if one.merchant_id not in asked)
    out = tuple(
        Unable(one.merchant, one.distance, (Reason("asked_already"),))
        for one in found.candidates
        if one.merchant_id in asked
    )
    return replace(found, candidates=left, excluded=out + found.excluded)


def told(sheet: DecisionSheet) -> Candidates:
    """A sheet as it is served."""
    return Candidates.model_validate(sheet.body | {"sheet_id": sheet.id})


def _body(case: Case, at: datetime, found: Match, order: AskingOrder, at_once: int) -> dict[str, object]:
    """The wire model but for the sheet's own id, and beside it what it was decided from."""
    words = Candidates(
        case_number=case.number,
        sheet_id=0,
        at=at,
        way=order.way.value,
        at_once=at_once,
        candidates=able(found),
        excluded=unable(found),
    )
    return {**words.model_dump(mode="json", exclude={"sheet_id"}), **found.basis(), **order.basis()}


def able(found: Match) -> list[Candidate]:
    """Who can come, as it is told."""
    return [
        Candidate(
            merchant=_line(one.merchant, one.channel),
            distance=one.distance,
            score=one.score,
            usual=one.usual,
            channel=one.channel.value,
            reasons=_said(one.reasons),
        )
        for one in found.candidates
    ]


def unable(found: Match) -> list[Excluded]:
    """Who cannot, as it is told."""
    return [
        Excluded(merchant=_line(one.merchant, None), distance=one.distance, reasons=_said(one.reasons))
        for one in found.excluded
    ]


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
