"""The event stream: server-sent events from the journal."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse

from dispatch.api.access import Served, token_of
from dispatch.desk import Desk
from dispatch.house import House
from dispatch.login import desk_of

router = APIRouter(tags=["board"])


@router.get(
    "/events",
    response_class=Response,  # FastAPI takes a route of EventSourceResponse for a generator of its own
    responses={
        200: {
            "description": "`change` events carry an `Event`, `snapshot` events a `Board`; ids are `epoch-seq`.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def events(
    house: Served,
    token: Annotated[str, Depends(token_of)],
    last_event_id: Annotated[str | None, Header(description="The id of the last event that arrived")] = None,
    after: Annotated[str | None, Query(alias="last_event_id", description="The same, for who has no headers")] = None,
) -> EventSourceResponse:
    """What happens from `Last-Event-ID` on, as it happens.

    Without an id, and after too long an absence, it begins with a `snapshot`: the whole board.
    """
    desk = await run_in_threadpool(_desk, house, token)
    return EventSourceResponse(
        house.feed.stream(desk, token, last_event_id or after),
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _desk(house: House, token: str) -> Desk:
    with house.store.reading() as session:
        return desk_of(session, token, house.store.clock.now())
