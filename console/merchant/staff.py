"""Who goes to the door for a merchant: somebody new, somebody away or back, somebody who has left."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from console.ask.complaints import complaints
from console.ask.form import Form, OneOf, Text
from console.ask.pick import Choice, Pick
from console.case.moment import day
from console.desk import Desk
from console.errors import Refused
from console.keys import key
from console.merchant.agreed import absence
from console.plain import plain
from console.room import Ask, Question
from dispatch.wire.merchants import MerchantCard
from dispatch.wire.people import AwayEntry, MerchantChange, StaffEntry, StaffView

_FIELDS = (
    Text("name", "staff.name", 80),
    Text("number", "staff.number", 64),
    OneOf("away", "staff.is_away", "answer_yes", ("no", "yes")),
    Text("first", "staff.first", 20),
    Text("last", "staff.last", 20),
)
_AT = {
    "number": "number",
    "away": "last",
    "first": "first",
    "last": "last",
}  # which field a refusal stands at, if not the name


async def ask(desk: Desk, card: MerchantCard, ask_one: Ask) -> MerchantCard | None:
    """The merchant afterwards; None when nothing was said."""
    say = desk.speech.say
    known = [Choice(str(at), plain(one.name, 80), absence(one, desk.speech)) for at, one in enumerate(card.staff)]
    who = await ask_one(Pick(desk, "staff.title", [*known, Choice("new", say("staff.new"))])) if known else "new"
    if who is None:
        return None
    if who == "new":
        return await _asked(ask_one, StaffForm(desk, card, len(card.staff)))
    at = int(who)
    member = card.staff[at]
    there = (
        [Choice("away", say("staff.goes_away"))] if member.away is None else [Choice("back", say("staff.is_back"))]
    )
    choices = [*there, Choice("change", say("staff.change")), Choice("gone", say("staff.gone"))]
    match await ask_one(Pick(desk, "staff.what", choices)):
        case "back":
            return await _written(desk, card, _others(card, at, member.model_copy(update={"away": None})))
        case "gone":
            return await _written(desk, card, _others(card, at))
        case "away":
            return await _asked(ask_one, StaffForm(desk, card, at, goes_away=True))
        case "change":
            return await _asked(ask_one, StaffForm(desk, card, at))
    return None


class StaffForm(Question[MerchantCard | None]):
    """Answers the merchant as it is now; what the service refuses is said at the field, and what was typed stays."""

    BINDINGS: ClassVar[list[BindingType]] = [key("ctrl+s", "save", "staff.save", priority=True)]

    def __init__(self, desk: Desk, card: MerchantCard, at: int, *, goes_away: bool = False) -> None:
        """`at`: where she stands in the list, its end for somebody new. `goes_away`: asked when she is back."""
        super().__init__(desk)
        self._card = card
        self._at = at
        self._begin = "last" if goes_away else "name"
        self._draft = f"staff:{card.id}:{at}"
        today = desk.world.now().astimezone(desk.world.zone).date()
        member = card.staff[at] if at < len(card.staff) else None
        away = AwayEntry(first=today) if goes_away else member.away if member is not None else None
        desk.drafts.setdefault(
            self._draft,
            {
                "name": member.name if member is not None else "",
                "number": (member.number or "") if member is not None else "",
                "away": "no" if away is None else "yes",
                "first": away.first.isoformat() if away is not None and away.first is not None else "",
                "last": away.last.isoformat() if away is not None and away.last is not None else "",
            },
        )

    def furnish(self) -> ComposeResult:
        yield Static(classes="question--title", markup=False)
        yield Form(self.desk, self._draft, _FIELDS, says=True)
        yield Static(classes="question--hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(f"#field-{self._begin}").focus()

    def paint(self) -> None:
        say = self.desk.speech.say
        self.query_one(".question--title", Static).update(plain(self._card.name, 80))
        self.query_one(Form).paint()
        self.query_one(".question--hint", Static).update(say("staff.form_hint"))

    def action_leave(self) -> None:
        self.query_one(Form).forget()
        self.dismiss(None)

    @on(Form.Submitted)
    def action_save(self) -> None:
        form = self.query_one(Form)
        typed = {field.name: form.value(field.name) for field in _FIELDS}
        wrong, days = self._days(typed)
        if not typed["name"]:
            wrong["name"] = self.desk.speech.say("refused.required")
        if typed["away"] == "no" and (typed["first"] or typed["last"]):
            wrong["away"] = self.desk.speech.say("staff.days_of_nothing")
        form.complain(wrong)
        if not wrong:
            away = AwayEntry(**days) if typed["away"] == "yes" else None
            self.give(self._save, form, StaffEntry(name=typed["name"], number=typed["number"] or None, away=away))

    def _days(self, typed: Mapping[str, str]) -> tuple[dict[str, str], dict[str, date | None]]:
        """What is wrong with them, and which they are."""
        today = self.desk.world.now().astimezone(self.desk.world.zone).date()
        wrong, days = {}, {}
        for name in ("first", "last"):
            try:
                days[name] = day(typed[name], today)
            except ValueError:
                wrong[name] = self.desk.speech.say("refused.not_a_date")
        return wrong, days

    async def _save(self, form: Form, member: StaffEntry) -> None:
        try:
            saved = await _written(self.desk, self._card, _others(self._card, self._at, member))
        except Refused as refused:
            said = complaints(refused.problem, self.desk.speech)
            if not said:
                raise
            form.complain({_AT.get(path.rpartition(".")[2], "name"): words for path, words in said.items()})
            return
        form.forget()
        if self.is_attached:
            self.dismiss(saved)


async def _asked(ask_one: Ask, form: StaffForm) -> MerchantCard | None:
    card: MerchantCard | None = await ask_one(form)
    return card


def _others(card: MerchantCard, at: int, member: StaffView | StaffEntry | None = None) -> list[StaffEntry]:
    """The whole list with this member at that place; without one, the list without whoever stands there."""
    put = [member] if member is not None else []
    return [StaffEntry(**one.model_dump(exclude={"id"})) for one in (*card.staff[:at], *put, *card.staff[at + 1 :])]


async def _written(desk: Desk, card: MerchantCard, staff: Sequence[StaffEntry]) -> MerchantCard:
    return await desk.client.change_merchant(card.id, MerchantChange(version=card.version, staff=list(staff)))
