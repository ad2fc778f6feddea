"""The OpenAPI document says all that a client of another hand needs."""

from typing import Any

import pytest
from fastapi import FastAPI

from tests.dispatch.api.desks import http_of

PATHS = """
POST login, POST logout, GET me, GET board, GET events, GET services
PATCH services/{code}
GET calls, GET calls/{call_id}, PATCH calls/{call_id}, POST calls/{call_id}/settle, POST calls/{call_id}/clear
POST calls/{call_id}/take, POST calls/{call_id}/hold, POST calls/{call_id}/resume, POST calls/{call_id}/hand-over
POST calls/{call_id}/bring-in, POST calls/{call_id}/drop, POST calls/{call_id}/hang-up, POST calls/{call_id}/listen
POST dial, POST me/presence
GET residents, POST residents, GET residents/{resident_id}, PATCH residents/{resident_id}
GET areas
GET merchants, POST merchants, GET merchants/{merchant_id}, PATCH merchants/{merchant_id}
POST merchants/{merchant_id}/suspend, POST merchants/{merchant_id}/resume
POST cards/{card_id}/dispute, POST cards/{card_id}/decide
GET cases, POST cases, GET cases/{number}, PATCH cases/{number}, GET cases/{number}/candidates
POST cases/{number}/dispatch, GET cases/{number}/offers, GET cases/{number}/timeline, POST cases/{number}/visit
POST cases/{number}/offers/{offer_id}/answer, POST cases/{number}/offers/{offer_id}/end
POST cases/{number}/offers/{offer_id}/resend
POST cases/{number}/close, POST cases/{number}/cancel, POST cases/{number}/reopen, POST cases/{number}/remind
POST cases/{number}/gather, POST cases/{number}/keep-apart, POST cases/{number}/sms, GET sms/reckoning
GET cases/{number}/sheets, GET cases/{number}/hindsight, POST residents/{resident_id}/confirm
GET residents/due-visits, GET exports/residents, GET exports/merchants
GET residents/doubles, POST residents/{resident_id}/apart, GET residents/{resident_id}/history
POST residents/{resident_id}/merge, POST residents/{resident_id}/leave, POST residents/{resident_id}/come-back
POST cases/{number}/acknowledge, POST cases/{number}/hand-turn, GET inbound, POST inbound/{inbound_id}/seen
GET residents/{resident_id}/care-plans, POST residents/{resident_id}/care-plans
PATCH residents/{resident_id}/care-plans/{plan_id}, POST residents/{resident_id}/care-plans/{plan_id}/end
GET match, GET report
GET rules, GET rules/{kind}, PATCH rules/{kind}, POST hold/release
GET recordings, POST recordings/{recording_id}/play
POST gateways/{name}/inbound, POST gateways/{name}/status
POST gateways/{name}/inbound/{token}, POST gateways/{name}/status/{token}, POST proofs/{proof_id}/acknowledge
"""

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def document(app: FastAPI) -> dict[str, Any]:
    with http_of(app) as http:
        found: dict[str, Any] = http.get("/api/v1/openapi.json").json()
        return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path.removeprefix('/api/v1/')}": operation
        for path, methods in document["paths"].items()
        if path.startswith("/api/v1/")
        for method, operation in methods.items()
    }


def test_every_address_of_the_interface_is_there_and_no_other(document: dict[str, Any]) -> None:
    promised = {each.strip() for line in PATHS.strip().splitlines() for each in line.split(",")}
    assert operations(document).keys() == promised
    assert {"/healthz", "/readyz", "/metrics"} <= document["paths"].keys()


def test_every_operation_has_a_name_of_its_own_and_says_what_may_go_wrong(document: dict[str, Any]) -> None:
    found = operations(document)
    names = [operation["operationId"] for operation in found.values()]
    assert len(set(names)) == len(names)
    for address, operation in found.items():
        problems = {
            status
            for status, response in operation["responses"].items()
            if "application/problem+json" in response.get("content", {})
        }
        wanted = {"503", "401"} | ({"404"} if "{" in address else set())
        if address.split()[0] != "GET" and "login" not in address and "gateways" not in address:
            wanted |= {"400", "409", "422"}
            assert "idempotency-key" in [each["name"] for each in operation["parameters"]]
        assert wanted <= problems, address
        assert "HTTPValidationError" not in str(operation)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(part: Any) -> set[str]:
        if isinstance(part, dict):
            own = {part["$ref"]} if "$ref" in part else set()
            return own.union(*(references(each) for each in part.values()))
        return set().union(*(references(each) for each in part)) if isinstance(part, list) else set()

    schemas = document["components"]["schemas"]
    assert {each.rpartition("/")[2] for each in references(document)} <= schemas.keys()


def test_only_what_needs_no_token_says_so(document: dict[str, Any]) -> None:
    open_ = {address for address, operation in operations(document).items() if not operation.get("security")}
    callbacks = {f"POST gateways/{{name}}/{what}" for what in ("inbound", "status")}
    assert open_ == {"POST login", *callbacks, *(f"{each}/{{token}}" for each in callbacks)}
