"""The four fields of a need: what, how urgent, when, where. The new case and the edit share them."""

from datetime import datetime
from typing import cast

from console import times
from console.ask.form import Field, Form, OneOf, Text
from console.case.moment import moment
from console.desk import Desk
from dispatch.wire.words import Priority

SERVICE = "service"  # the priority that the service itself has

FIELDS: tuple[Field, ...] = (
    Text("words", "case.words", 2000),
    OneOf("priority", "case.priority", "priority", (SERVICE, "routine", "urgent", "emergency")),
    Text("wanted", "case.wanted", 40),
    Text("place", "case.place", 200),
)


class BadTime(ValueError):
    """The time cannot be read."""


def priority(form: Form) -> Priority | None:
    value = form.value("priority")
    return None if value == SERVICE else cast("Priority", value)


def wanted(form: Form, desk: Desk) -> datetime | None:
    """Raises BadTime."""
    try:
        return moment(form.value("wanted"), desk.world.now(), desk.world.zone)
    except ValueError as error:
        raise BadTime from error


def understood(form: Form, desk: Desk) -> str:
    """How the time was understood; empty while there is nothing to say."""
    try:
        when = wanted(form, desk)
    except BadTime:
        return desk.speech.say("case.bad_time")
    if when is None:
        return ""
    return desk.speech.say("case.wanted_at", time=times.day_and_hour(when, desk.world.zone, desk.world.now()))
