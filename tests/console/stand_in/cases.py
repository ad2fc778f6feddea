"""What the stand-in town answers about cases, offers and visits."""

from datetime import timedelta
from typing import Any

from fastapi import FastAPI, Request, Response

from dispatch.wire.cases import CaseCard, ClockView, ManyLine
from dispatch.wire.ladders import ActorLine
from dispatch.wire.offers import OfferView, VisitView
from dispatch.wire.people import ResidentLine
from tests.console.stand_in.answers import written
from tests.console.stand_in.town import Town


def add_cases(app: FastAPI, town: Town) -> None:
    @app.post("/api/v1/cases")
    async def open_case(request: Request) -> Response:
        sent = await request.json()
        service = next(each for each in town.services if each.code == sent["service"])
        resident = town.residents.get(sent.get("resident_id") or 0)
        case = CaseCard(
            id=len(town.cases) + 1,
            number=f"TL-20260302-{len(town.cases) + 1:04}",
            state="open",
            service_code=service.code,
            service_zh=service.name_zh,
            service_en=service.name_en,
            words=sent.get("words", ""),
            priority=sent.get("priority") or service.priority,
            resident=ResidentLine(**dict(resident)) if resident is not None else None,
            place=sent.get("place") or (resident.address if resident is not None else ""),
            owner=town.me,
            turn="operator",
            turn_operator=town.me,
            wanted_at=sent.get("wanted_at"),
            opened_at=town.now(),
            version=1,
        )
        town.cases[case.number] = case
        town.happen("case.opened", case=case, data={"service": service.code})
        return written(case)

    @app.get("/api/v1/cases/{number}")
    async def case(number: str) -> Response:
        return written(town.cases[number])

    @app.get("/api/v1/cases/{number}/timeline")
    async def timeline(number: str) -> Any:
        return [each.model_dump(mode="json") for each in town.timelines.get(number, [])]

    @app.get("/api/v1/cases/{number}/candidates")
    async def candidates(number: str) -> Response:
        return written(town.candidates(number))

    @app.patch("/api/v1/cases/{number}")
    async def change(number: str, request: Request) -> Response:
        sent = await request.json()
        return written(
            town.change_case(number, "case.changed", **{key: sent[key] for key in sent if key != "version"})
        )

    @app.post("/api/v1/cases/{number}/dispatch")
    async def dispatch(number: str, request: Request) -> Response:
        sent = await request.json()
        merchant_id = sent.get("merchant_id") or town.merchants[0].id
        merchant = next(each for each in town.merchants if each.id == merchant_id)
        until, before = town.now() + timedelta(minutes=5), town.cases[number].offers
        offer = OfferView(
            id=len(before) + 1,
            case_number=number,
            merchant=merchant,
            role="supplier",
            state="sent",
            channel="sms",
            code="K7",
            distance=430,
            offered_at=town.now(),
            expires_at=until,
            version=1,
        )
        asked = {"state": "offering", "turn": "merchant", "merchant": merchant, "offer_state": "sent"}
        clock = ClockView(kind="offer_expires", due_at=until)
        facts = {"merchant": merchant.id, "channel": "sms"}
        return written(
            town.change_case(
                number, "offer.offered", facts, subject_id=offer.id, offers=[*before, offer], clock=clock, **asked
            )
        )

    @app.post("/api/v1/cases/{number}/offers/{offer_id}/{verb}")
    async def offer(number: str, offer_id: int, verb: str, request: Request) -> Response:
        sent, case = await request.json(), town.cases[number]
        if verb == "resend":
            return written(
                town.change_case(number, "offer.resent", {"channel": sent["channel"]}, subject_id=offer_id)
            )
        accepted = sent.get("answer") == "accept"
        state = "accepted" if accepted else "declined" if verb == "answer" else "withdrawn"
        offers = [each.model_copy(update={"state": state}) if each.id == offer_id else each for each in case.offers]
        names = {one.id: one.name for record in town.records.values() for one in record.staff}
        comes = names.get(sent.get("comes", 0))
        visit = VisitView(state="promised", promised_at=town.now(), comes=comes, version=1) if accepted else None
        changes = {"offers": offers, "visit": visit, "clock": None, "state": "accepted" if accepted else "open"}
        return written(town.change_case(number, f"offer.{state}", {"by": "operator"}, subject_id=offer_id, **changes))

    @app.post("/api/v1/cases/{number}/{verb}")
    async def move(number: str, verb: str, request: Request) -> Response:
        sent, case = await request.json(), town.cases[number]
        match verb:
            case "gather":
                number = f"TL-20260302-{len(town.cases) + 7:04}"
                many = ManyLine(where="青石里", incident=number, gathered=7)
                town.cases[number] = case.model_copy(update={"id": 99, "number": number, "many": many})
                town.change_case(case.number, "case.joined", turn="incident", many=ManyLine(incident=number))
                town.happen("case.gathered", case=town.cases[number])
                return written(town.cases[number])
            case "sms":
                by = ActorLine(kind="operator", id=town.me.id, name=town.me.name)
                town.happen("message.wanted", case=case, actor=by, data={"kind": "words", "to": sent["to"]})
                return written(case)
            case "keep-apart":
                return written(town.change_case(number, "case.kept_apart", {"cases": 7}, many=None))
            case "visit":
                to = {"on_the_way": "on_the_way", "at_the_door": "on_site", "done": "served"}[sent["step"]]
                served = town.now() if to == "served" else None
                turn = "operator" if to == "served" else "merchant"
                return written(
                    town.change_case(number, f"visit.{sent['step']}", state=to, served_at=served, turn=turn)
                )
            case "close":
                closed = {"state": "closed", "turn": "nobody", "outcome": sent["outcome"], "closed_at": town.now()}
                satisfaction, note = sent.get("satisfaction"), sent.get("note", "")
                closed |= {"satisfaction": satisfaction, "outcome_note": note}
                return written(town.change_case(number, "case.closed", {"outcome": sent["outcome"]}, **closed))
            case "cancel":
                return written(town.change_case(number, "case.cancelled", state="cancelled", turn="nobody"))
            case "reopen":
                return written(town.change_case(number, "case.open", state="open", outcome=None))
            case "remind":
                again = {"reminders": case.reminders + 1, "last_reminder_at": town.now()}
                return written(town.change_case(number, "case.reminded", {"reminders": case.reminders + 1}, **again))
            case "hand-turn":
                there = {each.id: each for each in (town.me, *town.colleagues)}
                to = there.get(sent.get("operator_id") or 0)
                data = {"by": town.me.id, "to": to.id if to is not None else None}
                hand = {"turn": "operator", "turn_operator": to}
                return written(town.change_case(number, "case.turn_handed_over", data, **hand))
            case _:
                seen = {"needs_since": None, "needs_why": None, "turn": "operator", "turn_operator": town.me}
                if case.ladder is not None:
                    by = ActorLine(kind="operator", id=town.me.id, name=town.me.name)
                    hers = {"state": "acknowledged", "by": by, "acknowledged_at": town.now(), "due_at": None}
                    seen["ladder"] = case.ladder.model_copy(update=hers)
                return written(town.change_case(number, "case.acknowledged", **seen))
