"""A care plan as one agrees it on the telephone: at what time, on which days."""

from datetime import time
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from console.ask.complaints import complaints
from console.ask.form import AnyOf, Form, OneOf, Text
from console.case.moment import clock
from console.desk import Desk
from console.errors import Refused
from console.keys import key
from console.messages import Told
from console.room import Question
from dispatch.wire.care import CarePlanChange, CarePlanView, NewCarePlan

_FIELDS = (
    Text("local_time", "care.local_time", 10),
    AnyOf("weekdays", "care.weekdays", "day", tuple("0123456")),
    OneOf("on_holidays", "care.holidays", "holidays", ("no", "yes")),
)


class PlanForm(Question[CarePlanView | None]):
    """Answers the plan as the service has it now; what it refuses is said at the field, and what was typed stays."""

    BINDINGS: ClassVar[list[BindingType]] = [key("ctrl+s", "save", "care.save", priority=True)]

    def __init__(self, desk: Desk, resident_id: int, plan: CarePlanView | None = None) -> None:
        super().__init__(desk)
        self._resident_id = resident_id
        self._plan = plan
        self._draft = f"care:{resident_id}:{plan.id if plan is not None else 'new'}"
        desk.drafts.setdefault(self._draft, _as_typed(plan))

    def furnish(self) -> ComposeResult:
        yield Static(classes="question--title", markup=False)
        yield Form(self.desk, self._draft, _FIELDS, says=True)
        yield Static(classes="question--hint", markup=False)

    def on_mount(self) -> None:
        self.query_one("#field-local_time").focus()

    def paint(self) -> None:
        say = self.desk.speech.say
        title = "care.new_title" if self._plan is None else "care.change_title"
        self.query_one(".question--title", Static).update(say(title))
        self.query_one(Form).paint()
        self.query_one(".question--hint", Static).update(say("care.form_hint"))

    def action_leave(self) -> None:
        self.query_one(Form).forget()
        self.dismiss(None)

    @on(Form.Submitted)
    def action_save(self) -> None:
        form, wrong = self.query_one(Form), {}
        at = _at(form.value("local_time"))
        weekdays = [int(day) for day in form.value("weekdays").split(",") if day]
        if at is None:
            wrong["local_time"] = self.desk.speech.say("refused.not_a_time")
        if not weekdays:
            wrong["weekdays"] = self.desk.speech.say("refused.required")
        form.complain(wrong)
        if at is not None and weekdays:
            self.give(self._save, form, at, weekdays, form.value("on_holidays") == "yes")

    async def _save(self, form: Form, at: time, weekdays: list[int], on_holidays: bool) -> None:
        client, plan = self.desk.client, self._plan
        try:
            if plan is None:
                new = NewCarePlan(local_time=at, weekdays=weekdays, on_holidays=on_holidays)
                saved = await client.agree_care_plan(self._resident_id, new)
            else:
                change = CarePlanChange(
                    version=plan.version, local_time=at, weekdays=weekdays, on_holidays=on_holidays
                )
                saved = await client.change_care_plan(self._resident_id, plan.id, change)
        except Refused as refused:
            if not (wrong := complaints(refused.problem, self.desk.speech)):
                raise
            form.complain(wrong)
            return
        form.forget()
        self.app.post_message(Told("told.care_saved"))
        if self.is_attached:
            self.dismiss(saved)


def _as_typed(plan: CarePlanView | None) -> dict[str, str]:
    if plan is None:
        return {"local_time": "09:00", "weekdays": "0,1,2,3,4,5,6", "on_holidays": "no"}
    return {
        "local_time": f"{plan.local_time:%H:%M}",
        "weekdays": ",".join(map(str, sorted(plan.weekdays))),
        "on_holidays": "yes" if plan.on_holidays else "no",
    }


def _at(text: str) -> time | None:
    try:
        return clock(text)
    except ValueError:
        return None
