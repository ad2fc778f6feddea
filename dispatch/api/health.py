"""Whether the service lives, whether it can do its work, and figures for Prometheus."""

from contextlib import suppress
from datetime import timedelta

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dispatch.api.access import Served, written
from dispatch.house import House

router = APIRouter(tags=["health"])

LATE = timedelta(seconds=15)  # since the clocks were last looked at


class Health(BaseModel):
    """`problems` says what is not as it should be, in English, for whoever runs the machine."""

    ready: bool
    problems: list[str] = []


@router.get("/healthz", response_model=Health)
async def healthz() -> Response:
    """The process answers."""
    return written(Health(ready=True))


@router.get("/readyz", response_model=Health, responses={503: {"model": Health}})
def readyz(house: Served) -> Response:
    """Calls come in (here or at another instance), clocks run, what is written is kept: 200; or 503 and what not."""
    problems = [problem for problem in (_database(house), _exchange(house), _clocks(house)) if problem]
    return written(Health(ready=not problems, problems=problems), 503 if problems else 200)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(house: Served) -> Response:
    """Prometheus' text format."""
    return Response(generate_latest(house.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _database(house: House) -> str:
    try:
        with house.store.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return f"the database does not answer ({type(error).__name__})"
    return ""


def _exchange(house: House) -> str:
    with suppress(SQLAlchemyError):  # what is told of the database is enough
        if house.switchboard.held_elsewhere():
            return ""
    return house.switchboard.trouble


def _clocks(house: House) -> str:
    if house.ticked_at is None:
        return "the clocks have not been looked at yet"
    late = house.store.clock.now() - house.ticked_at
    return f"the clocks were last looked at {late.total_seconds():.0f} s ago" if late > LATE else ""
