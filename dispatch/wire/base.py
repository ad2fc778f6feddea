"""What every wire model shares."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Wire(BaseModel):
    """Sent by the service. A client ignores keys it does not know, so that it may be older than the service."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Command(BaseModel):
    """Sent to the service, which refuses keys it does not know: a misspelt field is never dropped silently."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Said(Wire):
    """Something said in the reader's language: a message key and its values."""

    key: str
    values: dict[str, Any] = {}


class Problem(BaseModel):
    """RFC 9457. `type` is stable (`/problems/conflict`); `key` and `values` let a client say it in its language."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str = ""
    key: str = ""
    values: dict[str, Any] = {}


Moment = AwareDatetime  # RFC 3339 with offset
