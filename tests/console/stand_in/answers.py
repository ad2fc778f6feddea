"""What every answer of the stand-in looks like on the wire."""

from fastapi import Response
from fastapi.responses import JSONResponse

from dispatch.wire.base import Problem, Wire


def written(view: Wire) -> Response:
    return Response(view.model_dump_json(), media_type="application/json")


def refused(problem: Problem) -> Response:
    return JSONResponse(problem.model_dump(), problem.status, media_type="application/problem+json")
