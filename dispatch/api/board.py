"""The board and the services: what a console begins with."""

from fastapi import APIRouter, Response

from dispatch.api.access import Reads
from dispatch.views.board import board as view
from dispatch.views.services import service_views
from dispatch.wire.people import ServiceView
from dispatch.wire.work import Board

router = APIRouter(tags=["board"])


@router.get("/board", response_model=Board)
def board(reader: Reads) -> Response:
    """Everything on the board now. `last_event_id` is where the event stream goes on."""
    return reader.answer(lambda session, desk: view(session, desk, reader.now))


@router.get("/services", response_model=list[ServiceView])
def services(reader: Reads) -> Response:
    """The services in force, by keypad digit."""
    return reader.answer(lambda session, desk: service_views(session, desk.centre_id))
