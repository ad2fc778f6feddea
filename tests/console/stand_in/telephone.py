"""The stand-in town's telephones: what is ordered from the keyboard happens at once."""

from typing import Any

from fastapi import FastAPI, Request, Response

from dispatch.wire.calls import CallCard, LegLine
from tests.console.stand_in.answers import written
from tests.console.stand_in.town import Town


def add_telephone(app: FastAPI, town: Town) -> None:
    @app.post("/api/v1/calls/{call_id}/take")
    async def take(call_id: int) -> Response:
        return written(town.change_call(call_id, "call.taken", taken_by=town.me, ringing=[town.me.extension]))

    @app.post("/api/v1/calls/{call_id}/hold")
    async def hold(call_id: int) -> Response:
        return written(town.change_call(call_id, "call.held", held_since=town.now()))

    @app.post("/api/v1/calls/{call_id}/resume")
    async def resume(call_id: int) -> Response:
        return written(town.change_call(call_id, "call.resumed", held_since=None))

    @app.post("/api/v1/calls/{call_id}/hang-up")
    async def hang_up(call_id: int) -> Response:
        over = {"state": "ended", "end": "answered", "hung_up_by": "operator", "ended_at": town.now(), "legs": []}
        return written(town.change_call(call_id, "call.ended", **over))

    @app.post("/api/v1/calls/{call_id}/hand-over")
    async def hand_over(call_id: int, request: Request) -> Response:
        return written(_rings(town, call_id, await request.json()))

    @app.post("/api/v1/calls/{call_id}/bring-in")
    async def bring_in(call_id: int, request: Request) -> Response:
        return written(_rings(town, call_id, await request.json()))

    @app.post("/api/v1/calls/{call_id}/listen")
    async def listen(call_id: int) -> Response:
        ear = LegLine(id=90, role="supervisor", operator=town.me, started_at=town.now(), joined_at=town.now())
        return written(town.change_call(call_id, "call.listened", legs=[*town.calls[call_id].legs, ear]))

    @app.post("/api/v1/calls/{call_id}/drop")
    async def drop(call_id: int, request: Request) -> Response:
        gone = (await request.json())["leg_id"]
        left = [leg for leg in town.calls[call_id].legs if leg.id != gone]
        return written(town.change_call(call_id, "call.party_left", legs=left))

    @app.post("/api/v1/dial")
    async def dial(request: Request) -> Response:
        sent = await request.json()
        card = town.residents.get(sent.get("resident_id") or 0)
        own = LegLine(id=1, role="operator", operator=town.me, extension=town.me.extension, started_at=town.now())
        call = CallCard(
            id=70 + len(town.calls),
            exchange="main",
            state="ringing",
            direction="out",
            priority="routine",
            number=sent.get("number") or "+862367001001",
            number_known=True,
            resident=card,
            card=card,
            operator=town.me,
            legs=[own],
            arrived_at=town.now(),
            version=1,
        )
        town.calls[call.id] = call
        town.happen("call.dialled", call=call)
        return written(call)

    @app.post("/api/v1/me/presence")
    async def presence(request: Request) -> Response:
        sent = await request.json()
        changed = {"presence": sent["presence"], "break_reason": sent.get("reason"), "presence_since": town.now()}
        town.me = town.me.model_copy(update=changed | {"presence_until": None})
        town.happen("operator.presence", operator=town.me, subject_id=town.me.id)
        return written(town.me)

    @app.post("/api/v1/logout")
    async def log_out() -> Response:
        return written(town.me)

    @app.get("/api/v1/recordings")
    async def recordings(call_id: int) -> Any:
        return [each.model_dump(mode="json") for each in town.recordings if each.call_id == call_id]

    @app.post("/api/v1/recordings/{recording_id}/play")
    async def play(recording_id: int) -> Response:
        return written(next(each for each in town.recordings if each.id == recording_id))


def _rings(town: Town, call_id: int, sent: dict[str, Any]) -> CallCard:
    """Somebody rings to be in the call; when she answers is the test's to say."""
    call = town.calls[call_id]
    operator = next((each for each in town.colleagues if each.id == sent.get("operator_id")), None)
    card = town.residents.get(call.resident.id if call.resident is not None else 0)
    contact = next((each for each in (card.contacts if card else []) if each.id == sent.get("contact_id")), None)
    merchant = next((each for each in town.merchants if each.id == sent.get("merchant_id")), None)
    found = operator or contact or merchant
    leg = LegLine(
        id=50 + len(call.legs),
        role="operator" if operator is not None else "third",
        operator=operator,
        number=sent.get("number") or getattr(found, "number", None) or "",
        name=found.name if found is not None else "",
        started_at=town.now(),
    )
    return town.change_call(call_id, "call.bringing_in", legs=[*call.legs, leg])
