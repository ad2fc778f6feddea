"""Care plans of a resident: looked at, agreed, changed, ended. Every look is in the access log."""

from fastapi import APIRouter, Response

from dispatch import care_plans as work
from dispatch.api.access import Commands, Reads
from dispatch.desk import Desk
from dispatch.models import CarePlan
from dispatch.views.care import care_plan_views
from dispatch.wire.base import Id
from dispatch.wire.care import CarePlanChange, CarePlanEnd, CarePlanView, NewCarePlan
from registry.store import Writing

router = APIRouter(prefix="/residents/{resident_id}/care-plans", tags=["care plans"])


@router.get("", response_model=list[CarePlanView])
def read_care_plans(resident_id: Id, reader: Reads) -> Response:
    """Hers, those that go on first."""
    return reader.look_up(
        lambda session, desk: care_plan_views(session, work.plans(session, desk, resident_id), reader.now),
    )


@router.post("", response_model=CarePlanView, status_code=201)
def agree_care_plan(resident_id: Id, new: NewCarePlan, commands: Commands) -> Response:
    """Due first at its next time. A time at which nobody may be called is refused."""

    def agree(session: Writing, desk: Desk) -> CarePlanView:
        return _one(session, work.make(session, desk, resident_id, new))

    return commands.do(agree, 201)


@router.patch("/{plan_id}", response_model=CarePlanView)
def change_care_plan(resident_id: Id, plan_id: Id, change: CarePlanChange, commands: Commands) -> Response:
    """Changes the fields that are sent; what is left out stays."""

    def write(session: Writing, desk: Desk) -> CarePlanView:
        return _one(session, work.change(session, desk, resident_id, plan_id, change))

    return commands.do(write)


@router.post("/{plan_id}/end", response_model=CarePlanView)
def end_care_plan(resident_id: Id, plan_id: Id, how: CarePlanEnd, commands: Commands) -> Response:
    """Nobody is called for it any more; a call that rings for it now is ended."""

    def end(session: Writing, desk: Desk) -> CarePlanView:
        return _one(session, work.end(session, desk, resident_id, plan_id, how))

    return commands.do(end)


def _one(session: Writing, plan: CarePlan) -> CarePlanView:
    session.flush()
    (view,) = care_plan_views(session, [plan], session.clock.now())
    return view
