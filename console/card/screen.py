"""The card of a call, or of a resident who is not on the line."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.widgets import Static

from console.ask.line import Line
from console.ask.pick import Choice, Pick
from console.board.panel import Panel
from console.board.rows import OF_ONE_COLUMNS, case_text, rows_of_one
from console.card import consent, leaving, record, still
from console.card.call import call_head, nobody
from console.card.find import Find
from console.card.history import HistoryScreen
from console.card.register import Register
from console.card.resident import details, summary
from console.card.speaker import change, speakers
from console.care.screen import CareScreen
from console.case.new import NewCaseScreen
from console.desk import Desk
from console.errors import Refused
from console.keys import digit, key
from console.ledger import Ledger
from console.messages import OpenCase, Told
from console.people import person
from console.phone.in_call import About
from console.phone.room import PhoneRoom
from dispatch.wire.calls import CallCard, CallChange, CallLine
from dispatch.wire.cases import CaseLine, Remind
from dispatch.wire.people import ResidentCard, ResidentLine


class CardScreen(PhoneRoom):
    """One key for everything a caller may want; the digits are her open cases, or the people on that line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("n,f5", "new_case", "card.new_case"),
        key("m,f6", "remind", "card.remind"),
        key("1", "nothing", "card.digit", shown="1-9"),
        key("w", "speaker", "card.speaker"),
        key("b,f3", "find", "card.find"),
        key("k", "keep_line", "card.keep_line"),
        key("r", "register", "card.register"),
        key("s", "settle", "card.settle"),
        key("c", "care", "card.care"),
        key("v", "still", "card.still"),
        key("u", "record", "card.record"),
        key("a", "consent", "card.consent"),
        key("e", "leaving", "card.leaving"),
        key("p", "history", "card.history"),
    ]
    enter = "card.open_case"

    def __init__(self, desk: Desk, *, call_id: int | None = None, resident_id: int | None = None) -> None:
        super().__init__(desk)
        self.call_id = call_id
        self._resident_id = resident_id
        self._call: CallCard | None = None
        self._card: ResidentCard | None = None
        self._opened_for: int | None = None  # the resident whose card was asked for last

    @property
    def may_be_left(self) -> bool:
        call = self.call
        return call is None or not (call.state == "talking" and self.desk.world.is_mine(call))

    @property
    def call(self) -> CallLine | None:
        """As the stream said last; as it was opened where the stream said nothing of it."""
        return self.desk.world.call(self.call_id or 0) or self._call

    @property
    def resident(self) -> ResidentLine | None:
        call = self.call
        return call.resident if call is not None else self._card

    @property
    def cases(self) -> list[CaseLine]:
        """What is open: of the resident, from this call, of the merchant who calls."""
        world, resident = self.desk.world, self.resident
        found = {case.number: case for case in (self._call.cases if self._call is not None else [])}
        numbers = [*found, *(offer.case_number for offer in (self._call.merchant_offers if self._call else []))]
        found |= {number: world.cases[number] for number in numbers if number in world.cases}
        if resident is not None:
            found |= {case.number: case for case in world.cases_of(resident.id)}
        return [case for case in found.values() if case.state not in ("closed", "cancelled")]

    @property
    def about(self) -> About:
        call, cases = self.call, self.cases
        merchants = [case.merchant for case in cases if case.merchant is not None]
        if call is not None and call.merchant is not None:
            merchants.insert(0, call.merchant)
        return About(
            call=call,
            resident=self.resident,
            card=self._card,
            case_number=call.call_back if call is not None else None,
            merchants=merchants,
            calls=[call.id] if call is not None and call.state == "ended" else [],
        )

    def furnish(self) -> ComposeResult:
        with Container(id="card"):
            with VerticalScroll(id="card-person"):
                yield Static(id="card-call", markup=False)
                yield Static(id="card-resident", markup=False)
            yield Panel(OF_ONE_COLUMNS, id="card-cases")

    def on_mount(self) -> None:
        self.query_one("#card-cases", Panel).ledger.focus()
        self.load(self._open)

    async def _open(self) -> None:
        if self.call_id is not None:
            self._opened_for = self.resident.id if self.resident is not None else None
            self._call = await self.desk.client.call(self.call_id)
            self._card = self._call.card
        elif self._resident_id is not None:
            self._card = await self.desk.client.resident(self._resident_id)
        self.repaint()

    def paint(self) -> None:
        world, speech, call = self.desk.world, self.desk.speech, self.call
        head = self.query_one("#card-call", Static)
        head.display = call is not None
        if call is not None:
            head.update(call_head(call, world, speech))
        self.query_one("#card-resident", Static).update(self._about())
        cases = self.cases
        rows = rows_of_one(cases, world, speech)
        self.query_one("#card-cases", Panel).show(
            speech.say("card.cases", count=len(cases)), rows, speech.say("card.no_cases")
        )
        if self._call is not None and call is not None and call.resident is not None:
            self._follow(call.resident)
        self.refresh_bindings()

    def _follow(self, resident: ResidentLine) -> None:
        """Somebody has said that the call is about another resident: hers is the card to show."""
        if resident.id != self._opened_for:
            self._opened_for, self._card = resident.id, None
            self.load(self._open)

    def _about(self) -> Content:
        speech, resident = self.desk.speech, self.resident
        if self._card is not None:
            return details(self._card, speech, self.desk.world)
        if resident is not None:
            return summary(resident, speech)
        return nobody(self.call, speech) if self.call is not None else Content(speech.say("card.opening"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        call, resident = self.call, self.resident
        match action:
            case "speaker":
                return call is not None
            case "keep_line":
                return call is not None and resident is not None and self._line_is_new(call, resident)
            case "register":
                return call is not None and resident is None
            case "settle":
                return call is not None and call.call_back is not None
            case "remind":
                return bool(self.cases)
            case "still":
                return self._card is not None and bool(self._card.old)
            case "consent" | "record":
                return self._card is not None and self._card.left is None
            case "leaving":
                return self._card is not None and (call is None or call.state == "ended")
            case "care" | "history":
                return resident is not None
            case _:
                return super().check_action(action, parameters)

    @staticmethod
    def _line_is_new(call: CallLine, resident: ResidentLine) -> bool:
        return call.number_known and resident.id not in {each.id for each in call.who}

    def on_key(self, event: Key) -> None:
        index, call = digit(event), self.call
        if index is None:
            return
        if call is not None and call.resident is None and len(call.who) > 1:
            if index < len(call.who):
                event.stop()
                self.give(self._about_resident, call.who[index])
        elif index < len(self.cases):
            event.stop()
            self.post_message(OpenCase(self.cases[index].number))

    @on(Ledger.Chosen)
    def _case_chosen(self, event: Ledger.Chosen) -> None:
        self.post_message(OpenCase(event.row))

    # What the keys do

    def action_new_case(self) -> None:
        self.app.push_screen(NewCaseScreen(self.desk, call=self.call, resident=self.resident))

    def action_remind(self) -> None:
        """Where is my medicine? It joins the open case; of several, one is picked."""
        cases = self.cases
        if len(cases) == 1:
            self.give(self._remind, cases[0].number)
        elif cases:
            speech = self.desk.speech
            choices = [
                Choice(case.number, case_text(case, speech), speech.word("case", case.state)) for case in cases
            ]
            self.app.push_screen(Pick(self.desk, "remind.which", choices), self._remind_chosen)

    def _remind_chosen(self, number: str | None) -> None:
        if number is not None:
            self.give(self._remind, number)

    async def _remind(self, number: str) -> None:
        case = await self.desk.client.remind(number, Remind(call_id=self.call_id))
        self.desk.world.put_case(case)
        self.app.post_message(Told("told.reminded", number=number, count=case.reminders))

    def action_speaker(self) -> None:
        if (call := self.call) is not None:
            choices = speakers(call, self._card, self.desk.speech)
            self.app.push_screen(Pick(self.desk, "card.who_speaks", choices, call.speaker), self._speaker_chosen)

    def _speaker_chosen(self, choice: str | None) -> None:
        if choice == "other":
            self.app.push_screen(Line(self.desk, "card.other_name", "card.other_name.hint", longest=80), self._other)
        elif choice is not None and (call := self.call) is not None:
            self.give(self._change, change(call, self._card, choice))

    def _other(self, name: str | None) -> None:
        if name is not None and (call := self.call) is not None:
            self.give(self._change, change(call, self._card, "other", name))

    def action_find(self) -> None:
        """Whom it is about: found by name."""
        self.app.push_screen(Find(self.desk), self._found)

    def _found(self, resident: ResidentLine | None) -> None:
        if resident is None:
            return
        if self.call_id is not None:
            self.give(self._about_resident, resident)
        else:
            self._resident_id, self._card = resident.id, None
            self.load(self._open)

    async def _about_resident(self, resident: ResidentLine) -> None:
        if (call := self.call) is not None:
            await self._change(CallChange(version=call.version, resident_id=resident.id))

    def action_keep_line(self) -> None:
        """This number is hers from now on."""
        if (call := self.call) is not None and call.resident is not None:
            self.give(self._keep_line, call, call.resident)

    async def _keep_line(self, call: CallLine, resident: ResidentLine) -> None:
        await self._change(CallChange(version=call.version, resident_id=resident.id, remember_line=True))
        self.app.post_message(Told("told.line_kept", who=person(resident, self.desk.speech)))

    def action_register(self) -> None:
        call = self.call
        number = call.number if call is not None and call.number_known else ""
        self.app.push_screen(Register(self.desk, self.call_id, number), self._registered)

    def _registered(self, card: ResidentCard | None) -> None:
        if card is not None:
            self.load(self._open)

    def action_still(self) -> None:
        """What has grown old, asked while she is on the telephone."""
        if self._card is not None:
            self.ask(self._ask_still, self._card)

    async def _ask_still(self, card: ResidentCard) -> None:
        asked = await still.ask(self.desk, card, self.app.push_screen_wait)
        if asked is not None:
            self._card = asked
            self.repaint()

    def action_record(self) -> None:
        """Her contacts, her lines, where she lives and whatever else is known of her: one part of it is changed."""
        if self._card is not None:
            self.ask(self._ask_record, self._card)

    async def _ask_record(self, card: ResidentCard) -> None:
        try:
            changed = await record.ask(self.desk, card, self.app.push_screen_wait)
        except Refused:  # perhaps somebody else was faster: what is now has to be seen
            self.load(self._open)
            raise
        if changed is not None and self._card is not None and self._card.id == changed.id:
            self._card = changed
            if self.call_id is not None:  # its head names her too
                self._call = await self.desk.client.call(self.call_id)
                self.desk.world.put_call(self._call)
            self.repaint()

    def action_consent(self) -> None:
        """To what is kept about her: given, or withdrawn."""
        if self._card is not None:
            self.ask(self._ask_consent, self._card)

    async def _ask_consent(self, card: ResidentCard) -> None:
        asked = await consent.ask(self.desk, card, self.app.push_screen_wait)
        if asked is not None:
            self._card = asked
            self.app.post_message(Told("told.consented" if asked.consented_on else "told.consent_withdrawn"))
            self.repaint()

    def action_leaving(self) -> None:
        """She has died or moved away, or is back; not while somebody is on the line about her."""
        if self._card is not None:
            self.ask(self._ask_leaving, self._card)

    async def _ask_leaving(self, card: ResidentCard) -> None:
        left = await leaving.ask(self.desk, card, self.app.push_screen_wait)
        if left is not None:
            self._card = left
            self.app.post_message(Told("told.left" if left.left is not None else "told.back"))
            self.repaint()

    def action_care(self) -> None:
        """When she is called to hear whether she is well."""
        if self.resident is not None:
            self.app.push_screen(CareScreen(self.desk, self.resident))

    def action_history(self) -> None:
        """Who changed what of her record."""
        if self.resident is not None:
            self.app.push_screen(HistoryScreen(self.desk, self.resident))

    def action_settle(self) -> None:
        if self.call_id is not None:
            self.give(self._settle, self.call_id)

    async def _settle(self, call_id: int) -> None:
        self.desk.world.put_call(await self.desk.client.settle_call(call_id))
        self.repaint()

    async def _change(self, wanted: CallChange) -> None:
        """Telephone calls change by themselves (it rang on, it was answered): only what an operator fills in counts.

        A version that is too old is therefore read anew, and refused only if another operator has filled in the
        same fields meanwhile.
        """
        call = self.call
        assert self.call_id is not None
        assert call is not None
        try:
            card = await self.desk.client.change_call(self.call_id, wanted)
        except Refused as error:
            now = await self.desk.client.call(self.call_id)
            if error.problem.key != "stale_version" or _filled_in(now) != _filled_in(call):
                raise
            card = await self.desk.client.change_call(
                self.call_id, wanted.model_copy(update={"version": now.version})
            )
        self._call, self._card = card, card.card
        self._opened_for = card.resident.id if card.resident is not None else None
        self.desk.world.put_call(card)
        self.repaint()


def _filled_in(call: CallLine) -> tuple[int | None, str, str | None]:
    return call.resident.id if call.resident is not None else None, call.speaker, call.speaker_name
