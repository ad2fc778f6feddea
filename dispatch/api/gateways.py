"""What SMS gateways report: signed by the gateway, or sent to an address that only it knows; committed before it is
acknowledged, idempotent.
"""

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from callbridge.errors import CallbackForged, CallbackRefused
from callbridge.gateways.door import LONGEST_CALLBACK
from dispatch import reports
from dispatch.api.access import Served
from dispatch.api.problems import problem
from dispatch.house import House

router = APIRouter(prefix="/gateways", tags=["gateways"])
log = structlog.get_logger()


@router.post("/{name}/inbound", response_class=Response, openapi_extra={"security": []})
async def inbound(name: str, request: Request, house: Served) -> Response:
    """An SMS that came in. The signature of the gateway's own protocol stands in the headers."""
    return await _report(name, "", request, house)


@router.post("/{name}/status", response_class=Response, openapi_extra={"security": []})
async def status(name: str, request: Request, house: Served) -> Response:
    """What became of a message of ours."""
    return await _report(name, "", request, house)


@router.post("/{name}/inbound/{token}", response_class=Response, openapi_extra={"security": []})
async def inbound_by_token(name: str, token: str, request: Request, house: Served) -> Response:
    """SMS that came in through a vendor that does not sign: it was told this address, and nobody else was."""
    return await _report(name, token, request, house)


@router.post("/{name}/status/{token}", response_class=Response, openapi_extra={"security": []})
async def status_by_token(name: str, token: str, request: Request, house: Served) -> Response:
    """What became of messages of ours, from a vendor that does not sign."""
    return await _report(name, token, request, house)


async def _report(name: str, token: str, request: Request, house: House) -> Response:
    gateway = house.gateways.get(name)
    if gateway is None:
        return problem(request, "not_found", {"subject": "gateway", "id": name})
    body = await _body(request)
    if body is None:
        return problem(request, "too_large", {"longest": LONGEST_CALLBACK})
    try:
        found = gateway.read_callback(request.headers, body, house.store.clock.now(), token=token)
    except CallbackRefused as refusal:
        key = "callback_forged" if isinstance(refusal, CallbackForged) else "callback_malformed"
        log.warning("gateway.callback_refused", gateway=name, why=str(refusal))
        return problem(request, key, {"why": str(refusal)})
    if found:
        await run_in_threadpool(reports.take, house.store, house.replies, name, found)
    return Response(status_code=200) if gateway.thanks is None else JSONResponse(gateway.thanks)


async def _body(request: Request) -> bytes | None:
    """The raw body, which is what is signed; None when it is longer than any report."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_CALLBACK:
            return None
    return bytes(body)
