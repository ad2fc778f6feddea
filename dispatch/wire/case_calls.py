"""A call as its case remembers it: who called from where, how it ended, what was chosen by key."""

from dispatch.wire.base import Moment, Wire
from dispatch.wire.words import CallEnd, CallState, Choice, Speaker


class ChosenLine(Wire):
    """What a waiting caller decided by key; `service_…` is what she ordered, empty when it is not known any more."""

    choice: Choice
    service_zh: str = ""
    service_en: str = ""


class CaseCallLine(Wire):
    id: int
    state: CallState
    end: CallEnd | None = None
    number: str = ""  # for reading; empty when hidden
    number_known: bool = False
    name_heard: str = ""  # untrusted text of the network
    speaker: Speaker = "unknown"
    speaker_name: str | None = None
    chosen: ChosenLine | None = None
    arrived_at: Moment
    answered_at: Moment | None = None
    ended_at: Moment | None = None
    silent_at: Moment | None = None
    recovered: bool = False  # it came while nobody of us heard the exchange
