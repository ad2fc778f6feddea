"""What an SMS would be: while it is being typed."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from dispatch.api.access import Reads
from dispatch.own_words import reckon
from dispatch.wire.sms import LONGEST, Reckoning

router = APIRouter(prefix="/sms", tags=["cases"])


@router.get("/reckoning", response_model=Reckoning)
def reckoning(reader: Reads, text: Annotated[str, Query(max_length=LONGEST)] = "") -> Response:
    """Its length, how many parts it goes out in (160 or 70 characters; 153 or 67 each in a chain), and the cost."""
    gateways = reader.house.config.gateways
    return reader.answer(lambda session, desk: reckon(text, gateways))
