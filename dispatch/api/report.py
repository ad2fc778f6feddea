"""What happened in a span of days."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from dispatch.api.access import Reads
from dispatch.desk import Desk
from dispatch.report import month_of, report
from dispatch.views.report import report_view
from dispatch.wire.report import ReportView
from registry import centres
from registry.store import Reading, Role

router = APIRouter(prefix="/report", tags=["report"])


@router.get("", response_model=ReportView)
def read_report(
    reader: Reads,
    first: Annotated[
        date | None, Query(description="The first day, on the centre's clock; else of the month")
    ] = None,
    last: Annotated[date | None, Query(description="The last day, itself included; else of the month")] = None,
    area: Annotated[str | None, Query(max_length=20, description="Its code; else all that may be seen")] = None,
) -> Response:
    """Along the areas, and how the merchants that were asked have worked. Needs a supervisor.

    Without days it is about the month that runs, with one of them about the month of that one.
    """

    def look(session: Reading, desk: Desk) -> ReportView:
        desk.needs(Role.SUPERVISOR)
        begins, ends = month_of(first or last or centres.today(session, desk.centre_id, reader.now))
        return report_view(session, report(session, desk.scope, first or begins, last or ends, area))

    return reader.answer(look)
