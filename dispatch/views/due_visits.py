"""To whose door the survey is due, as a supervisor sees it."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from dispatch.policy import home_visit_days
from dispatch.views.people import resident_line
from dispatch.wire.pages import DueVisits
from dispatch.wire.people import DueVisit
from registry import cards, centres, due_visits
from registry.models import Area, Resident
from registry.store import Reading, Scope

_SHOWN = (col(Resident.id), col(Resident.visited_on), col(Resident.visited_by), col(Area.name), col(Area.parent_id))


def view(session: Reading, scope: Scope, limit: int, offset: int, now: datetime) -> DueVisits:
    days = home_visit_days(session, scope.centre_id)
    total, found = due_visits.due_visits(session, scope, days, now, limit=limit, offset=offset)
    ids = [each.resident_id for each in found]
    people = cards.summaries(session, scope, ids, now)
    visits = {
        id_: {"visited_on": on, "visited_by": by, "area": area if parent is not None else ""}
        for id_, on, by, area, parent in session.execute(
            select(*_SHOWN)
            .join(Area, col(Area.id) == col(Resident.area_id), isouter=True)
            .where(col(Resident.id).in_(ids))
        )
    }
    today = centres.today(session, scope.centre_id, now)
    items = [
        DueVisit.model_validate(
            visits[each.resident_id]
            | {
                "resident": resident_line(people[each.resident_id]),
                "due_on": each.due_on,
                "overdue_days": (today - each.due_on).days,
            }
        )
        for each in found
    ]
    return DueVisits(total=total, items=items)
