"""What SMS gateways report: signed by the gateway, committed before it is acknowledged, idempotent."""

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from callbridge.errors import CallbackForged, CallbackRefused
from callbridge.gateways import InboundSms, SmsStatus
from callbridge.gateways.door import LONGEST_CALLBACK
from dispatch import results
from dispatch.api.access import Served
from dispatch.api.problems import problem
from dispatch.house import House

router = APIRouter(prefix="/gateways", tags=["gateways"])
log = structlog.get_logger()


@router.post("/{name}/inbound", response_class=Response, openapi_extra={"security": []})
async def inbound(name: str, request: Request, house: Served) -> Response:
    """An SMS that came in. The signature of the gateway's own protocol stands in the headers."""
    return await _report(name, request, house)


@router.post("/{name}/status", response_class=Response, openapi_extra={"security": []})
async def status(name: str, request: Request, house: Served) -> Response:
    """What became of a message of ours."""
    return await _report(name, request, house)


async def _report(name: str, request: Request, house: House) -> Response:
    gateway = house.gateways.get(name)
    if gateway is None:
        return problem(request, "not_found", {"subject": "gateway", "id": name})
    body = await _body(request)
    if body is None:
        return problem(request, "too_large", {"longest": LONGEST_CALLBACK})
    try:
        report = gateway.read_callback(request.headers, body, house.store.clock.now())
    except CallbackRefused as refusal:
        key = "callback_forged" if isinstance(refusal, CallbackForged) else "callback_malformed"
        log.warning("gateway.callback_refused", gateway=name, why=str(refusal))
        return problem(request, key, {"why": str(refusal)})
    if isinstance(report, InboundSms):
        await run_in_threadpool(_take_in, house, name, report)
    elif isinstance(report, SmsStatus):
        await run_in_threadpool(_take_status, house, report)
    return Response(status_code=200)


async def _body(request: Request) -> bytes | None:
    """The raw body, which is what is signed; None when it is longer than any report."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_CALLBACK:
            return None
    return bytes(body)


def _take_in(house: House, name: str, sms: InboundSms) -> None:
    """Stored, then read. What cannot be read now is stored all the same, and read again by the clock."""
    with house.store.writing() as session:
        inbound_id = house.replies.take_in(session, name, sms).id
    assert inbound_id is not None
    try:
        with house.store.writing() as session:
            house.replies.read(session, inbound_id)
    except Exception:
        log.exception("inbound.not_read", inbound=inbound_id)


def _take_status(house: House, status: SmsStatus) -> None:
    with house.store.writing() as session:
        results.take_status(session, status)
