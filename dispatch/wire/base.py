"""What every wire model shares."""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator


class Wire(BaseModel):
    """Sent by the service. A client ignores keys it does not know, so that it may be older than the service."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Command(BaseModel):
    """Sent to the service, which refuses keys it does not know: a misspelt field is never dropped silently."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="after")
    @classmethod
    def _shows_harmless(cls, value: Any) -> Any:
        """What one terminal sends is shown on another, and a database takes no NUL."""
        if isinstance(value, str) and any(letter < " " and letter not in "\n\t" for letter in value):
            raise ValueError("must not hold control characters")
        return value


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
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]
