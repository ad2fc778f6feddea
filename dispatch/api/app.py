"""The application: every router, problem documents for whatever goes wrong, and the OpenAPI document."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from dispatch.api import (
    areas,
    board,
    calls,
    cards,
    care_plans,
    cases,
    events,
    exports,
    gateways,
    health,
    hindsight,
    hold,
    inbound,
    login,
    match,
    merchants,
    proofs,
    recordings,
    report,
    residents,
    rules,
    services,
    sms,
    telephone,
)
from dispatch.api.body import BodyLimit
from dispatch.api.problems import MEDIA_TYPE, STATUS, add_problems
from dispatch.house import House
from dispatch.wire.base import Problem

PREFIX = "/api/v1"
VERSION = "1"

# What any command, any read of one thing, and any request with a token may be answered with.
_OF_COMMANDS = (400, 401, 403, 409, 413, 422, 503)
_OF_READS = (401, 422, 503)


def create_app(house: House) -> FastAPI:
    """The application of one house; it starts nothing and needs nothing running."""
    app = FastAPI(
        title="Townline",
        version=VERSION,
        description="The telephone line of a community for its elderly residents.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.house = house
    add_problems(app)
    app.add_middleware(BodyLimit)
    api = APIRouter(prefix=PREFIX)
    for part in (
        login,
        board,
        events,
        calls,
        telephone,
        areas,
        residents,
        care_plans,
        merchants,
        exports,
        cards,
        cases,
        hindsight,
        match,
        inbound,
        gateways,
        proofs,
        recordings,
        rules,
        services,
        sms,
        hold,
        report,
    ):
        api.include_router(part.router)
    app.include_router(api)
    app.include_router(health.router)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with our problem documents in the place of its own errors."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=None
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas["Problem"] = Problem.model_json_schema()
    for path, operations in document["paths"].items():
        if path.startswith(PREFIX):
            for method, operation in operations.items():
                _describe(method, path, operation)
    app.openapi_schema = document
    return document


def _describe(method: str, path: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    statuses = set(_OF_READS if method == "get" else _OF_COMMANDS)
    if "{" in path or path.endswith("/report"):
        statuses.add(404)
    if path.endswith("/login"):
        statuses = {401, 422, 429, 503}
    if "/gateways/" in path:
        statuses = {400, 401, 404, 413, 503}
    keys: dict[int, list[str]] = {}
    for key, status in STATUS.items():
        keys.setdefault(status, []).append(key)
    for status in sorted(statuses):
        responses[str(status)] = {
            "description": ", ".join(f"`/problems/{key}`" for key in keys[status]),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
