"""What the stand-in town answers about residents, calls and messages."""

from typing import Any

from fastapi import FastAPI, Request, Response

from dispatch.wire.base import Problem
from dispatch.wire.history import History
from dispatch.wire.pages import Doubles, DueVisits
from dispatch.wire.people import Apart, ResidentCard, ResidentLine
from tests.console.stand_in.answers import refused, written
from tests.console.stand_in.town import Town

_TOLD_BY = {"address": "unit", "position": "longitude"}  # a field of such a fact


def add_people(app: FastAPI, town: Town) -> None:
    @app.get("/api/v1/residents")
    async def find(q: str) -> Any:
        found = [ResidentLine(**dict(each)) for each in town.residents.values() if q in each.name]
        return {"total": len(found), "items": [each.model_dump(mode="json") for each in found]}

    @app.get("/api/v1/residents/doubles")
    async def doubles() -> Response:
        return written(Doubles(total=len(town.doubles), items=town.doubles))

    @app.get("/api/v1/residents/due-visits")
    async def due_visits(limit: int, offset: int) -> Response:
        whole = town.due_visits
        return written(DueVisits(total=len(whole), items=whole[offset : offset + limit]))

    @app.post("/api/v1/residents/{resident_id}/merge")
    async def merge(resident_id: int, request: Request) -> Response:
        settled(resident_id, (await request.json())["other_id"])
        return written(town.residents[resident_id])

    @app.post("/api/v1/residents/{resident_id}/apart")
    async def apart(resident_id: int, request: Request) -> Response:
        told = Apart(**await request.json())
        settled(resident_id, told.other_id)
        return written(told)

    def settled(one: int, other: int) -> None:
        town.doubles = [each for each in town.doubles if {each.one.id, each.other.id} != {one, other}]

    @app.get("/api/v1/residents/{resident_id}")
    async def resident(resident_id: int) -> Response:
        town.opened.append(f"resident {resident_id}")
        return written(town.residents[resident_id])

    @app.get("/api/v1/residents/{resident_id}/history")
    async def history(resident_id: int, limit: int, offset: int) -> Response:
        town.opened.append(f"history {resident_id}")
        whole = town.histories.get(resident_id, [])
        return written(History(total=len(whole), resident_id=resident_id, items=whole[offset : offset + limit]))

    @app.patch("/api/v1/residents/{resident_id}")
    async def change(resident_id: int, request: Request) -> Response:
        sent, before = await request.json(), town.residents[resident_id]
        if sent["version"] != before.version:
            values = {"subject": "resident", "by": "刘芳"}
            return refused(Problem(type="/p", title="", status=409, key="stale_version", values=values))
        if wrong := _unfit(sent, before):
            listed = {"problems": [{"field": field, "key": key, "values": {}} for field, key in wrong.items()]}
            return refused(Problem(type="/problems/refused", title="", status=422, key="refused", values=listed))
        known, kept = before.model_dump(), _as_kept(sent, before, town)
        told_by = [(fact, _TOLD_BY.get(fact.field, fact.field)) for fact in before.old]
        old = [fact for fact, name in told_by if kept.get(name, known[name]) == known[name]]
        now = known | kept | {"version": before.version + 1, "old": old}
        town.residents[resident_id] = ResidentCard.model_validate(now)
        return written(town.residents[resident_id])

    @app.post("/api/v1/residents/{resident_id}/confirm")
    async def confirm(resident_id: int, request: Request) -> Response:
        fields, before = (await request.json())["fields"], town.residents[resident_id]
        old = [fact for fact in before.old if fact.field not in fields]
        town.residents[resident_id] = before.model_copy(update={"old": old})
        return written(town.residents[resident_id])

    @app.post("/api/v1/residents/{resident_id}/leave")
    async def leave(resident_id: int, request: Request) -> Response:
        return changed(resident_id, left=(await request.json())["why"], left_at=town.now())

    @app.post("/api/v1/residents/{resident_id}/come-back")
    async def come_back(resident_id: int) -> Response:
        return changed(resident_id, left=None, left_at=None)

    def changed(resident_id: int, **facts: Any) -> Response:
        before = town.residents[resident_id]
        town.residents[resident_id] = before.model_copy(update=facts | {"version": before.version + 1})
        return written(town.residents[resident_id])

    @app.post("/api/v1/residents")
    async def register(request: Request) -> Response:
        sent = await request.json()
        known = {key: value for key, value in sent.items() if key in ResidentCard.model_fields}
        card = ResidentCard(**known | {"id": 90 + len(town.residents), "addressed": sent["name"], "version": 1})
        town.residents[card.id] = card
        if sent.get("call_id"):
            line = ResidentLine(**dict(card))
            town.change_call(sent["call_id"], "call.changed", resident=line, card=card, who=[line])
        return written(card)

    @app.post("/api/v1/inbound/{inbound_id}/seen")
    async def seen(inbound_id: int) -> Response:
        line = town.inbound.pop(inbound_id).model_copy(update={"needs_operator": False})
        town.happen("message.seen", inbound=line)
        return Response(status_code=204)


def _unfit(sent: dict[str, Any], before: ResidentCard) -> dict[str, str]:
    """What is no telephone number, and a health note to which nobody has consented."""
    unread = {
        f"{name}.{at}.number": "no_number"
        for name in ("contacts", "lines")
        for at, entry in enumerate(sent.get(name, []))
        if not any(letter.isdigit() for letter in entry["number"])
    }
    unagreed = sent.get("health_note") and before.consented_on is None
    return unread | ({"health_note": "needs_consent"} if unagreed else {})


def _as_kept(sent: dict[str, Any], before: ResidentCard, town: Town) -> dict[str, Any]:
    """Lists come whole; who is known keeps her id."""
    kept = dict(sent)
    if "contacts" in sent:
        ids = {each.name: each.id for each in before.contacts}
        kept["contacts"] = [
            entry | {"id": ids.get(entry["name"], 50 + rank), "rank": rank, "number": _read(entry["number"])}
            for rank, entry in enumerate(sent["contacts"], 1)
        ]
    if "usual_merchants" in sent:
        names = {each.id: each.name for each in town.merchants}
        kept["usual_merchants"] = [
            {"kind": kind, "merchant_id": id_, "name": names[id_]} for kind, id_ in sent["usual_merchants"].items()
        ]
    if not {"community", "building", "unit", "door"}.isdisjoint(sent):
        where = before.model_dump() | sent
        kept["address"] = " ".join(where[part] for part in ("community", "building", "unit", "door") if where[part])
    if "area_id" in sent:
        kept["area"] = next(area.name for area in town.areas if area.id == sent["area_id"])
    if "lines" in sent:
        numbers = [_read(entry["number"]) for entry in sent["lines"]]
        known = {line.number: line for line in before.lines}
        kept["lines"] = [
            {
                "id": known[number].id if number in known else 70 + at,
                "number": number,
                "kind": entry["kind"] or ("mobile" if number.startswith("+861") else "landline"),
                "device_id": entry["device_id"],
            }
            for at, (number, entry) in enumerate(zip(numbers, sent["lines"], strict=True))
        ]
        given_up = [
            line.model_copy(update={"ended_at": town.now()}) for line in before.lines if line.number not in numbers
        ]
        kept["past_lines"] = [line.model_dump() for line in (*given_up, *before.past_lines)]
    return kept


def _read(number: str) -> str:
    """139 1234 5678 becomes +8613912345678, 02367001001 +862367001001."""
    digits = "".join(letter for letter in number if letter.isdigit())
    return f"+86{digits.removeprefix('0')}" if len(digits) == 11 and not number.startswith("+") else number


def add_calls(app: FastAPI, town: Town) -> None:
    @app.get("/api/v1/calls/{call_id}")
    async def call(call_id: int) -> Response:
        town.opened.append(f"call {call_id}")
        return written(town.calls[call_id])

    @app.patch("/api/v1/calls/{call_id}")
    async def change(call_id: int, request: Request) -> Response:
        sent, call = await request.json(), town.calls[call_id]
        if sent["version"] != call.version:
            return refused(Problem(type="/problems/stale_version", title="", status=409, key="stale_version"))
        changes: dict[str, Any] = {key: sent[key] for key in ("speaker", "speaker_name") if key in sent}
        if (resident_id := sent.get("resident_id")) is not None:
            card = town.residents[resident_id]
            changes |= {"resident": ResidentLine(**dict(card)), "card": card}
            if sent.get("remember_line"):
                changes["who"] = [*call.who, changes["resident"]]
        return written(town.change_call(call_id, "call.changed", **changes))

    @app.post("/api/v1/calls/{call_id}/settle")
    async def settle(call_id: int) -> Response:
        return written(town.change_call(call_id, "call.settled", call_back=None))
