"""The areas that a desk may see: where people live, whom a merchant serves, whose figures a report has."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from dispatch.api.access import Reads
from dispatch.desk import Desk
from dispatch.wire.areas import AreaView
from dispatch.wire.pages import Areas
from registry.areas import find_areas
from registry.store import Reading

router = APIRouter(prefix="/areas", tags=["areas"])


@router.get("", response_model=Areas)
def list_areas(
    reader: Reads,
    q: Annotated[str, Query(max_length=80, description="Part of the name, or the beginning of the code")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """Her own area and what lies below it, each after the one that it lies in."""

    def look(session: Reading, desk: Desk) -> Areas:
        total, found = find_areas(session, desk.scope, q, limit=limit, offset=offset)
        items = [
            AreaView(id=area.id, parent_id=area.parent_id, code=area.code, name=area.name)
            for area in found
            if area.id is not None
        ]
        return Areas(total=total, items=items)

    return reader.answer(look)
