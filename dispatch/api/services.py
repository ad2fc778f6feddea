"""The services of the centre: read by everybody, changed by a supervisor, in force for the next case."""

from fastapi import APIRouter, Response

from dispatch import services as work
from dispatch.api.access import Commands, Reads
from dispatch.desk import Desk
from dispatch.views.services import service_views
from dispatch.wire.people import ServiceView
from dispatch.wire.services import ServiceChange
from registry.centres import current_services
from registry.store import Writing

router = APIRouter(prefix="/services", tags=["services"])


@router.get("", response_model=list[ServiceView])
def services(reader: Reads) -> Response:
    """The services in force, by keypad digit."""
    return reader.answer(lambda session, desk: service_views(session, current_services(session, desk.centre_id)))


@router.patch("/{code}", response_model=ServiceView)
def change_service(code: str, change: ServiceChange, commands: Commands) -> Response:
    """Its minutes, and what proves a visit; the next version is in force at once. Needs a supervisor."""

    def write(session: Writing, desk: Desk) -> ServiceView:
        return service_views(session, [work.change(session, desk, code, change)])[0]

    return commands.do(write)
