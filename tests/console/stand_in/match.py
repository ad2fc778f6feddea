"""What the stand-in town answers about who could come: now, and looking back."""

from typing import Any

from fastapi import FastAPI, Response

from dispatch.wire.base import Said
from dispatch.wire.offers import Candidate, Excluded, Hindsight, Matching, SheetLine, WhyNot
from dispatch.wire.pages import Areas
from tests.console.stand_in.answers import written
from tests.console.stand_in.town import Town

CLOSED = Said(key="reason.closed", values={"opens_at": "2026-03-03T08:00:00+08:00"})


def add_match(app: FastAPI, town: Town) -> None:
    """At night everybody but the first is closed."""

    @app.get("/api/v1/merchants")
    async def merchants(q: str, kind: str | None = None) -> Any:
        found = [each for each in town.merchants if q in each.name and kind in (None, each.kind)]
        return {"total": len(found), "items": [each.model_dump(mode="json") for each in found]}

    @app.get("/api/v1/areas")
    async def areas(q: str) -> Response:
        found = [each for each in town.areas if q in each.name or each.code.startswith(q)]
        return written(Areas(total=len(found), items=found))

    @app.get("/api/v1/cases")
    async def cases(q: str) -> Any:
        found = [each for each in town.cases.values() if q in each.number or q in each.words]
        return {"total": len(found), "items": [each.model_dump(mode="json") for each in found]}

    @app.get("/api/v1/match")
    async def match(need: str, resident_id: int, at: str | None = None) -> Response:
        able, unable = _at(town, "21:" in (at or ""))
        when = {"at": at or town.now(), "way": "best_first"}
        more = {"more_excluded": 4, "more_excluded_by": {"too_far": 3, "closed": 1}}
        return written(
            Matching(service=need, resident_id=resident_id, candidates=able, excluded=unable, **more, **when)
        )

    @app.get("/api/v1/cases/{number}/sheets")
    async def sheets(number: str) -> Any:
        way = {"way": "best_first", "able": 2, "unable": 1, "wanted_at": town.now(), "at": town.now()}
        known = [SheetLine(id=id_, asked=town.merchants[: id_ - 6], **way) for id_ in (8, 7)]
        return [each.model_dump(mode="json") for each in (known if number in town.cases else [])]

    @app.get("/api/v1/cases/{number}/hindsight")
    async def hindsight(
        number: str,
        sheet_id: int,
        merchant_id: int | None = None,
        at: str | None = None,
        priority: str | None = None,
        home_of: int | None = None,
    ) -> Response:
        town.opened.append(f"sheet {sheet_id}")
        asked = {"at": at, "priority": priority, "place": home_of}
        able, unable = _at(town, "21:" in (at or ""))
        why = None
        for out in unable:
            if out.merchant.id == merchant_id:
                why = WhyNot(merchant=out.merchant, reasons=out.reasons, changed_since=True)
        return written(
            Hindsight(
                case_number=number,
                sheet_id=sheet_id,
                decided_at=town.now(),
                at=at or town.now(),
                changed=[name for name, value in asked.items() if value is not None],
                priority=priority or "routine",
                minutes=3 if priority == "urgent" else 5,
                way="best_first",
                at_once=1,
                candidates=able,
                excluded=unable,
                why=why,
            )
        )


def _at(town: Town, night: bool) -> tuple[list[Candidate], list[Excluded]]:
    open_ones = town.merchants[:1] if night else town.merchants[:3]
    near = [Said(key="reason.distance", values={"metres": 430}), Said(key="reason.usual")]
    able = [
        Candidate(
            merchant=each, distance=430, score=90, channel="sms", reasons=near if each is town.merchants[0] else []
        )
        for each in open_ones
    ]
    unable = [Excluded(merchant=each, distance=900, reasons=[CLOSED]) for each in town.merchants[len(open_ones) :]]
    return able, unable
