"""SMS in an operator's own words."""

from typing import Literal

from pydantic import Field

from dispatch.wire.base import Command, Id, Wire

LONGEST = 500  # characters: eight parts


class OwnWords(Command):
    """To the resident of the case, on her mobile, or to a merchant that reads SMS."""

    to: Literal["resident", "merchant"]
    merchant_id: Id | None = None
    body: str = Field(min_length=1, max_length=LONGEST)


class Reckoning(Wire):
    """How many short messages a text is: each `part` is paid for. A character beyond the common ones counts twice."""

    encoding: Literal["gsm", "ucs2"]  # one Chinese character turns all of it into ucs2
    characters: int
    parts: int
    left: int  # characters that still fit into the last part
    cost: float | None = None  # in the centre's currency; None where the configuration names no price
