"""Sheets out of the register for a supervisor: what she filters, as `townline import` takes it."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from sqlalchemy import ColumnElement

from dispatch.api.access import Reads
from dispatch.desk import Desk
from dispatch.login import desk_of
from dispatch.policy import home_visit_days
from dispatch.wire import exports as wire
from registry import centres
from registry.models import Group, Hearing, MerchantKind, Sight
from registry.sheets import export
from registry.sheets.csv_lines import csv_lines
from registry.sheets.wanted import Lack, MerchantsWanted, ResidentsWanted
from registry.store import Reading, Role

router = APIRouter(prefix="/exports", tags=["exports"])

_SHEET: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.get("/residents", response_class=StreamingResponse, responses=_SHEET)
def export_residents(reader: Reads, wanted: Annotated[wire.ResidentsWanted, Query()]) -> StreamingResponse:
    """The residents of her areas as CSV, without what is sealed. Needs a supervisor.

    Each of them is in the access log as she goes out. Importing it again changes nothing.
    """

    def who(session: Reading, desk: Desk) -> ColumnElement[bool]:
        zone = centres.zone(session, desk.centre_id)
        chosen = ResidentsWanted(
            groups=tuple(Group(word) for word in wanted.group),
            care_level=wanted.care_level,
            consented=wanted.consented,
            without=tuple(Lack(word) for word in wanted.without),
            without_usual=tuple(MerchantKind(word) for word in wanted.without_usual),
            not_visited_since=wanted.not_visited_since,
            visit_due=home_visit_days(session, desk.centre_id) if wanted.visit_due else None,
            age_from=wanted.age_from,
            age_to=wanted.age_to,
            hearing=Hearing(wanted.hearing) if wanted.hearing else None,
            sight=Sight(wanted.sight) if wanted.sight else None,
            speaks=wanted.speaks,
            dialect=wanted.dialect,
            community=wanted.community,
            building=wanted.building,
            changed_since=wanted.changed_since,
        )
        return chosen.who(reader.now.astimezone(zone).date(), zone)

    return _sheet(reader, "residents", wanted.language, who)


@router.get("/merchants", response_class=StreamingResponse, responses=_SHEET)
def export_merchants(reader: Reads, wanted: Annotated[wire.MerchantsWanted, Query()]) -> StreamingResponse:
    """The merchants of her areas as CSV. Needs a supervisor. Importing it again changes nothing."""
    kinds = tuple(MerchantKind(word) for word in wanted.kind)
    chosen = MerchantsWanted(kinds, wanted.licence_before, wanted.contract_before)
    return _sheet(reader, "merchants", wanted.language, lambda _session, _desk: chosen.who())


def _sheet(
    reader: Reads, kind: str, language: str | None, who: Callable[[Reading, Desk], ColumnElement[bool]]
) -> StreamingResponse:
    """Written line by line as it is read, a hundred rows at a time: nothing is held while the client is slow."""
    store = reader.house.store
    with store.reading() as session:
        desk = desk_of(session, reader.token, reader.now)
        desk.needs(Role.SUPERVISOR)
        language = language or centres.centre(session, desk.centre_id).language
        wanted = who(session, desk)
    columns = export.columns_of(kind, sealed=False)
    rows = export.rows(store, desk.scope, kind, language, None, wanted, desk.operator_id)
    lines = csv_lines(
        [column.heading(language) for column in columns],
        ([texts.get(column.key, "") for column in columns] for texts in rows),
    )
    name = {"Content-Disposition": f'attachment; filename="{kind}.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=name)
