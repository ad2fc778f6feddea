"""Who can come: a need and the merchants as they stand, into a ranked list with reasons.

Pure: everything it knows comes in as values, nothing is read or kept, and the same input gives the same order. A
merchant is excluded for every reason that holds, not for the first one found. Those who can come start with the same
points; nearness, being the usual one, being free and its record decide, and the reasons of each add up to its score.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field

from registry.absences import Absence, first_back, is_there
from registry.capacity_plan import capacity_at
from registry.days_off import NO_DAYS_OFF, DaysOff
from registry.geo import distances
from registry.hours import Span
from registry.models.merchants import Channel, MerchantKind
from registry.records import Record, RecordWeights, facts, points
from registry.special_hours import Opening

TOO_FAR = "too_far"  # the key of a reason
LISTED = 200  # candidates, and exclusions, that are told one by one; the rest are counted


class Weights(RecordWeights):
    """How much counts what, in points: the body of the rule `matching_weights`."""

    start: float = 100
    metres_per_point: float = Field(default=50, gt=0)  # one point less for every 50 m
    usual: float = 20  # where she usually has it from: worth a kilometre
    open_job: float = -4  # for each accepted job under way
    distance_unknown: float = -40


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What is needed, where and when. `areas` is the lineage of the place's area, root first; positions are WGS-84
    degrees, both or neither; `load` is how many accepted jobs each merchant has under way, `records` how each has
    worked lately.
    """

    service_code: str
    merchant_kinds: tuple[MerchantKind, ...]
    at: datetime
    time_zone: str
    latitude: float | None = None
    longitude: float | None = None
    areas: tuple[int, ...] = ()
    usual: frozenset[int] = frozenset()
    declined: frozenset[int] = frozenset()
    load: Mapping[int, int] = field(default_factory=dict)
    records: Mapping[int, Record] = field(default_factory=dict)
    days_off: DaysOff = NO_DAYS_OFF  # where a merchant goes by the centre's calendar


class ContractFacts(NamedTuple):
    """First and last day included; `radius` in metres; without radius and areas it covers the whole centre."""

    valid_from: date
    valid_until: date
    radius: int | None
    services: frozenset[str]
    areas: frozenset[int]
    fee: str = ""
    conditions: str = ""


class CandidateFacts(NamedTuple):
    """A merchant as it stands at the moment of the decision."""

    merchant_id: int
    kind: MerchantKind
    name: str
    address: str
    area_id: int | None
    latitude: float | None
    longitude: float | None
    licence_expires: date | None  # the last day it is valid
    capacity: int | None
    suspended: bool
    suspended_why: str
    suspended_until: datetime | None  # None: until somebody ends it
    first_channel: Channel
    load: int  # accepted jobs under way
    numbers: Mapping[Channel, str]
    spans: tuple[Span, ...]
    contracts: tuple[ContractFacts, ...]
    version: int = 1  # of the merchant's row
    special_hours: tuple[str, ...] = ()
    capacity_plan: tuple[str, ...] = ()
    staff: tuple[Absence | None, ...] = ()  # when each who goes to the door is away; nobody named: nothing is known


class Reason(NamedTuple):
    """A message key and its values; dates are ISO 8601, moments RFC 3339 in the centre's time. `points` is what it
    adds to the score.
    """

    key: str
    values: Mapping[str, Any] = MappingProxyType({})
    points: float = 0.0


class Candidate(NamedTuple):
    """One who can come; `distance` in straight-line metres, `channel` how it is asked first."""

    merchant: CandidateFacts
    distance: int | None
    score: float
    usual: bool
    channel: Channel
    reasons: tuple[Reason, ...]

    @property
    def merchant_id(self) -> int:
        return self.merchant.merchant_id


class Excluded(NamedTuple):
    """One who cannot, with every reason."""

    merchant: CandidateFacts
    distance: int | None
    reasons: tuple[Reason, ...]

    @property
    def merchant_id(self) -> int:
        return self.merchant.merchant_id


@dataclass(frozen=True, slots=True)
class Match:
    """`candidates` best first, `excluded` nearest first; how many more there were than are listed, of the excluded by
    the key of what keeps them most lastingly, the commonest first.
    """

    need: Need
    weights: Weights
    seed: str
    candidates: tuple[Candidate, ...]
    excluded: tuple[Excluded, ...]
    more_candidates: int = 0
    more_excluded_by: Mapping[str, int] = field(default_factory=dict)

    @property
    def more_excluded(self) -> int:
        return sum(self.more_excluded_by.values())

    def basis(self) -> dict[str, Any]:
        """What it was decided from, as JSON, and how many more there were than are listed: for a decision sheet.

        Of those listed the version of each one's row is kept, and what is not in the row. Holds no person.
        """
        need = self.need
        listed = [*(one.merchant for one in self.candidates), *(out.merchant for out in self.excluded)]
        return {
            "need": {
                "service": need.service_code,
                "kinds": [str(kind) for kind in need.merchant_kinds],
                "at": need.at.isoformat(),
                "position": None if need.latitude is None else [need.latitude, need.longitude],
                "areas": list(need.areas),
                "usual": sorted(need.usual),
                "declined": sorted(need.declined),
            },
            "versions": {str(one.merchant_id): one.version for one in listed},
            "load": {str(one.merchant_id): one.load for one in listed if one.load},
            "records": {
                str(one.merchant_id): list(record)
                for one in listed
                if (record := need.records.get(one.merchant_id)) is not None
            },
            "weights": self.weights.model_dump(),
            "seed": self.seed,
            "more_candidates": self.more_candidates,
            "more_excluded": self.more_excluded,
            "more_excluded_by": dict(self.more_excluded_by),
        }


def match(need: Need, merchants: Sequence[CandidateFacts], weights: Weights, seed: str, *, farther: int = 0) -> Match:
    """Ranks who can come and says of everyone else why not; equal scores are drawn by `seed`. `farther` is how many
    more of the kind are too far for every contract, and so are only counted.
    """
    then = _Then(need)
    candidates: list[Candidate] = []
    excluded: list[Excluded] = []
    more_excluded = Counter({TOO_FAR: farther}) if farther else Counter[str]()
    for metres, merchant in _nearest_first(need, merchants):
        shown = None if metres is None else round(metres)
        contract = _contract(need, merchant, metres, then.day)
        against = _against(merchant, metres, contract, then)
        if (first := next(against, None)) is None:
            candidates.append(_candidate(merchant, shown, contract, weights, then))
        elif len(excluded) < LISTED:
            excluded.append(Excluded(merchant, shown, (first, *against)))
        else:
            more_excluded[first.key] += 1
    candidates.sort(key=lambda one: (-one.score, draw(seed, one.merchant_id)))
    return Match(
        need,
        weights,
        seed,
        tuple(candidates[:LISTED]),
        tuple(excluded),
        max(0, len(candidates) - LISTED),
        dict(sorted(more_excluded.items(), key=lambda one: (-one[1], one[0]))),
    )


def _nearest_first(need: Need, merchants: Sequence[CandidateFacts]) -> Iterator[tuple[float | None, CandidateFacts]]:
    """Those whose distance is unknown come last."""
    if need.latitude is None or need.longitude is None:
        measured, unknown = [], list(merchants)
    else:
        metres = distances(need.latitude, need.longitude)
        measured = [
            (metres(each.latitude, each.longitude), each.merchant_id, each)
            for each in merchants
            if each.latitude is not None and each.longitude is not None
        ]
        unknown = [each for each in merchants if each.latitude is None or each.longitude is None]
    yield from ((far, merchant) for far, _, merchant in sorted(measured))
    yield from ((None, merchant) for merchant in sorted(unknown, key=lambda each: each.merchant_id))


class _Then:
    """A need, and when that is as the clocks at the centre show it; `local` is aware."""

    def __init__(self, need: Need) -> None:
        self.need = need
        self.local = need.at.astimezone(ZoneInfo(need.time_zone))
        self.day = self.local.date()
        # By a week's own identity: many merchants share one, and to compare two takes longer than to read one.
        self._closing: dict[tuple[int, tuple[str, ...]], tuple[bool, Reason | None]] = {}

    def opening(self, merchant: CandidateFacts) -> Opening:
        return Opening(merchant.spans, merchant.special_hours, self.need.days_off)

    def closing(self, merchant: CandidateFacts) -> tuple[bool, Reason | None]:
        """Whether the merchant is open, and until when, if it closes at all."""
        hours = id(merchant.spans), merchant.special_hours
        if (known := self._closing.get(hours)) is None:
            opening = self.opening(merchant)
            closes = opening.until(self.local)
            until = Reason("open_until", {"at": closes.isoformat()}) if closes is not None else None
            known = opening.is_open(self.local), until
            self._closing[hours] = known
        return known


def _candidate(
    merchant: CandidateFacts, metres: int | None, contract: ContractFacts | None, weights: Weights, then: _Then
) -> Candidate:
    need, reasons = then.need, []
    if metres is None:
        reasons.append(Reason("distance_unknown", {}, weights.distance_unknown))
    else:
        reasons.append(Reason("distance", {"metres": metres}, -round(metres / weights.metres_per_point, 1)))
    usual = merchant.merchant_id in need.usual
    if usual:
        reasons.append(Reason("usual", {}, weights.usual))
    if merchant.load:
        reasons.append(Reason("open_jobs", {"jobs": merchant.load}, weights.open_job * merchant.load))
    record = need.records.get(merchant.merchant_id)
    if record is not None and (lost := points(record, weights)):
        reasons.append(Reason("record", facts(record), lost))
    if (until := then.closing(merchant)[1]) is not None:
        reasons.append(until)
    if contract is not None:
        if contract.fee:
            reasons.append(Reason("fee", {"fee": contract.fee}))
        if contract.conditions:
            reasons.append(Reason("conditions", {"conditions": contract.conditions}))
    score = round(weights.start + sum([reason.points for reason in reasons]), 1)
    channel = merchant.first_channel if merchant.first_channel in merchant.numbers else next(iter(merchant.numbers))
    return Candidate(merchant, metres, score, usual, channel, tuple(reasons))


def _against(
    merchant: CandidateFacts, metres: float | None, contract: ContractFacts | None, then: _Then
) -> Iterator[Reason]:
    """Everything that keeps this merchant from coming, most lasting first; `contract` is the one that reaches."""
    need, local, day = then.need, then.local, then.day
    if merchant.kind not in need.merchant_kinds:
        yield Reason("other_kind")
    if merchant.suspended and (merchant.suspended_until is None or merchant.suspended_until > local):
        until = merchant.suspended_until
        ends = until.astimezone(local.tzinfo).isoformat() if until is not None else None
        yield Reason("suspended", {"why": merchant.suspended_why, "until": ends})
    if merchant.licence_expires is not None and merchant.licence_expires < day:
        yield Reason("licence_expired", {"on": merchant.licence_expires.isoformat()})
    if contract is None:
        yield from _against_contracts(need, merchant, metres, day)
    if not merchant.numbers:
        yield Reason("no_number")
    if merchant.staff and not any(is_there(away, day) for away in merchant.staff):
        back = first_back(merchant.staff)
        yield Reason("staff_away", {"back": back.isoformat() if back else None})
    if not then.closing(merchant)[0]:
        opening = then.opening(merchant)
        opens, special = opening.opens_next(local), opening.on(day)
        values = {"opens_at": opens.isoformat() if opens else None}
        if special is not None and special.why:
            yield Reason("closed_for", {"why": special.why} | values)
        elif special is not None:
            yield Reason("closed_that_day", values)
        else:
            yield Reason("closed", values)
    if merchant.capacity is not None or merchant.capacity_plan:
        yield from _against_capacity(merchant, local)
    if merchant.merchant_id in need.declined:
        yield Reason("declined_already")


def _against_capacity(merchant: CandidateFacts, local: datetime) -> Iterator[Reason]:
    if not merchant.capacity_plan:
        most, hours = merchant.capacity, None
    else:
        minute = local.time().replace(second=0, microsecond=0)
        most, hours = capacity_at(merchant.capacity, merchant.capacity_plan, minute)
    if most is None or merchant.load < most:
        return
    values = {"jobs": merchant.load, "capacity": most}
    if hours is None:
        yield Reason("at_capacity", values)
    else:
        yield Reason("at_capacity_then", values | {"hours": hours})


def _contract(need: Need, merchant: CandidateFacts, metres: float | None, day: date) -> ContractFacts | None:
    """One that is in force, covers the service and reaches the place."""
    for contract in merchant.contracts:
        if (
            contract.valid_from <= day <= contract.valid_until
            and need.service_code in contract.services
            and _reaches(contract, need, merchant, metres)
        ):
            return contract
    return None


def _against_contracts(need: Need, merchant: CandidateFacts, metres: float | None, day: date) -> Iterator[Reason]:
    """No contract, none in force, none for this service, none that reaches this place.

    The last two are looked for among the contracts in force, or among all when none is.
    """
    contracts = merchant.contracts
    if not contracts:
        yield Reason("no_contract")
        return
    in_force = [contract for contract in contracts if contract.valid_from <= day <= contract.valid_until]
    if not in_force:
        if ended := [contract.valid_until for contract in contracts if contract.valid_until < day]:
            yield Reason("contract_ended", {"on": max(ended).isoformat()})
        else:
            yield Reason("contract_not_begun", {"on": min(one.valid_from for one in contracts).isoformat()})
    looked_at = in_force or contracts
    serving = [contract for contract in looked_at if need.service_code in contract.services]
    if not serving:
        yield Reason("contract_does_not_cover_service", {"service": need.service_code})
    looked_at = serving or looked_at
    is_whole = bool(in_force and serving)  # then it is known already that none of them reaches the place
    if not is_whole and any(_reaches(contract, need, merchant, metres) for contract in looked_at):
        return
    radii = [contract.radius for contract in looked_at if contract.radius is not None]
    if radii and metres is None:
        yield Reason("position_unknown", {"radius": max(radii)})
    elif radii and metres is not None:
        yield Reason(TOO_FAR, {"metres": round(metres), "radius": max(radii)})
    if any(contract.areas for contract in looked_at):
        yield Reason("contract_does_not_cover_area")


def _reaches(contract: ContractFacts, need: Need, merchant: CandidateFacts, metres: float | None) -> bool:
    """By distance, or by area; one that names neither reaches the whole centre.

    Where a position is missing, the merchant of the need's own area is taken to be near enough: a resident who was
    registered a minute ago has to get her medicine too.
    """
    if contract.areas and contract.areas.intersection(need.areas):
        return True
    if contract.radius is None:
        return not contract.areas
    if metres is None:
        return merchant.area_id == (need.areas[-1] if need.areas else None)
    return metres <= contract.radius


def draw(seed: str, merchant_id: int) -> bytes:
    """A lot that depends on nothing but the seed and who draws it: nobody is favoured by name, number or age."""
    return blake2b(f"{seed}:{merchant_id}".encode(), digest_size=8).digest()
