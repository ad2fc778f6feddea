"""The board: what a console begins with."""

from fastapi import APIRouter, Response

from dispatch.api.access import Reads
from dispatch.views.board import board as view
from dispatch.wire.board import Board

router = APIRouter(tags=["board"])


@router.get("/board", response_model=Board)
def board(reader: Reads) -> Response:
    """Everything on the board now. `last_event_id` is where the event stream goes on."""
    return reader.answer(lambda session, desk: view(session, desk, reader.now))
