"""An SMS as it is typed: how long it is, how many short messages, and what they cost, while it grows."""

import asyncio

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from console.desk import Desk
from console.plain import plain
from console.room import Question
from dispatch.wire.sms import LONGEST, Reckoning

_SETTLED = 0.15  # seconds without a key before the service is asked


class WriteSms(Question[str | None]):
    """Answers what was typed; None when it was left with Escape. What was typed stays as a draft until it is sent."""

    enter = "sms.send"

    def __init__(self, desk: Desk, draft: str, to: str) -> None:
        """`to` is whom it goes to, as she is read; `draft` the name under which the text is kept."""
        super().__init__(desk)
        self._draft = draft
        self._to = plain(to, 80)
        self._reckoned: Reckoning | None = None
        self._of = ""  # the text that was reckoned

    def furnish(self) -> ComposeResult:
        kept = self.desk.drafts.setdefault(self._draft, {}).get("body", "")
        yield Static(classes="question--title", markup=False)
        with Vertical(classes="sms"):
            yield Input(kept, max_length=LONGEST, select_on_focus=False)
            yield Static(classes="sms--text", markup=False)
        yield Static(classes="question--hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self.load(self._reckon, self.query_one(Input).value)

    def paint(self) -> None:
        say, typed = self.desk.speech.say, self.query_one(Input).value
        self.query_one(".question--title", Static).update(say("sms.title", to=self._to))
        self.query_one(".sms--text", Static).update(plain(typed, LONGEST))
        self.query_one(".question--hint", Static).update(self._counted() if typed else Content(say("sms.hint")))

    def _counted(self) -> Content:
        """71 字，2 条（本条还可写 63 字），0.10 元."""
        say, reckoned = self.desk.speech.say, self._reckoned
        if reckoned is None:
            return Content(say("sms.counting"))
        length = say(
            f"sms.length_{reckoned.encoding}",
            characters=reckoned.characters,
            parts=reckoned.parts,
            left=reckoned.left,
        )
        cost = say("sms.cost", cost=f"{reckoned.cost:.2f}") if reckoned.cost is not None else say("sms.no_price")
        style = "bold $text-warning" if reckoned.parts > 1 else ""
        return Content.assemble((length, style), "  ", cost)

    def on_input_changed(self, event: Input.Changed) -> None:
        self.desk.drafts.setdefault(self._draft, {})["body"] = event.value
        self.repaint()
        self.load(self._reckon, event.value)

    async def _reckon(self, text: str) -> None:
        await asyncio.sleep(_SETTLED)
        self._reckoned, self._of = await self.desk.client.reckon_sms(text), text
        self.repaint()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter waits until what stands in the field has been counted: nobody sends three parts unseen."""
        if event.value.strip() and self._of == event.value:
            self.dismiss(event.value.strip())
