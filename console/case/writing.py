"""Writing an SMS about a case: to the resident, or to whoever was asked or has it."""

from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from console.ask.pick import Choice, Pick
from console.ask.sms import WriteSms
from console.case.offers import OfferKeys
from console.keys import key
from console.people import called
from console.plain import plain
from dispatch.wire.people import MerchantLine
from dispatch.wire.sms import OwnWords

_RESIDENT = "resident"


class WritingKeys(OfferKeys):
    """The key that writes."""

    BINDINGS: ClassVar[list[BindingType]] = [key("S", "write_sms", "case.write_sms")]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "write_sms":
            return bool(self._readers())
        return super().check_action(action, parameters)

    def _readers(self) -> list[Choice]:
        """Who can be written to; whether there is a number for it the service says."""
        case, speech = self.case, self.desk.speech
        if case is None:
            return []
        resident = [Choice(_RESIDENT, called(case.resident), speech.say("case.for"))] if case.resident else []
        return [*resident, *(Choice(str(each.id), plain(each.name, 80), "") for each in self._merchants())]

    def _merchants(self) -> list[MerchantLine]:
        """Who has it or is asked first, then who was asked before."""
        offers = self.card.offers if self.card is not None else []
        known = [self.case.merchant] if self.case is not None and self.case.merchant is not None else []
        return list({each.id: each for each in (*known, *(offer.merchant for offer in reversed(offers)))}.values())

    def action_write_sms(self) -> None:
        readers = self._readers()
        if len(readers) == 1:
            self._write(readers[0].value)
        elif readers:
            self.app.push_screen(Pick(self.desk, "sms.to_whom", readers), self._write)

    def _write(self, to: str | None) -> None:
        reader = next((each for each in self._readers() if each.value == to), None)
        if reader is None:
            return
        draft = f"sms:{self.number}:{reader.value}"
        self.app.push_screen(WriteSms(self.desk, draft, reader.label), partial(self._send, reader.value, draft))

    def _send(self, to: str, draft: str, body: str | None) -> None:
        if body is None:
            return
        merchant = None if to == _RESIDENT else int(to)
        words = OwnWords(to="resident" if merchant is None else "merchant", merchant_id=merchant, body=body)
        self.give(self._sent, words, draft)

    async def _sent(self, words: OwnWords, draft: str) -> None:
        """The text is kept until the service has it."""
        await self._done(partial(self.desk.client.write_sms, self.number, words), "told.sms_written")
        self.desk.drafts.pop(draft, None)
