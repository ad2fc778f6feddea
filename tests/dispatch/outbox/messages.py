"""A case whose one merchant is asked, by SMS or by telephone."""

from datetime import timedelta
from typing import Any

from tests.dispatch.town import Town

SMS, TELEPHONE = "+8613900000001", "+8613900000002"


def asked(town: Town, **merchant: Any) -> str:
    """A case whose one merchant is being asked."""
    town.merchant("康宁药房", **(merchant or {"sms": SMS}))
    number = town.open(town.resident())
    town.dispatch(number)
    return number


def later(town: Town, **step: float) -> None:
    town.clock.move(timedelta(**step))
    town.send()
