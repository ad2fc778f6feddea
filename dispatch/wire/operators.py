"""Operators: who they are, how present, and how they log in."""

from pydantic import Field

from dispatch.wire.base import Command, Moment, Wire
from dispatch.wire.words import BreakReason, PhoneTrouble, Presence, Role


class OperatorLine(Wire):
    id: int
    name: str
    role: Role
    extension: str | None = None
    presence: Presence
    break_reason: BreakReason | None = None
    presence_since: Moment | None = None
    presence_until: Moment | None = None  # when the clock of after-call work makes her ready
    phone_reachable: bool = False
    rings: bool = False  # whether calls ring at her telephone: present, not on a break, reachable
    # She is ready, and her telephone is out of the ring all the same: a notice, until it rings again.
    phone_trouble: PhoneTrouble | None = None
    phone_trouble_since: Moment | None = None


class Login(Command):
    login: str = Field(min_length=1, max_length=40)
    password: str = Field(min_length=1, max_length=200)


class Session(Wire):
    token: str
    expires_at: Moment
    operator: OperatorLine
    language: str
