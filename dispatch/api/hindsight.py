"""Why a case was decided so, and what if: the decisions kept with it, reckoned again."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from dispatch import hindsight as work
from dispatch.api.access import Reads
from dispatch.api.cases import Number
from dispatch.errors import BadValue
from dispatch.wire.base import Id
from dispatch.wire.offers import Hindsight, SheetLine
from dispatch.wire.words import Priority
from registry.models.centre import Priority as Level

router = APIRouter(prefix="/cases", tags=["cases"])


@router.get("/{number}/sheets", response_model=list[SheetLine])
def list_sheets(number: Number, reader: Reads) -> Response:
    """The decisions that were kept with the case, the last one first. Needs a supervisor."""
    return reader.answer(lambda session, desk: work.sheets(session, desk, number))


@router.get("/{number}/hindsight", response_model=Hindsight)
def look_back(
    number: Number,
    reader: Reads,
    sheet_id: Annotated[
        Id | None, Query(description="Of the decisions kept with it; the last one without it")
    ] = None,
    merchant_id: Annotated[Id | None, Query(description="Why not this one? Told of it whatever it is")] = None,
    at: Annotated[AwareDatetime | None, Query(description="What if it had been wanted then")] = None,
    priority: Annotated[Priority | None, Query(description="What if it had been so urgent")] = None,
    latitude: Annotated[float | None, Query(ge=-90, le=90, description="What if it had been there")] = None,
    longitude: Annotated[float | None, Query(ge=-180, le=180)] = None,
    home_of: Annotated[Id | None, Query(description="What if it had been at this resident's home")] = None,
) -> Response:
    """Who could come and who not, with every reason, as it was decided, or as it would have been: by the sheet kept
    with the case, the rules then in force, and the merchants' rows as they were. Needs a supervisor.
    """
    if (latitude is None) is not (longitude is None):
        missing = "latitude" if latitude is None else "longitude"
        raise BadValue(field=missing, found="", right="position.both")
    otherwise = work.Otherwise(
        at=at,
        priority=Level(priority) if priority is not None else None,
        position=(latitude, longitude) if latitude is not None and longitude is not None else None,
        home_of=home_of,
    )
    return reader.answer(
        lambda session, desk: work.look_back(session, desk, number, sheet_id, otherwise, merchant_id)
    )
