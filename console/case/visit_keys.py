"""How far a merchant is, as it was told by telephone: now, or later than it happened; and the word it says."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar, cast

from textual.binding import BindingType

from console.ask.line import Line
from console.ask.pick import Choice, Pick
from console.case.moment import earlier
from console.case.turns import TurnKeys
from console.keys import key
from console.messages import Told
from dispatch.wire.offers import VisitReport
from dispatch.wire.words import CaseState, VisitStep

UNDER_WAY = ("accepted", "on_the_way", "on_site")
_STEPS: dict[CaseState, tuple[VisitStep, ...]] = {
    "accepted": ("on_the_way", "at_the_door", "done"),
    "on_the_way": ("at_the_door", "done"),
    "on_site": ("done",),
}


class VisitKeys(TurnKeys):
    """The keys about the visit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("v", "visit", "case.visit"),
        key("V", "visit_later", "case.visit_later"),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("visit", "visit_later"):
            return self.case is not None and self.case.state in UNDER_WAY
        return super().check_action(action, parameters)

    def action_visit(self) -> None:
        """What the merchant says now; a visit that waits for the resident's word asks for that."""
        state = self.now

        def reported(step: str | None) -> None:
            if step == "done" and self._waits_for_word:
                self.app.push_screen(Line(self.desk, "case.word_title", "case.word_hint", longest=4), worded)
            elif step is not None:
                self._report(state, step)

        def worded(word: str | None) -> None:
            if word is not None and (not word or (word.isascii() and word.isdigit() and len(word) == 4)):
                self._report(state, "done", word=word or None)
            elif word is not None:
                self.post_message(Told("case.bad_word"))

        self._pick(state, reported)

    def action_visit_later(self) -> None:
        """Told late: the entry keeps the clock of now, and says when it is said to have happened."""
        state = self.now

        def reported(step: str | None) -> None:
            if step is not None:
                self.app.push_screen(Line(self.desk, "case.later_title", "case.later_hint"), partial(timed, step))

        def timed(step: str, text: str | None) -> None:
            if text is None:
                return
            try:
                at = earlier(text, self.desk.world.now(), self.desk.world.zone)
            except ValueError:
                self.post_message(Told("case.bad_earlier"))
            else:
                self._report(state, step, happened_at=at)

        self._pick(state, reported)

    def _pick(self, state: CaseState, reported: Callable[[str | None], None]) -> None:
        choices = [Choice(step, self.desk.speech.word("step", step)) for step in _STEPS.get(state, ())]
        self.app.push_screen(Pick(self.desk, "case.visit_title", choices), reported)

    def _report(self, state: CaseState, step: str, **more: object) -> None:
        report = VisitReport.model_validate({"expects": state, "step": cast("VisitStep", step), **more})
        self.move(partial(self.desk.client.report_visit, self.number, report))

    @property
    def _waits_for_word(self) -> bool:
        visit = self.card.visit if self.card is not None else None
        return visit is not None and visit.asks_for == "word" and visit.proved_by is None
