"""An SMS that a person has to read."""

from textual.app import ComposeResult
from textual.widgets import Static

from console import times
from console.ask.pick import Choice, Pick
from console.desk import Desk
from console.plain import plain, reading
from dispatch.wire.board import InboundLine

SEEN = "seen"
OPEN_CASE = "open_case"


class Sms(Pick):
    """Answers SEEN or OPEN_CASE; in both cases it has been read."""

    def __init__(self, desk: Desk, sms: InboundLine) -> None:
        say = desk.speech.say
        answers = [Choice(SEEN, say("sms.seen"))]
        if sms.case_number is not None:
            answers.insert(0, Choice(OPEN_CASE, say("sms.open_case"), sms.case_number))
        super().__init__(desk, f"need.sms_{sms.reading}", answers)
        self._sms = sms

    def furnish(self) -> ComposeResult:
        sender = plain(self._sms.merchant.name, 80) if self._sms.merchant is not None else ""
        at = times.hour(self._sms.received_at, self.desk.world.zone)
        yield Static(f"{at}  {sender} {reading(self._sms.number)}", markup=False)
        yield Static(plain(self._sms.body, 1000), classes="question--text", markup=False)
        yield from super().furnish()
