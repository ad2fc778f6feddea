"""Some fields of a resident's record, changed at the desk while others may be changing it too."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from console.ask.complaints import complaints
from console.ask.form import Field, Form, Text
from console.ask.pick import Choice, Pick
from console.desk import Desk
from console.errors import Refused
from console.keys import key
from console.plain import plain
from console.room import Question
from dispatch.wire.people import ResidentCard, ResidentChange

Typed = Mapping[str, str]  # by the field's name

_LONGEST = 4000
_YES = "yes"


class Part(Protocol):
    """Which fields they are, and what they mean. Texts are message keys."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def fields(self) -> Sequence[Field]: ...

    def typed(self, card: ResidentCard) -> dict[str, str] | None:
        """As it stands in her record; None when it is in it no more."""

    def wrong(self, card: ResidentCard, typed: Typed) -> dict[str, str]:
        """What the service need not be asked about: a message key by the field."""

    def doubt(self, card: ResidentCard, typed: Typed) -> str:
        """What has to be asked before this is written; mostly nothing."""

    def change(self, card: ResidentCard, typed: Typed) -> dict[str, Any]:
        """What is sent."""

    def field_at(self, path: str) -> str:
        """The name of the field that the service means by a path of what was sent: `contacts.0.number`."""


class RecordForm(Question[ResidentCard | None]):
    """Answers her card as the service has it afterwards; None when nothing has changed.

    What the service refuses is said at the field. Where somebody else has changed the record meanwhile, it shows what
    is now, keeps what was typed, and writes nothing before it is saved again.
    """

    BINDINGS: ClassVar[list[BindingType]] = [key("ctrl+s", "save", "record.save", priority=True)]

    def __init__(self, desk: Desk, card: ResidentCard, part: Part) -> None:
        super().__init__(desk)
        self._part = part
        self._at_first = self._card = card
        self._before: Typed = part.typed(card) or dict.fromkeys((field.name for field in part.fields), "")
        self._draft = f"record:{part.name}:{card.id}:{card.version}"
        self._said: str | None = None
        desk.drafts.setdefault(self._draft, dict(self._before))

    def furnish(self) -> ComposeResult:
        yield Static(classes="question--title", markup=False)
        yield Form(self.desk, self._draft, self._part.fields, says=True)
        yield Static(classes="question--hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(f"#field-{self._part.fields[0].name}").focus()

    def paint(self) -> None:
        say = self.desk.speech.say
        title = f"{say(self._part.title)}  {plain(self._card.name, 80)}"
        self.query_one(".question--title", Static).update(title)
        self.query_one(Form).paint()
        hint = self.query_one(".question--hint", Static)
        hint.set_class(self._said is not None, "-wrong")
        hint.update(say("record.form_hint") if self._said is None else self._said)

    def action_leave(self) -> None:
        self.query_one(Form).forget()
        self.dismiss(self._card if self._card is not self._at_first else None)

    @on(Form.Submitted)
    def action_save(self) -> None:
        form, say = self.query_one(Form), self.desk.speech.say
        typed = {field.name: plain(form.value(field.name), _LONGEST) for field in self._part.fields}
        wrong = {field: say(said) for field, said in self._part.wrong(self._card, typed).items()}
        self._complain(form, wrong)
        if wrong:
            return
        if typed == self._before:
            self.action_leave()
        elif doubt := self._part.doubt(self._card, typed):
            self.ask(self._ask_first, form, typed, doubt)
        else:
            self.give(self._save, form, typed)

    async def _ask_first(self, form: Form, typed: Typed, doubt: str) -> None:
        if await self.app.push_screen_wait(sure(self.desk, doubt, "record.write")) == _YES:
            self.give(self._save, form, typed)

    async def _save(self, form: Form, typed: Typed) -> None:
        speech = self.desk.speech
        try:
            saved = await written(self.desk, self._card, self._part.change(self._card, typed))
        except Refused as refused:
            if refused.problem.key == "stale_version":
                await self._renew(form, typed, speech.problem(refused.problem))
                return
            said = complaints(refused.problem, speech)
            if not said:
                raise
            self._complain(form, {self._part.field_at(path): words for path, words in said.items()})
            return
        form.forget()
        if self.is_attached:
            self.dismiss(saved)

    async def _renew(self, form: Form, typed: Typed, who: str) -> None:
        """Fields that were not touched here show what is now; at the others it is said, and what was typed stays.

        `who` has changed it, as a sentence.
        """
        speech = self.desk.speech
        self._card = await self.desk.client.resident(self._card.id)
        now, wrong = self._part.typed(self._card), {}
        if now is None:
            self._before = dict.fromkeys(self._before, "")
            self._complain(form, {}, f"{who}  {speech.say('record.gone_meanwhile')}")
            return
        for field in self._part.fields:
            before, mine, theirs = self._before[field.name], typed[field.name], now[field.name]
            if theirs != before and mine == before:
                form.put(field.name, theirs)
            elif theirs not in (before, mine):
                wrong[field.name] = speech.say("record.is_now", now=self._shown(field, theirs))
        self._before = now
        self._complain(form, wrong, f"{who}  {speech.say('record.changed_meanwhile')}")

    def _shown(self, field: Field, value: str) -> str:
        speech = self.desk.speech
        words = [value] if isinstance(field, Text) else [speech.word(field.words, each) for each in value.split(",")]
        return " ".join(filter(None, words)) or speech.say("record.empty")

    def _complain(self, form: Form, wrong: Mapping[str, str], said: str | None = None) -> None:
        """Each at its field; what belongs to none stands below them."""
        known = {field.name for field in self._part.fields}
        rest = [words for field, words in wrong.items() if field not in known]
        self._said = "  ".join(filter(None, (said, *rest))) or None
        form.complain({field: words for field, words in wrong.items() if field in known})
        self.repaint()


def sure(desk: Desk, title: str, go_on: str, hint: str = "") -> Pick:
    """Asks once whether it is meant; the first choice changes nothing. Answers `yes`."""
    say = desk.speech.say
    return Pick(desk, title, [Choice("no", say("record.leave_it")), Choice(_YES, say(go_on), hint)])


async def written(desk: Desk, card: ResidentCard, change: Mapping[str, Any]) -> ResidentCard:
    """Her card afterwards. Raises Refused."""
    wanted = ResidentChange.model_validate({"version": card.version, **change})
    return await desk.client.change_resident(card.id, wanted)
