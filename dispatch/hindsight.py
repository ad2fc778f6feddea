"""Why it was decided so, and what if it had been otherwise: answered for any case from the sheets kept with it.

A sheet is reckoned again with its own weights and seed, by the policy that was in force, from the merchants' rows as
they stood then. Nothing is kept and nobody is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from dispatch.casebook import seen_by, service_of
from dispatch.choosing import able, unable, without
from dispatch.desk import Desk
from dispatch.errors import BadValue, NotFound
from dispatch.models import Case, DecisionSheet, Offer
from dispatch.models.transitions import key
from dispatch.rule_bodies import ServicePolicy
from dispatch.views.desk import merchant_lines
from dispatch.what_if import YEARS
from dispatch.wire.offers import Hindsight, SheetLine, WhyNot
from registry import centres
from registry.asking_order import AskingOrder, in_order
from registry.candidates import gather, need_for, with_calendar
from registry.matching import Match, Need, Weights, match
from registry.models import Merchant, MerchantKind, Rule, RuleKind, Way
from registry.models.centre import Priority
from registry.past import facts_then
from registry.records import Record
from registry.seed import policy_of
from registry.store import Reading, Role, Scope, Subject

SHEETS = 50  # of one case, the last ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Otherwise:
    """What is asked otherwise than it was: wanted at another time, as another priority, at a position (WGS-84
    degrees) or at another resident's home.
    """

    at: datetime | None = None
    priority: Priority | None = None
    position: tuple[float, float] | None = None
    home_of: int | None = None

    @property
    def names(self) -> list[str]:
        asked = {
            "at": self.at,
            "priority": self.priority,
            "place": self.position if self.position is not None else self.home_of,
        }
        return [name for name, value in asked.items() if value is not None]


def sheets(session: Reading, desk: Desk, number: str) -> list[SheetLine]:
    """The decisions kept with a case, the last one first. Raises NotFound, NotAllowed for an operator."""
    case = _seen(session, desk, number)
    kept = select(DecisionSheet).where(DecisionSheet.case_id == case.id).order_by(col(DecisionSheet.id).desc())
    rows = session.exec(kept.limit(SHEETS)).all()
    asked = _asked(session, [row.id or 0 for row in rows])
    lines = merchant_lines(session, {merchant for merchants in asked.values() for merchant in merchants})
    zone = centres.zone(session, case.centre_id)
    return [
        SheetLine(
            id=row.id or 0,
            at=row.at,
            wanted_at=datetime.fromisoformat(row.body["need"]["at"]).astimezone(zone),
            way=_way(row.body).value,
            able=len(row.body["candidates"]) + row.body.get("more_candidates", 0),
            unable=len(row.body["excluded"]) + row.body.get("more_excluded", 0),
            asked=[lines[merchant] for merchant in asked.get(row.id or 0, []) if merchant in lines],
        )
        for row in rows
    ]


def look_back(
    session: Reading,
    desk: Desk,
    number: str,
    sheet_id: int | None,
    otherwise: Otherwise,
    merchant_id: int | None = None,
) -> Hindsight:
    """What a sheet of the case says, by default the last one, or would have said `otherwise`; of `merchant_id` in
    any case, whatever its kind and however far it is.

    Raises NotFound for a case, sheet, resident or merchant that there is not, NotAllowed for one who is no
    supervisor, BadValue for a time of another century.
    """
    case = _seen(session, desk, number)
    sheet = _sheet(session, case, sheet_id)
    if otherwise.at is not None and otherwise.at.year not in YEARS:
        raise BadValue(field="at", found=otherwise.at.isoformat(), right="moment.of_this_century")
    if merchant_id is not None:
        _expect_merchant(session, desk, merchant_id)
    policy = _policy(session, case, sheet.at)
    found = _reckoned(session, desk, case, sheet, otherwise, merchant_id)
    way = _way(sheet.body)
    priority = otherwise.priority or case.priority
    return Hindsight(
        case_number=case.number,
        sheet_id=key_of(sheet),
        decided_at=sheet.at,
        at=found.need.at.astimezone(centres.zone(session, case.centre_id)),
        changed=otherwise.names,
        priority=priority.value,
        minutes=int(policy.minutes(priority).total_seconds() // 60),
        way=way.value,
        at_once=sheet.body.get("at_once", 1),
        candidates=able(found),
        excluded=unable(found),
        **_more(sheet.body if not otherwise.names else found.basis()),
        why=_why(session, found, merchant_id) if merchant_id is not None else None,
    )


def _more(body: dict[str, Any]) -> dict[str, Any]:
    """How many more there were than are listed: those are not reckoned again."""
    names = ("more_candidates", "more_excluded", "more_excluded_by")
    return {name: body[name] for name in names if name in body}


def key_of(sheet: DecisionSheet) -> int:
    assert sheet.id is not None
    return sheet.id


def _reckoned(
    session: Reading, desk: Desk, case: Case, sheet: DecisionSheet, otherwise: Otherwise, merchant_id: int | None
) -> Match:
    """The sheet's match once more, in the order of its policy."""
    body, scope = sheet.body, Scope(case.centre_id)
    need = _need(session, desk.scope, case, body, otherwise)
    merchants = {int(merchant) for merchant in body.get("versions", {})} | {
        one["merchant"]["id"] for one in (*body["candidates"], *body["excluded"])
    }
    farther = 0
    if otherwise.names:  # there or then others come into question
        others, farther = gather(session, scope, need)
        merchants |= {one.merchant_id for one in others}
    if merchant_id is not None:
        merchants.add(merchant_id)
    versions = {int(merchant): version for merchant, version in body.get("versions", {}).items()}
    facts = [
        one._replace(load=need.load.get(one.merchant_id, 0))
        for one in facts_then(session, merchants, sheet.at, versions)
    ]
    need = with_calendar(session, scope, need, facts)
    found = match(need, facts, Weights.model_validate(body["weights"]), body["seed"], farther=farther)
    found = without(found, _asked_before(body))
    last = {int(merchant): when for merchant, when in body.get("last_asked", {}).items()}
    order = AskingOrder(way=_way(body), within=body.get("within", 0), last_asked=last)
    return in_order(found, order)


def _need(session: Reading, scope: Scope, case: Case, body: dict[str, Any], otherwise: Otherwise) -> Need:
    """What was needed, as the sheet keeps it; the places and times asked for instead."""
    was = body["need"]
    position, areas = was["position"], tuple(was["areas"])
    at = otherwise.at or datetime.fromisoformat(was["at"])
    if otherwise.home_of is not None:
        home = need_for(session, scope, service_of(session, case), at, resident_id=otherwise.home_of)
        position, areas = (None if home.latitude is None else (home.latitude, home.longitude)), home.areas
    position = otherwise.position or position
    latitude, longitude = position if position is not None else (None, None)
    return Need(
        service_code=was["service"],
        merchant_kinds=tuple(MerchantKind(kind) for kind in was["kinds"]),
        at=at,
        time_zone=centres.centre(session, case.centre_id).time_zone,
        latitude=latitude,
        longitude=longitude,
        areas=areas,
        usual=frozenset(was["usual"]),
        declined=frozenset(was["declined"]),
        load={int(merchant): jobs for merchant, jobs in body.get("load", {}).items()},
        records={int(merchant): Record(*figures) for merchant, figures in body.get("records", {}).items()},
    )


def _why(session: Reading, found: Match, merchant_id: int) -> WhyNot | None:
    """None for one that was not registered yet."""
    now = session.get(Merchant, merchant_id)
    candidates, excluded = able(found), unable(found)
    for place, one in enumerate(found.candidates):
        if one.merchant_id == merchant_id:
            told = candidates[place]
            changed = now is None or now.version != one.merchant.version
            return WhyNot(merchant=told.merchant, place=place + 1, reasons=told.reasons, changed_since=changed)
    for place, out in enumerate(found.excluded):
        if out.merchant_id == merchant_id:
            changed = now is None or now.version != out.merchant.version
            return WhyNot(merchant=excluded[place].merchant, reasons=excluded[place].reasons, changed_since=changed)
    return None


def _way(body: dict[str, Any]) -> Way:
    """Sheets older than the ways are of the best first."""
    return Way(body.get("way", Way.BEST_FIRST))


def _asked_before(body: dict[str, Any]) -> set[int]:
    """Those who could have come and were left out because they had been asked for the case already."""
    return {
        one["merchant"]["id"]
        for one in body["excluded"]
        if any(reason["key"] == "reason.asked_already" for reason in one["reasons"])
    }


def _policy(session: Reading, case: Case, at: datetime) -> ServicePolicy:
    """How cases of the service were offered at that moment."""
    rules = select(Rule).where(
        Rule.centre_id == case.centre_id, Rule.kind == RuleKind.POLICIES, col(Rule.valid_from) <= at
    )
    rule = session.exec(rules.order_by(col(Rule.version).desc()).limit(1)).first()
    known = rule.body.get(case.service_code) if rule is not None else None
    return ServicePolicy.model_validate(policy_of(service_of(session, case)) if known is None else known)


def _asked(session: Reading, sheet_ids: Sequence[int]) -> dict[int, list[int]]:
    """Whom each sheet led to, in the order of asking."""
    offers = select(Offer.sheet_id, Offer.merchant_id).where(col(Offer.sheet_id).in_(sheet_ids))
    found: dict[int, list[int]] = {}
    for sheet_id, merchant_id in session.exec(offers.order_by(col(Offer.id))):
        found.setdefault(sheet_id or 0, []).append(merchant_id)
    return found


def _seen(session: Reading, desk: Desk, number: str) -> Case:
    desk.needs(Role.SUPERVISOR)
    case = session.exec(select(Case).where(Case.number == number, seen_by(desk))).one_or_none()
    if case is None or case.centre_id != desk.centre_id:
        raise NotFound(subject=Subject.CASE, id=number)
    return case


def _sheet(session: Reading, case: Case, sheet_id: int | None) -> DecisionSheet:
    kept = select(DecisionSheet).where(DecisionSheet.case_id == key(case)).order_by(col(DecisionSheet.id).desc())
    if sheet_id is not None:
        kept = kept.where(DecisionSheet.id == sheet_id)
    sheet = session.exec(kept.limit(1)).first()
    if sheet is None:
        raise NotFound(subject="sheet", id=sheet_id or case.number)
    return sheet


def _expect_merchant(session: Reading, desk: Desk, merchant_id: int) -> None:
    merchant = session.get(Merchant, merchant_id)
    if merchant is None or merchant.centre_id != desk.centre_id:
        raise NotFound(subject=Subject.MERCHANT, id=merchant_id)
