"""The care plans of a resident: seen, agreed, changed, ended; below them how she was the last days."""

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Static

from console import times
from console.ask.pick import Choice, Pick
from console.board.panel import Panel
from console.board.rows import short
from console.care import words
from console.care.form import PlanForm
from console.desk import Desk
from console.keys import key
from console.ledger import Column, Ledger, Row
from console.messages import OpenCase, Told
from console.people import person
from console.records import CARE
from console.room import Room
from dispatch.wire.care import CareCheckView, CarePlanEnd, CarePlanView
from dispatch.wire.people import ResidentLine

_PLANS = (Column(24, share=2), Column(18, share=1), Column(20, share=2))
_CHECKS = (Column(12), Column(16, share=1), Column(12, share=1))
_PAUSE = 5.0  # seconds between two readings: at nine in the morning hundreds are called


class CareScreen(Room[None]):
    """Enter changes the plan under the cursor, or opens the case of a check."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("n", "agree", "care.agree"),
        key("e", "change", "care.change"),
        key("x", "end", "care.end"),
        key("tab", "app.focus_next", "care.next"),
    ]
    enter = "care.open"

    def __init__(self, desk: Desk, resident: ResidentLine) -> None:
        super().__init__(desk)
        self._resident = resident
        self._plans: list[CarePlanView] | None = None
        self._seen = -1  # which of the changes to care plans and calls has been read
        self._reading = False

    @property
    def may_be_left(self) -> bool:
        return True

    @property
    def plan(self) -> CarePlanView | None:
        """The one under the cursor."""
        row = self.query_one("#care-plans", Panel).ledger.current
        return next((plan for plan in self._plans or [] if str(plan.id) == row), None)

    def furnish(self) -> ComposeResult:
        with Vertical(id="care"):
            yield Static(id="care-resident", markup=False)
            yield Panel(_PLANS, id="care-plans")
            yield Panel(_CHECKS, id="care-checks")

    def on_mount(self) -> None:
        self.query_one("#care-plans", Panel).ledger.focus()

    @property
    def _touched(self) -> int:
        return self.desk.world.touched.get(CARE, 0)

    async def _follow(self) -> None:
        self._reading = True
        try:
            while self._seen != self._touched:
                self._seen = self._touched
                self._plans = await self.desk.client.care_plans(self._resident.id)
                self.repaint()
                await asyncio.sleep(_PAUSE)
        finally:
            self._reading = False

    def paint(self) -> None:
        speech = self.desk.speech
        self.query_one("#care-resident", Static).update(speech.say("care.title", who=person(self._resident, speech)))
        plans = self._plans or []
        going_on = sum(plan.state == "active" for plan in plans)
        self.query_one("#care-plans", Panel).show(
            speech.say("care.plans", count=going_on),
            [self._plan_row(plan) for plan in plans],
            speech.say("care.reading" if self._plans is None else "care.nothing"),
        )
        checks = self.plan.checks if self.plan is not None else []
        self.query_one("#care-checks", Panel).show(
            speech.say("care.checks", count=len(checks)),
            [self._check_row(check) for check in checks],
            speech.say("care.no_checks"),
        )
        if self.is_current and not self._reading and self._seen != self._touched:
            self.load(self._follow)
        self.refresh_bindings()

    def _plan_row(self, plan: CarePlanView) -> Row:
        world, speech = self.desk.world, self.desk.speech
        if plan.due_at is not None:
            next_time = times.day_and_hour(plan.due_at, world.zone, world.now())
            then = speech.say("care.next_time", time=next_time)
        else:
            ended = times.day(plan.ended_at, world.zone) if plan.ended_at is not None else ""
            then = speech.say("care.ended", day=ended)
        last = words.outcome(plan.checks[0], world, speech) if plan.checks else speech.say("care.not_called_yet")
        return Row(str(plan.id), (words.when(plan, speech), then, last), "" if plan.state == "active" else "quiet")

    def _check_row(self, check: CareCheckView) -> Row:
        world, speech = self.desk.world, self.desk.speech
        at = times.day_and_hour(check.due_at, world.zone, world.now())
        number = short(check.case_number) if check.case_number is not None else ""
        key_ = check.case_number or f"check:{check.due_at.isoformat()}"
        return Row(key_, (at, speech.word("check", check.state), number), words.TONES.get(check.state, "quiet"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("change", "end"):
            return self.is_mounted and self.plan is not None and self.plan.state == "active"
        return True

    @on(Ledger.Moved, "#care-plans-rows")
    def _other_plan(self) -> None:
        self.repaint()

    @on(Ledger.Chosen, "#care-plans-rows")
    def _plan_chosen(self) -> None:
        if self.check_action("change", ()):
            self.action_change()

    @on(Ledger.Chosen, "#care-checks-rows")
    def _check_chosen(self, event: Ledger.Chosen) -> None:
        if not event.row.startswith("check:"):
            self.post_message(OpenCase(event.row))

    def action_agree(self) -> None:
        self.app.push_screen(PlanForm(self.desk, self._resident.id), self._written)

    def action_change(self) -> None:
        self.app.push_screen(PlanForm(self.desk, self._resident.id, self.plan), self._written)

    def _written(self, plan: CarePlanView | None) -> None:
        if plan is not None:
            known = [each for each in self._plans or [] if each.id != plan.id]
            self._plans = sorted([*known, plan], key=lambda each: (each.state == "ended", each.id))
            self.repaint()
            self.query_one("#care-plans", Panel).ledger.jump(str(plan.id))

    def action_end(self) -> None:
        if (plan := self.plan) is None:
            return
        answers = [
            Choice("end", self.desk.speech.say("care.end_yes"), words.when(plan, self.desk.speech)),
            Choice("keep", self.desk.speech.say("care.end_no")),
        ]

        def answered(answer: str | None) -> None:
            if answer == "end":
                self.give(self._end, plan)

        self.app.push_screen(Pick(self.desk, "care.end_title", answers), answered)

    async def _end(self, plan: CarePlanView) -> None:
        ended = await self.desk.client.end_care_plan(self._resident.id, plan.id, CarePlanEnd(expects=plan.state))
        self.app.post_message(Told("told.care_ended"))
        if self.is_attached:
            self._written(ended)
