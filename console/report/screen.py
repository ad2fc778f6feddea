"""A month along the areas and merchant by merchant: how soon calls were answered, what became of cases, who came."""

from datetime import date, timedelta
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Static

from console.desk import Desk
from console.keys import key
from console.ledger import Cell, Column, Ledger, Row
from console.merchant.screen import MerchantScreen
from console.plain import plain
from console.room import Room
from dispatch.wire.report import FiguresView, MerchantFigures, ReportView

_WIDE = 130
_AREA = (  # what a column says, and its width; the last ones only where there is room
    *(("calls", 6), ("within_15", 8), ("within_60", 8), ("answered", 8), ("emergencies", 5), ("cases", 6)),
    *(("served", 6), ("late", 5), ("accepted", 6), ("visits", 5), ("satisfied", 6)),
)
_AREA_MORE = (("within_180", 8), ("asked", 6), ("accept_minutes", 8), ("visits_late", 6))
_MERCHANT = (
    *(("asked", 6), ("declined", 5), ("silent", 6), ("visits", 6), ("late", 5), ("satisfied", 6), ("fairly", 8)),
    *(("not_satisfied", 7), ("yellow", 5), ("red", 5), ("points", 6)),
)
_TOTAL = "total"


def _columns(*shown: tuple[str, int], more: tuple[tuple[str, int], ...] = ()) -> tuple[Column, ...]:
    return (
        Column(10, share=1),
        *(Column(width, right=True) for _, width in shown),
        *(Column(width, right=True, from_width=_WIDE) for _, width in more),
    )


class ReportScreen(Room[None]):
    """Enter opens an area's own report, or a merchant's record."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("p,left", "month(-1)", "report.before"),
        key("n,right", "month(1)", "report.after"),
        key("tab", "app.focus_next", "report.next"),
    ]
    enter = "report.open"

    def __init__(self, desk: Desk, *, area: str | None = None, day: date | None = None) -> None:
        """`day`: any one of the month; otherwise the one that runs."""
        super().__init__(desk)
        self._area = area
        self._day = (day or desk.world.now().astimezone(desk.world.zone).date()).replace(day=1)
        self._found: ReportView | None = None

    @property
    def may_be_left(self) -> bool:
        return True

    def furnish(self) -> ComposeResult:
        with Container(id="report"):
            yield Static(id="report-title", markup=False)
            for name, columns in (
                ("areas", _columns(*_AREA, more=_AREA_MORE)),
                ("merchants", _columns(*_MERCHANT)),
            ):
                heads = Ledger(columns, id=f"report-{name}-heads", marker=False)
                heads.add_class("report--heads")
                heads.can_focus = False
                yield heads
                yield Ledger(columns, id=f"report-{name}", marker=False)

    def on_mount(self) -> None:
        self.query_one("#report-areas", Ledger).focus()
        self.load(self._read)

    async def _read(self) -> None:
        last = (self._day + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        self._found = await self.desk.client.report(self._day, last, self._area)
        self.repaint()

    def paint(self) -> None:
        say, found = self.desk.speech.say, self._found
        month = f"{self._day:%Y-%m}"
        title = say("report.title", month=month, area=plain(found.name, 40)) if found is not None else month
        self.query_one("#report-title", Static).update(title)
        self._heads("areas", (*_AREA, *_AREA_MORE))
        self._heads("merchants", _MERCHANT)
        reading = say("report.reading")
        areas = self._areas(found) if found is not None else []
        self.query_one("#report-areas", Ledger).show(areas, reading)
        merchants = found.merchants if found is not None else []
        self.query_one("#report-merchants", Ledger).show(
            [self._merchant(place, each) for place, each in enumerate(merchants, 1)],
            reading if found is None else say("report.no_merchants"),
        )

    def _heads(self, name: str, columns: tuple[tuple[str, int], ...]) -> None:
        say = self.desk.speech.say
        words = [say(f"report.{name}"), *(say(f"report.{name}.{word}") for word, _ in columns)]
        self.query_one(f"#report-{name}-heads", Ledger).show([Row("heads", tuple(words), "quiet")])

    def _areas(self, found: ReportView) -> list[Row]:
        say = self.desk.speech.say
        lines = [
            Row(f"area:{each.area}", self._figures(plain(each.name or say("report.elsewhere"), 40), each))
            for each in found.lines
        ]
        return [*lines, Row(_TOTAL, self._figures(say("report.total"), found.total), "strong")]

    def _figures(self, name: str, of: FiguresView) -> tuple[Cell, ...]:
        minutes = f"{of.accept_seconds / 60 / of.accepted:.1f}" if of.accepted else ""
        said = of.satisfied + of.fairly + of.not_satisfied
        return (
            name,
            str(of.calls),
            _share(of.within_15, of.calls),
            _share(of.within_60, of.calls),
            _share(of.answered, of.calls),
            str(of.emergencies),
            str(of.cases),
            _share(of.served, of.cases),
            (str(of.late), "late" if of.late else ""),
            _share(of.accepted, of.asked),
            str(of.visits),
            _share(of.satisfied + of.fairly, said),
            _share(of.within_180, of.calls),
            str(of.asked),
            minutes,
            (str(of.visits_late), "late" if of.visits_late else ""),
        )

    def _merchant(self, place: int, each: MerchantFigures) -> Row:
        figures = each.model_dump()
        tones = {"yellow": "warn", "red": "late", "not_satisfied": "warn"}
        cells = tuple((f"{figures[word]:g}", tones.get(word, "") if figures[word] else "") for word, _ in _MERCHANT)
        return Row(str(each.merchant.id), (f"{place}. {plain(each.merchant.name, 80)}", *cells))

    def action_month(self, by: int) -> None:
        """Nothing has happened yet in a month to come."""
        now = self.desk.world.now().astimezone(self.desk.world.zone).date()
        other = (self._day + timedelta(days=31 if by > 0 else -1)).replace(day=1)
        if other <= now:
            self._day, self._found = other, None
            self.repaint()
            self.load(self._read)

    @on(Ledger.Chosen, "#report-areas")
    def _area_chosen(self, event: Ledger.Chosen) -> None:
        lines = self._found.lines if self._found is not None else []
        code = next((each.area for each in lines if f"area:{each.area}" == event.row), None)
        if code is not None:
            self.app.push_screen(ReportScreen(self.desk, area=code, day=self._day))

    @on(Ledger.Chosen, "#report-merchants")
    def _merchant_chosen(self, event: Ledger.Chosen) -> None:
        for each in self._found.merchants if self._found is not None else []:
            if str(each.merchant.id) == event.row:
                self.app.push_screen(MerchantScreen(self.desk, each.merchant))


def _share(part: int, of: int) -> str:
    return f"{100 * part / of:.0f}%" if of else ""
