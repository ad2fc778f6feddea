"""A case from the call to its closing, through the same HTTP API as the console."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from httpx import Response

from dispatch.models import Inbound, MessageState, OfferState
from tests.dispatch.api.conftest import SIGNING
from tests.dispatch.api.desks import Console, http_of
from tests.dispatch.register import FAR, HER_LINE
from tests.dispatch.town import Town


def callback(
    app: FastAPI, town: Town, path: str, body: dict[str, Any], *, key: str = SIGNING, late: int = 0
) -> Response:
    """What the phone posts, signed as the app signs."""
    raw = json.dumps(body, ensure_ascii=False).encode()
    stamp = str(int(town.clock.now().timestamp()) - late)
    signature = hmac.new(key.encode(), raw + stamp.encode(), hashlib.sha256).hexdigest()
    headers = {"X-Signature": signature, "X-Timestamp": stamp, "Content-Type": "application/json"}
    with http_of(app) as http:
        return http.post(f"/api/v1/gateways/{path}", content=raw, headers=headers)


def received(number: str, text: str, event: str) -> dict[str, Any]:
    return {
        "deviceId": "phone",
        "event": "sms:received",
        "id": event,
        "webhookId": "townline",
        "payload": {
            "messageId": event,
            "message": text,
            "sender": number,
            "recipient": None,
            "simNumber": 1,
            "receivedAt": "2026-03-02T09:00:00.000+08:00",
        },
    }


def test_a_case_goes_from_the_call_to_its_closing(app: FastAPI, console: Console, town: Town) -> None:
    town.resident()
    town.merchant("康宁药房", sms="+8613900000001")
    town.merchant("同心药房", voice="+8613900000002", position=FAR)
    uniqueid = town.rings_in()
    town.answers(uniqueid)
    call = town.call(uniqueid)

    case = console.post("cases", 201, call_id=call.id, service="medicine", words="降压药一盒")
    number = case["number"]
    assert (case["state"], case["turn"], case["owner"]["name"]) == ("open", "operator", "陈雨")
    assert case["calls"] == [call.id]
    assert console.get(f"calls/{call.id}")["open_cases"] == [number]

    sheet = console.get(f"cases/{number}/candidates")
    assert [each["merchant"]["name"] for each in sheet["candidates"]] == ["康宁药房", "同心药房"]
    assert all(each["reasons"] for each in sheet["candidates"])

    offered = console.post(f"cases/{number}/dispatch", expects="open", sheet_id=sheet["sheet_id"])
    assert (offered["state"], offered["offer_state"], offered["merchant"]["name"]) == (
        "offering",
        "pending",
        "康宁药房",
    )
    assert offered["clock"]["kind"] == "offer_expires"
    town.send()
    assert console.get(f"cases/{number}")["offer_state"] == "sent"

    answer = callback(app, town, "phone/inbound", received("13900000001", "２。", "event-1"))
    assert answer.status_code == 200
    town.send()
    assert town.states(number) == [OfferState.DECLINED, OfferState.SENT]
    town.presses("+8613900000002", "1")
    accepted = console.get(f"cases/{number}")
    assert (accepted["state"], accepted["turn"], accepted["merchant"]["name"]) == ("accepted", "merchant", "同心药房")
    assert accepted["visit"]["state"] == "promised"
    assert [offer["state"] for offer in accepted["offers"]] == ["declined", "accepted"]
    assert accepted["offers"][1]["attempts"][0]["result"] == "key"

    for expects, step, state in (
        ("accepted", "on_the_way", "on_the_way"),
        ("on_the_way", "at_the_door", "on_site"),
        ("on_site", "done", "served"),
    ):
        assert console.post(f"cases/{number}/visit", expects=expects, step=step)["state"] == state
    closed = console.post(
        f"cases/{number}/close", expects="served", outcome="served", satisfaction="satisfied", note="很好"
    )
    assert (closed["state"], closed["turn"], closed["outcome_note"]) == ("closed", "nobody", "很好")
    assert console.get("board")["cases"] == []

    told = [
        (entry["what"], entry["actor"]["kind"], entry["actor"]["name"])
        for entry in console.get(f"cases/{number}/timeline")
    ]
    for step in (
        ("call.queued", "exchange", ""),
        ("call.talking", "operator", "陈雨"),
        ("case.opened", "operator", "陈雨"),
        ("offer.declined", "merchant", "康宁药房"),
        ("offer.accepted", "merchant", "同心药房"),
        ("visit.done", "operator", "陈雨"),
        ("case.closed", "operator", "陈雨"),
    ):
        assert step in told, step


def test_what_no_longer_fits_is_a_conflict_that_says_who_was_first(
    console: Console, colleague: Console, town: Town
) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident())
    console.post(f"cases/{number}/dispatch", expects="open")
    late = colleague.post(f"cases/{number}/dispatch", 409, expects="open")
    assert late["values"] | {"now": "offering", "expected": "open", "by": "陈雨"} == late["values"]
    offer = console.get(f"cases/{number}/offers")[0]
    console.post(f"cases/{number}/offers/{offer['id']}/answer", expects=offer["state"], answer="accept")
    second = colleague.post(
        f"cases/{number}/offers/{offer['id']}/answer", 409, expects=offer["state"], answer="accept"
    )
    assert second["values"]["by"] == "康宁药房"
    forbidden = colleague.post(f"cases/{number}/close", 409, expects="accepted", outcome="served")
    assert (forbidden["type"], forbidden["values"]["by"]) == ("/problems/forbidden_move", "陈雨")
    version = console.get(f"cases/{number}")["version"]
    console.patch(f"cases/{number}", version=version, words="两盒")
    stale = colleague.patch(f"cases/{number}", 409, version=version, words="三盒")
    assert (stale["type"], stale["values"]["by"]) == ("/problems/stale_version", "陈雨")
    assert stale["values"]["at"] == town.clock.now().isoformat()


def test_who_of_the_merchants_staff_comes_is_noted_with_its_word(console: Console, town: Town) -> None:
    staff = [{"name": "李䶮"}, {"name": "陈静"}]
    merchant = town.merchant("家庭药房", sms="+8613900000001", staff=staff)
    other = town.merchant("邻家药房", sms="+8613900000002", staff=staff)
    number = town.open(town.resident())
    console.post(f"cases/{number}/dispatch", expects="open", merchant_id=merchant)
    (offer,) = console.get(f"cases/{number}/offers")
    answer = f"cases/{number}/offers/{offer['id']}/answer"
    theirs = console.get(f"merchants/{other}")["staff"][1]["id"]
    refused = console.post(answer, 422, expects=offer["state"], answer="accept", comes=theirs)
    assert (refused["values"]["field"], refused["values"]["found"]) == ("comes", theirs)
    assert console.get(f"cases/{number}")["state"] == "offering"
    comes = console.get(f"merchants/{merchant}")["staff"][1]["id"]
    case = console.post(answer, expects=offer["state"], answer="accept", comes=comes)
    assert (case["state"], case["visit"]["comes"]) == ("accepted", "陈静")
    town.send()
    assert "家庭药房的陈静会上门" in town.heard(HER_LINE)[-1]
    assert "陈静" not in str(console.get(f"cases/{number}/timeline"))


def test_reminding_cancelling_and_reopening(console: Console, town: Town) -> None:
    number = town.open(town.resident())
    assert console.post(f"cases/{number}/remind")["reminders"] == 1
    cancelled = console.post(f"cases/{number}/cancel", expects="open", note="不要了")
    assert (cancelled["state"], cancelled["outcome"]) == ("cancelled", "cancelled_by_resident")
    assert console.post(f"cases/{number}/remind", 409)["values"]["now"] == "cancelled"
    assert console.post(f"cases/{number}/reopen", expects="cancelled")["state"] == "open"


def test_nobody_left_puts_the_case_before_the_operators_until_one_acknowledges(console: Console, town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident())
    console.post(f"cases/{number}/dispatch", expects="open")
    town.send()
    town.writes("13900000001", "2")
    (line,) = console.get("board")["cases"]
    assert (line["state"], line["turn"], line["needs_why"]) == ("open", "operator", "need.nobody_left")
    assert "townline_cases_needing_operator 1.0" in console.http.get("/metrics").text
    seen = console.post(f"cases/{number}/acknowledge", needs_since=line["needs_since"])
    assert (seen["needs_why"], seen["turn_operator"]["name"]) == (None, "陈雨")
    assert "townline_cases_needing_operator 0.0" in console.http.get("/metrics").text


def test_a_cancelled_case_whose_merchant_could_not_be_told_off_stays_on_the_board_until_somebody_has_seen_it(
    console: Console, town: Town
) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident())
    console.post(f"cases/{number}/dispatch", expects="open")
    town.send()
    town.writes("13900000001", "1")
    town.gateway.behaviour.append("refuse")
    console.post(f"cases/{number}/cancel", expects="accepted")
    town.send()
    (line,) = console.get("board")["cases"]
    assert (line["state"], line["needs_why"]) == ("cancelled", "need.not_told_off")
    assert "townline_cases_needing_operator 1.0" in console.http.get("/metrics").text
    seen = console.post(f"cases/{number}/acknowledge", needs_since=line["needs_since"])
    assert (seen["needs_why"], seen["turn"]) == (None, "nobody")
    assert console.get("board")["cases"] == []
    assert "townline_cases_needing_operator 0.0" in console.http.get("/metrics").text


def test_cases_are_found_by_state_resident_number_and_name(console: Console, town: Town) -> None:
    wang, li = town.resident("王秀英"), town.resident("李建国", number="02367001009")
    first, second = town.open(wang, words="降压药100%"), town.open(li, service="water")
    console.post(f"cases/{second}/close", expects="open", outcome="information")
    assert [each["number"] for each in console.get("cases")["items"]] == [second, first]
    for query in ({"state": "open"}, {"resident": wang}, {"q": "秀英"}, {"q": first[-4:]}, {"q": "100%"}):
        assert [each["number"] for each in console.get("cases", **query)["items"]] == [first], query
    assert console.get("cases", q="%")["total"] == 1, "a percent sign is a percent sign"
    assert console.get("cases", state=["open", "closed"])["total"] == 2
    assert console.get("cases", limit=1)["total"] == 2


def test_a_forged_an_old_and_a_repeated_callback_change_nothing(app: FastAPI, console: Console, town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident())
    console.post(f"cases/{number}/dispatch", expects="open")
    town.send()
    yes = received("13900000001", "1", "event-1")
    assert callback(app, town, "phone/inbound", yes, key="guessed").json()["type"] == "/problems/callback_forged"
    assert callback(app, town, "phone/inbound", yes, late=301).status_code == 401
    assert callback(app, town, "nobody/inbound", yes).status_code == 404
    assert callback(app, town, "phone/inbound", {"event": "sms:received"}).status_code == 400
    assert callback(app, town, "phone/inbound", received("1", "长" * 70_000, "e")).status_code == 413
    assert town.all(Inbound) == []
    assert town.states(number) == [OfferState.SENT]
    for _ in range(3):
        assert callback(app, town, "phone/inbound", yes).status_code == 200
    assert len(town.all(Inbound)) == 1
    assert town.states(number) == [OfferState.ACCEPTED]


def test_a_receipt_moves_the_message_and_never_back(app: FastAPI, console: Console, town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident())
    console.post(f"cases/{number}/dispatch", expects="open")
    town.send()
    (attempt,) = town.attempts()
    for event in ("sms:delivered", "sms:sent"):
        when = "deliveredAt" if event == "sms:delivered" else "sentAt"
        report = {
            "deviceId": "phone",
            "event": event,
            "id": f"receipt-{event}",
            "webhookId": "townline",
            "payload": {
                "messageId": attempt.id,
                "phoneNumber": "+8613900000001",
                when: "2026-03-02T09:00:01.000+08:00",
            },
        }
        assert callback(app, town, "phone/status", report).status_code == 200
    (message,) = town.messages(MessageState.SENT)
    assert message.delivered_at is not None
    assert town.attempts()[0].result == "delivered"


def test_an_sms_of_a_stranger_is_shown_until_somebody_has_read_it(
    app: FastAPI, console: Console, colleague: Console, town: Town
) -> None:
    callback(app, town, "phone/inbound", received("13700000000", "[/b]你好\x1b[31m", "event-9"))
    (line,) = console.get("board")["inbound"]
    assert (line["reading"], line["number"], line["needs_operator"]) == ("stranger", "+8613700000000", True)
    assert console.get("inbound") == [line]
    assert console.post(f"inbound/{line['id']}/seen")["needs_operator"] is False
    town.clock.move(timedelta(seconds=1))
    colleague.post(f"inbound/{line['id']}/seen")
    (kept,) = town.all(Inbound)
    assert kept.seen_by_id == town.desk.operator_id
    assert colleague.get("board")["inbound"] == []
    assert town.journal("message").count("message.seen") == 1
