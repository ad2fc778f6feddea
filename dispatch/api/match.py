"""Who could come to a resident at a time, before there is a case."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from dispatch.api.access import Reads
from dispatch.what_if import who_could
from dispatch.wire.base import Id
from dispatch.wire.offers import Matching

router = APIRouter(prefix="/match", tags=["cases"])


@router.get("", response_model=Matching)
def match(
    reader: Reads,
    need: Annotated[str, Query(max_length=32, description="The code of a service, for example medicine")],
    resident_id: Annotated[Id, Query()],
    at: Annotated[AwareDatetime | None, Query(description="When it is wanted; now when left out")] = None,
) -> Response:
    """Who could come, in the order in which they would be asked, and who could not, with every reason.

    Nothing is kept and nobody is asked.
    """
    wanted: datetime = at or reader.now
    return reader.answer(lambda session, desk: who_could(session, desk.scope, need, resident_id, wanted, reader.now))
