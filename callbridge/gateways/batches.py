"""Reports of a vendor that come several together: one that cannot be read does not cost the others."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from callbridge.errors import CallbackMalformed
from callbridge.gateways.door import Report

log = structlog.get_logger()


def read_batch(body: bytes, read: Callable[[dict[str, Any]], Report], what: str) -> Sequence[Report]:
    """The reports in a JSON array, or the one in an object. Raises CallbackMalformed when none can be read."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise CallbackMalformed(f"the body is not {what}") from None
    items = content if isinstance(content, list) else [content]
    found = [report for item in items if (report := _read(item, read)) is not None]
    if items and not found:
        raise CallbackMalformed(f"the body is not {what}")
    if len(found) < len(items):
        log.warning("gateway.reports_not_read", how_many=len(items) - len(found), of=len(items))
    return found


def _read(item: Any, read: Callable[[dict[str, Any]], Report]) -> Report | None:
    if not isinstance(item, dict):
        return None
    try:
        return read(item)
    except (ValueError, RecursionError):  # pydantic's is a ValueError; its message quotes the body: not for a log
        return None
