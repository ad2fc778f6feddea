"""A merchant's record: how it is reached, how it has worked, its cards and what residents said."""

from datetime import timedelta
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import Static

from console import times
from console.ask.line import Line
from console.ask.pick import Choice, Pick
from console.board.panel import Panel
from console.board.rows import short
from console.desk import Desk
from console.keys import key
from console.ledger import Cell, Column, Ledger, Row
from console.merchant import staff
from console.merchant.agreed import details, headline
from console.messages import OpenCase, Told
from console.plain import plain
from console.room import Room
from console.speech import Speech
from console.world import World
from dispatch.wire.cards import CardView, DecideCard, DisputeCard, Suspend
from dispatch.wire.merchants import MerchantCard
from dispatch.wire.people import MerchantLine, SaidView

_COLUMNS = (Column(11), Column(9), Column(12, share=1), Column(12, share=1))
_CARD_COLUMNS = (Column(11), Column(9), Column(12), Column(8), Column(12, share=1))
_DECISIONS = {"standing": ("withdraw",), "disputed": ("uphold", "withdraw")}
_SUSPENDED_DAYS = ("1", "7", "30", "0")


class MerchantScreen(Room[None]):
    """Enter opens the case under the cursor: of a card, or of what a resident said."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("r", "again", "merchant.again"),
        key("tab", "app.focus_next", "merchant.next"),
        key("o", "dispute", "merchant.dispute"),
        key("w", "decide", "merchant.decide"),
        key("s", "suspend", "merchant.suspend"),
        key("p", "staff", "merchant.staff"),
    ]
    enter = "merchant.open_case"

    def __init__(self, desk: Desk, merchant: MerchantLine) -> None:
        super().__init__(desk)
        self._merchant = merchant
        self._card: MerchantCard | None = None

    @property
    def may_be_left(self) -> bool:
        return True

    def furnish(self) -> ComposeResult:
        with Container(id="merchant"):
            with VerticalScroll(id="merchant-scroll", can_focus=False):
                yield Static(id="merchant-card", markup=False)
            with Vertical(id="merchant-lists"):
                yield Panel(_CARD_COLUMNS, id="merchant-cards")
                yield Panel(_COLUMNS, id="merchant-said")

    def on_mount(self) -> None:
        self.query_one("#merchant-said", Panel).ledger.focus()
        self.action_again()

    @property
    def marked(self) -> CardView | None:
        """The card under the cursor."""
        row = self.query_one("#merchant-cards", Panel).ledger.current
        cards = self._card.cards if self._card is not None else []
        return next((card for card in cards if str(card.id) == row), None)

    @property
    def may_decide(self) -> bool:
        me = self.desk.world.me
        return me is not None and me.role != "operator"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        card = self.marked if action in ("dispute", "decide") else None
        match action:
            case "dispute":
                return card is not None and card.state == "standing"
            case "decide":
                return self.may_decide and card is not None and card.state in ("standing", "disputed")
            case "suspend" | "staff":
                return self.may_decide and self._card is not None
            case _:
                return super().check_action(action, parameters)

    def action_dispute(self) -> None:
        if (card := self.marked) is not None:
            self.ask(self._dispute, card)

    async def _dispute(self, card: CardView) -> None:
        words = await self.app.push_screen_wait(Line(self.desk, "merchant.dispute_title", "merchant.dispute_hint"))
        if words:
            await self.desk.client.dispute_card(card.id, DisputeCard(expects=card.state, words=words))
            self._done("told.disputed")

    def action_decide(self) -> None:
        if (card := self.marked) is not None:
            self.ask(self._decide, card)

    async def _decide(self, card: CardView) -> None:
        """A card that nobody disputes can only be withdrawn."""
        say = self.desk.speech.say
        choices = [Choice(word, say(f"decision.{word}"), plain(card.dispute)) for word in _DECISIONS[card.state]]
        word = await self.app.push_screen_wait(Pick(self.desk, "merchant.decide_title", choices))
        if word is None:
            return
        why = await self.app.push_screen_wait(Line(self.desk, "merchant.decide_why", "merchant.decide_hint"))
        if why:
            decision = DecideCard(expects=card.state, upheld=word == "uphold", why=why)
            await self.desk.client.decide_card(card.id, decision)
            self._done("told.decided")

    def action_suspend(self) -> None:
        if self._card is not None:
            self.ask(self._suspend if self._card.suspended_at is None else self._resume)

    async def _suspend(self) -> None:
        why = await self.app.push_screen_wait(
            Line(self.desk, "merchant.suspend_title", "merchant.suspend_hint", longest=200)
        )
        if not why:
            return
        choices = [Choice(days, self.desk.speech.word("suspend", days)) for days in _SUSPENDED_DAYS]
        days = await self.app.push_screen_wait(Pick(self.desk, "merchant.suspend_days", choices))
        if days is not None:
            until = self.desk.world.now() + timedelta(days=int(days)) if int(days) else None
            await self.desk.client.suspend_merchant(self._merchant.id, Suspend(why=why, until=until))
            self._done("told.suspended")

    async def _resume(self) -> None:
        await self.desk.client.resume_merchant(self._merchant.id)
        self._done("told.resumed")

    def action_staff(self) -> None:
        if self._card is not None:
            self.ask(self._staff, self._card)

    async def _staff(self, card: MerchantCard) -> None:
        changed = await staff.ask(self.desk, card, self.app.push_screen_wait)
        if changed is not None:
            self._done("told.staff_changed")

    def _done(self, told: str) -> None:
        self.app.post_message(Told(told))
        self.action_again()

    def action_again(self) -> None:
        self.load(self._open)

    async def _open(self) -> None:
        self._card = await self.desk.client.merchant(self._merchant.id)
        self.repaint()

    def paint(self) -> None:
        world, speech, card = self.desk.world, self.desk.speech, self._card
        head = headline(self._merchant, speech) if card is None else details(card, self.desk)
        self.query_one("#merchant-card", Static).update(head)
        cards = card.cards if card is not None else []
        self.query_one("#merchant-cards", Panel).show(
            speech.say("merchant.cards_title", count=len(cards)),
            [_card_row(each, world, speech) for each in cards],
            speech.say("merchant.no_cards"),
        )
        said = card.last_said if card is not None else []
        self.query_one("#merchant-said", Panel).show(
            speech.say("merchant.said_title", count=len(said)),
            [_said_row(each, world, speech) for each in said],
            speech.say("merchant.nobody_said"),
        )

        self.refresh_bindings()

    @on(Ledger.Moved, "#merchant-cards-rows")
    def _other_card(self) -> None:
        self.refresh_bindings()

    @on(Ledger.Chosen, "#merchant-said-rows")
    def _said_chosen(self, event: Ledger.Chosen) -> None:
        self.post_message(OpenCase(event.row))

    @on(Ledger.Chosen, "#merchant-cards-rows")
    def _card_chosen(self) -> None:
        if (card := self.marked) is not None:
            self.post_message(OpenCase(card.case_number))


def _card_row(card: CardView, world: World, speech: Speech) -> Row:
    """When, which, for what; how it stands, and what was said about it."""
    cells: tuple[Cell, ...] = (
        (times.day_and_hour(card.given_at, world.zone, world.now()), "quiet"),
        short(card.case_number),
        f"{speech.word('late', card.colour)} {speech.word('limit', card.limit)}",
        "" if card.state == "standing" else speech.word("card_state", card.state),
        plain(card.decision or card.dispute, 160),
    )
    tones = {"withdrawn": "quiet", "disputed": "needs"}
    return Row(str(card.id), cells, tones.get(card.state, {"yellow": "warn", "red": "late"}[card.colour]))


def _said_row(said: SaidView, world: World, speech: Speech) -> Row:
    tone = {"satisfied": "good", "not_satisfied": "late"}.get(said.satisfaction, "")
    at = times.day_and_hour(said.served_at, world.zone, world.now()) if said.served_at is not None else ""
    cells: tuple[Cell, ...] = (
        (at, "quiet"),
        short(said.case_number),
        plain(said.service_zh if speech.language == "zh" else said.service_en, 40),
        speech.word("satisfaction", said.satisfaction),
    )
    return Row(said.case_number, cells, tone)
