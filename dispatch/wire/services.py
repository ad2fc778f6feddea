"""A service of the centre, changed: each change is another version."""

from pydantic import Field

from dispatch.wire.base import Command, Version
from dispatch.wire.words import VisitProof

LONGEST_MINUTES = 7 * 24 * 60


class ServiceChange(Command):
    """What is sent takes the place of what stands in `version`, the one that was seen; open cases keep theirs."""

    version: Version
    accept_minutes: int | None = Field(default=None, ge=1, le=LONGEST_MINUTES)
    arrive_minutes: int | None = Field(default=None, ge=1, le=LONGEST_MINUTES)
    finish_minutes: int | None = Field(default=None, ge=1, le=LONGEST_MINUTES)
    proof: VisitProof | None = None
