"""The app's HTTP interface: basic authentication, `message` and `webhook` in the singular and the plural."""

import base64
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from dispatch.rehearsal.sms.refusal import Refusal

if TYPE_CHECKING:
    from dispatch.rehearsal.sms.phone import Sms, SmsPhone


def interface(phone: "SmsPhone") -> FastAPI:
    app = FastAPI(openapi_url=None)
    login = "Basic " + base64.b64encode(f"{phone.user}:{phone.password}".encode()).decode()

    @app.middleware("http")
    async def _authenticate(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        given = request.headers.get("Authorization", "")
        if request.url.path != "/health" and not hmac.compare_digest(given.encode(), login.encode()):
            return Response(status_code=401)
        return await answer(request)

    @app.exception_handler(Refusal)
    async def _refuse(_: Request, refusal: Refusal) -> Response:
        return JSONResponse({"message": str(refusal)}, refusal.status)

    @app.get("/health")
    async def _health() -> Any:
        failed = sum(sms.state == "Failed" for sms in phone.messages.values())
        check = {"status": "warn" if failed else "pass", "observedValue": failed, "description": "Failed messages"}
        return {"status": check["status"], "checks": {"messages:failed": check}}

    @app.get("/")
    async def _here() -> Any:
        return {"status": "ok", "model": "rehearsal"}

    @app.patch("/settings")
    async def _change(request: Request) -> Response:
        if key := (await _object(request)).get("webhooks", {}).get("signing_key"):
            phone.reports.signing_key = str(key)
        return Response(status_code=200)

    for name in ("message", "messages"):
        app.include_router(_messages(phone), prefix=f"/{name}")
    for name in ("webhook", "webhooks"):
        app.include_router(_webhooks(phone), prefix=f"/{name}")
    return app


def _messages(phone: "SmsPhone") -> APIRouter:
    routes = APIRouter()

    @routes.post("", status_code=202)
    async def _send(request: Request) -> Any:
        skip = request.query_params.get("skipPhoneValidation") == "true"
        return _shown(phone.take(await _object(request), check_numbers=not skip))

    @routes.get("/{id_}")
    async def _message(id_: str) -> Any:
        return _shown(phone.messages[id_]) if id_ in phone.messages else Response(status_code=404)

    return routes


def _webhooks(phone: "SmsPhone") -> APIRouter:
    routes = APIRouter()

    @routes.get("")
    async def _all() -> Any:
        return list(phone.reports.webhooks.values())

    @routes.post("", status_code=201)
    async def _register(request: Request) -> Any:
        return phone.reports.register(await _object(request))

    @routes.delete("/{id_}", status_code=204)
    async def _unregister(id_: str) -> None:
        phone.reports.webhooks.pop(id_, None)

    return routes


def _shown(sms: "Sms") -> dict[str, Any]:
    recipients: list[dict[str, str]] = []
    for number in sms.numbers:
        error = sms.errors.get(number)
        shown = {"phoneNumber": number, "state": sms.state if error is None else "Failed"}
        recipients.append(shown if error is None else {**shown, "error": error})
    return {
        "id": sms.id,
        "deviceId": "rehearsal",
        "state": sms.state,
        "isHashed": False,
        "isEncrypted": False,
        "textMessage": {"text": sms.text},
        "recipients": recipients,
        "states": sms.states,
    }


async def _object(request: Request) -> dict[str, Any]:
    try:
        asked = json.loads(await request.body())
    except ValueError:
        raise Refusal(400, "Malformed JSON") from None
    if not isinstance(asked, dict):
        raise Refusal(400, "Illegal input")
    return asked
