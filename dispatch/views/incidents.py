"""What a case has to do with others: an incident, one of its cases, or one of many that are alike."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, func, select

from dispatch.incidents import CAN_JOIN, COULD_BE_JOINED, alike
from dispatch.models import Case
from dispatch.policy import incident_policy
from dispatch.rule_bodies import IncidentPolicy
from dispatch.views.desk import known
from dispatch.wire.cases import ManyLine
from registry.models import Resident
from registry.store import Reading, Writing

_new = sa.case((col(Case.apart), 0), else_=1)
Place = tuple[str, int | None, str]  # service, area and community


def incidents_of(session: Reading | Writing, cases: Sequence[Case], now: datetime) -> dict[int, ManyLine]:
    """For those of the cases of which there is something to say."""
    policy = incident_policy(session, cases[0].centre_id)
    parents = known(case.parent_id for case in cases)
    numbers = (
        dict(session.exec(select(Case.id, Case.number).where(col(Case.id).in_(parents))).all()) if parents else {}
    )
    gathered = _gathered(session, [case.id for case in cases if case.incident])
    places = _places(session, [case for case in cases if _might(case, policy, now)])
    many, joined = _alike(session, cases[0].centre_id, set(places.values()), now - policy.window)
    found: dict[int, ManyLine] = {}
    for case in cases:
        if case.incident:
            found[case.id or 0] = ManyLine(
                where=case.place or "", incident=case.number, gathered=gathered.get(case.id, 0)
            )
        elif case.parent_id is not None:
            found[case.id or 0] = ManyLine(incident=numbers.get(case.parent_id))
        elif (place := places.get(case.id)) is not None:
            count, new = many.get(place, (1, 1))
            if new and (place in joined or count >= policy.alike):
                found[case.id or 0] = ManyLine(where=place[2], incident=joined.get(place), alike=count)
    return found


def _might(case: Case, policy: IncidentPolicy, now: datetime) -> bool:
    """Whether it could become one of many."""
    return (
        case.service_code in policy.services
        and case.state in CAN_JOIN
        and not case.incident
        and case.parent_id is None
        and case.place is None
        and case.opened_at > now - policy.window
    )


def _places(session: Reading | Writing, cases: list[Case]) -> dict[int | None, Place]:
    """Where the homes are that the cases are about, of those in a community."""
    homes = known(case.resident_id for case in cases)
    community = select(Resident.id, Resident.community).where(col(Resident.id).in_(homes))
    communities = dict(session.exec(community).all()) if homes else {}
    return {
        case.id: (case.service_code, case.area_id, where)
        for case in cases
        if (where := communities.get(case.resident_id, ""))
    }


def _gathered(session: Reading | Writing, ids: list[int | None]) -> dict[int | None, int]:
    counted = select(Case.parent_id, func.count()).where(col(Case.parent_id).in_(ids)).group_by(col(Case.parent_id))
    return dict(session.exec(counted).all()) if ids else {}


def _alike(
    session: Reading | Writing, centre_id: int, places: set[Place], since: datetime
) -> tuple[dict[Place, tuple[int, int]], dict[Place, str]]:
    """How many are alike and how many of them nobody has told apart, and the open incident there, for each place."""
    if not places:
        return {}, {}
    services, communities = {place[0] for place in places}, {place[2] for place in places}
    counted = (
        sa.select(col(Case.service_code), col(Case.area_id), col(Resident.community), func.count(), func.sum(_new))
        .where(
            *alike(centre_id, since), col(Case.service_code).in_(services), col(Resident.community).in_(communities)
        )
        .group_by(col(Case.service_code), col(Case.area_id), col(Resident.community))
    )
    open_ones = select(Case.service_code, Case.area_id, Case.place, Case.number).where(
        col(Case.centre_id) == centre_id,
        col(Case.incident),
        col(Case.state).in_(COULD_BE_JOINED),
        col(Case.service_code).in_(services),
        col(Case.place).in_(communities),
    )
    return (
        {(service, area, where): (count, new) for service, area, where, count, new in session.execute(counted).all()},
        {(service, area, where or ""): number for service, area, where, number in session.exec(open_ones).all()},
    )
