"""A stand-in for the phone: the SMS Gateway app's HTTP interface without a SIM card, for rehearsals and tests."""

from callbridge.gateways.standin.message import Fault, StandInMessage
from callbridge.gateways.standin.phone import StandInPhone

__all__ = ["Fault", "StandInMessage", "StandInPhone"]
