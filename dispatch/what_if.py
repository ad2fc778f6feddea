"""Who could come if it were needed: a need without a case, decided by the same rule and kept nowhere."""

from dataclasses import replace
from datetime import datetime

from dispatch.choosing import able, last_asked, load_of, unable
from dispatch.errors import BadValue
from dispatch.policy import service_policy
from dispatch.records import records_of
from dispatch.wire.offers import Matching
from registry import centres
from registry.asking_order import AskingOrder, in_order
from registry.candidates import gather, need_for, with_calendar
from registry.errors import NotFound
from registry.matching import Weights, match
from registry.models import Resident, RuleKind, Way
from registry.store import Reading, Scope, Writing

YEARS = range(2000, 2100)


def who_could(
    session: Reading | Writing, scope: Scope, service_code: str, resident_id: int, at: datetime, now: datetime
) -> Matching:
    """Who could come to the resident at the instant `at`, in the order in which they would be asked, with today's
    load and record; the same question is answered alike.

    Raises NotFound for a service that is not offered and for a resident outside the scope or who has left, BadValue
    for a time of another century.
    """
    centre_id = scope.centre_id
    resident = session.get(Resident, resident_id)
    if resident is None or resident.ended_at is not None:
        raise NotFound(subject="resident", id=resident_id)
    if at.year not in YEARS:
        raise BadValue(field="at", found=at.isoformat(), right="moment.of_this_century")
    service = centres.service(session, centre_id, service_code)
    need = need_for(session, scope, service, at, resident_id=resident_id, load=load_of(session, centre_id))
    merchants, farther = gather(session, scope, need)
    need = with_calendar(session, scope, need, merchants)
    need = replace(need, records=records_of(session, centre_id, [each.merchant_id for each in merchants], now))
    weights = Weights.model_validate(centres.current_rule(session, centre_id, RuleKind.MATCHING_WEIGHTS).body)
    found = match(need, merchants, weights, seed=f"{service_code} {resident_id} {at.isoformat()}", farther=farther)
    policy = service_policy(session, service)
    turns = last_asked(session, centre_id, service_code) if policy.way is Way.ROUND_ROBIN else {}
    found = in_order(found, AskingOrder(way=policy.way, within=policy.within_metres, last_asked=turns))
    return Matching(
        service=service_code,
        resident_id=resident_id,
        at=at.astimezone(centres.zone(session, centre_id)),
        way=policy.way.value,
        candidates=able(found),
        excluded=unable(found),
        more_candidates=found.more_candidates,
        more_excluded=found.more_excluded,
        more_excluded_by=dict(found.more_excluded_by),
    )
