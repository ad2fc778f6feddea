"""What the stand-in town answers about care plans, rules, merchants' records, proofs and silences."""

from datetime import date
from typing import Any

from fastapi import FastAPI, Request, Response

from callbridge.sms import segments
from dispatch.wire.base import Problem
from dispatch.wire.care import CarePlanView
from dispatch.wire.merchants import MerchantCard
from dispatch.wire.rules import RuleView
from dispatch.wire.sms import Reckoning
from tests.console.stand_in.answers import refused, written
from tests.console.stand_in.town import Town


def add_desk(app: FastAPI, town: Town) -> None:
    _care(app, town)
    _rules(app, town)

    @app.get("/api/v1/sms/reckoning")
    async def reckon(text: str) -> Response:
        counted = segments(text)
        encoding = "gsm" if counted.encoding == "GSM-7" else "ucs2"
        facts = {"characters": counted.characters, "parts": counted.parts, "left": counted.left}
        return written(Reckoning(encoding=encoding, cost=counted.parts * 0.05, **facts))

    @app.get("/api/v1/report")
    async def report(first: date, last: date, area: str | None = None) -> Response:
        return written(town.reports[f"{first:%Y-%m}", area].model_copy(update={"first": first, "last": last}))

    @app.patch("/api/v1/services/{code}")
    async def change_service(code: str, request: Request) -> Response:
        index, before = next((index, each) for index, each in enumerate(town.services) if each.code == code)
        newer = {"version": before.version + 1, "author": town.me.name, "valid_from": town.now()}
        town.services[index] = before.model_copy(update=await request.json() | newer)
        return written(town.services[index])

    @app.get("/api/v1/merchants/{merchant_id}")
    async def merchant(merchant_id: int) -> Response:
        known = next(each for each in town.merchants if each.id == merchant_id)
        return written(town.records.get(merchant_id) or MerchantCard(**dict(known), version=1))

    @app.patch("/api/v1/merchants/{merchant_id}")
    async def change_merchant(merchant_id: int, request: Request) -> Response:
        sent, before = await request.json(), town.records[merchant_id]
        assert sent["version"] == before.version
        for at, member in enumerate(sent["staff"]):
            if member["number"] == "1":
                listed = [{"field": f"staff.{at}.number", "key": "no_number", "values": {}}]
                wrong = {"problems": listed}
                return refused(Problem(type="/problems/refused", title="", status=422, key="refused", values=wrong))
        staff = [{"id": at, **member} for at, member in enumerate(sent["staff"], 1)]
        newer = {**before.model_dump(), "staff": staff, "version": before.version + 1}
        town.records[merchant_id] = MerchantCard.model_validate(newer)
        return written(town.records[merchant_id])

    @app.post("/api/v1/cards/{card_id}/{verb}")
    async def card(card_id: int, verb: str, request: Request) -> Response:
        sent = await request.json()
        for merchant_id, record in town.records.items():
            for known in record.cards:
                if known.id == card_id:
                    now = {"state": "disputed", "dispute": sent["words"]} if verb == "dispute" else {}
                    if verb == "decide":
                        now = {"state": "upheld" if sent["upheld"] else "withdrawn", "decision": sent["why"]}
                    changed = known.model_copy(update=now)
                    town.records[merchant_id] = record.model_copy(update={"cards": [changed]})
                    return written(changed)
        raise AssertionError(card_id)

    @app.post("/api/v1/proofs/{proof_id}/acknowledge")
    async def acknowledge_proof(proof_id: int) -> Response:
        proof = town.proofs[proof_id].model_copy(update={"needs_since": None})
        town.proofs[proof_id] = proof
        town.happen("exchange.proof_seen", proof=proof)
        return written(proof)

    @app.post("/api/v1/calls/{call_id}/clear")
    async def clear(call_id: int) -> Response:
        for case in list(town.cases.values()):
            if case.needs_why == "need.silent":
                over = {"state": "closed", "turn": "nobody", "outcome": "false_alarm", "needs_since": None}
                town.change_case(case.number, "case.closed", needs_why=None, ladder=None, **over)
        return written(town.change_call(call_id, "call.cleared"))


def _care(app: FastAPI, town: Town) -> None:
    @app.get("/api/v1/residents/{resident_id}/care-plans")
    async def plans(resident_id: int) -> Any:
        return [each.model_dump(mode="json") for each in town.plans.values() if each.resident_id == resident_id]

    @app.post("/api/v1/residents/{resident_id}/care-plans")
    async def agree(resident_id: int, request: Request) -> Response:
        sent = await request.json()
        if sent["local_time"] >= "21:00":
            values = {"field": "local_time", "found": sent["local_time"], "right": "care_plan.decent"}
            detail = "local_time: 要在可以打扰老人的时间"
            return refused(Problem(type="/p", title="", status=422, key="bad_value", detail=detail, values=values))
        plan = CarePlanView(
            id=len(town.plans) + 1,
            resident_id=resident_id,
            zone="Asia/Shanghai",
            state="active",
            due_at=town.now(),
            version=1,
            **sent,
        )
        town.plans[plan.id] = plan
        return written(plan)

    @app.patch("/api/v1/residents/{resident_id}/care-plans/{plan_id}")
    async def change(resident_id: int, plan_id: int, request: Request) -> Response:
        plan = town.plans[plan_id]
        sent = CarePlanView.model_validate(plan.model_dump() | await request.json())
        town.plans[plan_id] = sent.model_copy(update={"version": plan.version + 1})
        return written(town.plans[plan_id])

    @app.post("/api/v1/residents/{resident_id}/care-plans/{plan_id}/end")
    async def end(resident_id: int, plan_id: int) -> Response:
        ended = {"state": "ended", "due_at": None, "ended_at": town.now()}
        town.plans[plan_id] = town.plans[plan_id].model_copy(update=ended)
        return written(town.plans[plan_id])


def _rules(app: FastAPI, town: Town) -> None:
    @app.get("/api/v1/rules")
    async def rules() -> Any:
        return [versions[-1].model_dump(mode="json") for versions in town.rules.values()]

    @app.get("/api/v1/rules/{kind}")
    async def versions(kind: str) -> Any:
        return [each.model_dump(mode="json") for each in reversed(town.rules[kind])]

    @app.patch("/api/v1/rules/{kind}")
    async def change(kind: str, request: Request) -> Response:
        sent, before = await request.json(), town.rules[kind][-1]
        rule = RuleView(
            kind=kind,
            version=before.version + 1,
            body=before.body | sent["body"],
            valid_from=town.now(),
            author=town.me.name,
        )
        town.rules[kind].append(rule)
        return written(rule)
