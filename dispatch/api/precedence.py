"""Who was first, told to whoever's command came too late."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select

import dispatch.errors as work
import registry.errors as people
from dispatch.models import Case
from dispatch.views.timeline import actor_lines
from registry.store import Reading, Subject
from registry.store.journal import Journal

LateError = work.Conflict | work.ForbiddenMove | work.StaleVersion | people.StaleVersion
TOO_LATE = (work.Conflict, work.ForbiddenMove, work.StaleVersion, people.StaleVersion)

# Where the address of a command names the thing it is about.
_PARAMETER: dict[str, str] = {
    Subject.CALL: "call_id",
    Subject.CASE: "number",
    Subject.OFFER: "offer_id",
    Subject.RESIDENT: "resident_id",
    Subject.MERCHANT: "merchant_id",
}


def name_the_first(session: Reading, late: LateError, address: Mapping[str, Any]) -> None:
    """Adds `by` and `at`: who brought the thing to where it is now, if that was a person and is not told yet."""
    subject = str(late.values.get("subject", ""))
    parameter = _PARAMETER.get(subject, "")
    if "by" in late.values or parameter not in address:
        return
    id_ = address[parameter]
    if subject == Subject.CASE:
        id_ = session.exec(select(Case.id).where(Case.number == id_)).first()
    steps = select(Journal).where(Journal.subject == subject, Journal.subject_id == int(id_ or 0))
    if not isinstance(late, work.StaleVersion | people.StaleVersion):
        reached = late.values.get("reached", late.values["now"])
        steps = steps.where(Journal.what == f"{subject}.{reached}")
    last = session.exec(steps.order_by(col(Journal.seq).desc()).limit(1)).first()
    if last is not None and (name := actor_lines(session, [last])[last.actor, last.actor_id].name):
        late.values |= {"by": name, "at": last.at.isoformat()}
