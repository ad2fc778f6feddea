"""What the stand-in may be told to answer instead."""

from typing import Any

from dispatch.wire.base import Problem


def conflict(now: str, **values: Any) -> Problem:
    return Problem(
        type="/problems/conflict",
        title="",
        status=409,
        key="conflict",
        values={"subject": "call", "now": now} | values,
    )
