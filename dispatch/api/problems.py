"""What went wrong, as RFC 9457 problem documents in the reader's language.

`type` is stable (`/problems/conflict`); `key` and `values` let a client say it in its own words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

import dispatch.errors as work
import registry.errors as people
from dispatch.logs import places
from dispatch.wire.base import Problem
from dispatch.wire.catalogue import LANGUAGES, Catalogue

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"

# Status by message key; what stands in no table is our own mistake.
STATUS = {
    work.NotFound.key: 404,
    work.ForbiddenMove.key: 409,
    work.Conflict.key: 409,
    work.StaleVersion.key: 409,
    work.NotAllowed.key: 403,
    work.BadValue.key: 422,
    work.NotLoggedIn.key: 401,
    work.WrongLogin.key: 401,
    work.TooManyTries.key: 429,
    work.KeyMissing.key: 400,
    work.KeyReused.key: 422,
    people.Refused.key: 422,
    people.WrongMasterKey.key: 500,
    "invalid": 422,
    "callback_forged": 401,
    "callback_malformed": 400,
    "method_not_allowed": 405,
    "too_large": 413,
    "database_busy": 503,
    "internal": 500,
}
_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def problem(
    request: Request, key: str, values: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """The problem `key` as a response."""
    sentences = Catalogue("dispatch", language_of(request))
    values = jsonable_encoder(dict(values or {}))
    document = Problem(
        type=f"/problems/{key}",
        title=sentences.say(f"problem.{key}"),
        status=STATUS[key],
        detail=_detail(sentences, key, values),
        key=key,
        values=values,
    )
    return Response(document.model_dump_json(), STATUS[key], headers, MEDIA_TYPE)


def _detail(sentences: Catalogue, key: str, values: Mapping[str, Any]) -> str:
    """What is particular to this occurrence: each field with what would be right, or the key's own sentence."""
    if key == work.BadValue.key:
        return f"{values['field']}: {sentences.say(_under('right', values['right']))}"
    if key == people.Refused.key:
        return "; ".join(
            f"{each['field']}: {sentences.say(_under('refused', each['key']))}" for each in values["problems"]
        )
    if key == "invalid":
        return "; ".join(f"{each['field']}: {each['right']}" for each in values.get("problems", ()))
    own = f"problem.{key}.detail"
    return sentences.say(own, **values) if sentences.knows(own) else ""


def _under(prefix: str, key: str) -> str:
    return key if key.startswith(f"{prefix}.") else f"{prefix}.{key}"


def language_of(request: Request) -> str:
    """The language its sender reads best: the first of `Accept-Language`, by weight, that we have; else Chinese."""
    weighted = []
    for order, part in enumerate(request.headers.get("accept-language", "").split(",")[:20]):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        if (language := tag.strip().lower().partition("-")[0]) in LANGUAGES and weight > 0:
            weighted.append((-weight, order, language))
    return min(weighted)[2] if weighted else LANGUAGES[0]


def add_problems(app: FastAPI) -> None:
    """Everything that a route may raise becomes a problem document."""
    app.add_exception_handler(work.DispatchError, _of_ours)
    app.add_exception_handler(people.RegistryError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(OperationalError, _of_database)
    app.add_exception_handler(NoConnection, _of_database)
    app.add_exception_handler(ClientDisconnect, _of_leaving)
    app.add_exception_handler(Exception, _of_mistakes)


def _of_ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, work.DispatchError | people.RegistryError)
    headers = {}
    match error:
        case work.NotLoggedIn():
            headers["WWW-Authenticate"] = 'Bearer realm="townline"'
        case work.WrongLogin():
            headers["WWW-Authenticate"] = 'Login realm="townline"'
        case work.TooManyTries():
            headers["Retry-After"] = str(error.values["seconds"])
    if error.key not in STATUS:
        return _of_mistakes(request, error)
    return problem(request, error.key, error.values, headers)


def _of_validation(request: Request, error: Exception) -> Response:
    """Names each field and what would be right. What was found is not repeated: it may be a person's data."""
    assert isinstance(error, RequestValidationError)
    return problem(request, "invalid", {"problems": [_field(each) for each in error.errors()]})


def _field(details: Mapping[str, Any]) -> dict[str, Any]:
    location: Sequence[int | str] = details["loc"]
    where, path = str(location[0]), ".".join(str(part) for part in location[1:])
    return {"in": where, "field": path or where, "key": f"invalid.{details['type']}", "right": details["msg"]}


def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    key = _OF_STATUS.get(error.status_code, "internal" if error.status_code >= 500 else "invalid")
    unread = {"problems": [{"in": "body", "field": "body", "key": "invalid.body", "right": error.detail}]}
    return problem(request, key, unread if key == "invalid" else None, error.headers)


def _of_database(request: Request, error: Exception) -> Response:
    if getattr(getattr(error, "orig", None), "sqlite_errorname", "") == "SQLITE_ERROR":
        return _of_mistakes(request, error)  # the statement is wrong, the database is there
    log.error("database.unavailable", route=_route(request), error=type(error).__name__)
    return problem(request, "database_busy", headers={"Retry-After": "1"})


def _of_leaving(request: Request, _: Exception) -> Response:
    """Who asked has gone before all of the request was here, as a phone does after 5 s; nobody reads this answer."""
    log.info("request.abandoned", route=_route(request))
    return Response(status_code=400)


def _of_mistakes(request: Request, error: Exception) -> Response:
    # The error's own words may hold a person's data (a database driver quotes the row), so only its place is told.
    log.error("request.failed", route=_route(request), error=type(error).__name__, where=places(error.__traceback__))
    return problem(request, "internal")


def _route(request: Request) -> str:
    """The path as it is declared: a real one may hold what somebody looked for."""
    return f"{request.method} {getattr(request.scope.get('route'), 'path', '?')}"
