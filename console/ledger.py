"""Rows of columns measured in terminal cells. Only what is visible is drawn, and the cursor stays on its row.

Rows are given whole and told apart by their key: a burst of changes costs one `show`, and neither cursor nor scroll
jumps (a DataTable that is cleared and filled again loses both).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.keys import CHOOSE, key
from console.plain import fit

Cell = str | tuple[str, str]  # text, or text and its tone


@dataclass(frozen=True, slots=True)
class Column:
    """`width` in cells; with `share` it takes that part of what is left over as well."""

    width: int
    share: int = 0
    right: bool = False
    from_width: int = 0  # shown where the whole ledger is at least as wide


@dataclass(frozen=True, slots=True)
class Row:
    """`tone` colours the whole row, a cell's own tone goes before it."""

    key: str
    cells: tuple[Cell, ...]
    tone: str = ""


class Ledger(ScrollView, can_focus=True):
    """A list to look down and choose from. A tone is the name of a component class: `late`, `quiet`, …"""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "ledger--cursor",
        "ledger--faint-cursor",
        "ledger--late",
        "ledger--alarm",
        "ledger--needs",
        "ledger--warn",
        "ledger--good",
        "ledger--quiet",
        "ledger--strong",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        key("up", "step(-1)", "ledger.up", show=False),
        key("down", "step(1)", "ledger.down", show=False),
        key("pageup", "page(-1)", "ledger.page_up", show=False),
        key("pagedown", "page(1)", "ledger.page_down", show=False),
        key("home", "edge(0)", "ledger.first", show=False),
        key("end", "edge(-1)", "ledger.last", show=False),
        key("enter", "choose", CHOOSE, show=False),
    ]

    cursor: reactive[int] = reactive(0)

    class Chosen(Message):
        """Enter on a row."""

        def __init__(self, ledger: "Ledger", row: str) -> None:
            super().__init__()
            self.ledger = ledger
            self.row = row

        @property
        def control(self) -> "Ledger":
            return self.ledger

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, ledger: "Ledger", row: str) -> None:
            super().__init__()
            self.ledger = ledger
            self.row = row

        @property
        def control(self) -> "Ledger":
            return self.ledger

    def __init__(self, columns: Sequence[Column], *, id: str | None = None, marker: bool = True) -> None:  # noqa: A002
        """`marker`: whether the row of the cursor is marked even without the focus."""
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._rows: tuple[Row, ...] = ()
        self._empty = ""
        self._marker = marker

    @property
    def rows(self) -> tuple[Row, ...]:
        return self._rows

    @property
    def current(self) -> str | None:
        """The key of the row under the cursor."""
        return self._rows[self.cursor].key if self._rows else None

    def show(self, rows: Sequence[Row], empty: str = "") -> None:
        """Replaces all rows; the cursor stays on the row of the same key, or else where it was."""
        before, rows = self.current, tuple(rows)
        if rows == self._rows and empty == self._empty:
            return
        self._rows, self._empty = rows, empty
        self.virtual_size = Size(0, len(rows))
        kept = next((index for index, row in enumerate(rows) if row.key == before), None)
        self.cursor = max(min(self.cursor, len(rows) - 1), 0) if kept is None else kept
        self.refresh(layout=self.styles.is_auto_height)
        if self.current != before:
            self._moved()

    def jump(self, row: str) -> None:
        """Puts the cursor on the row of that key, if there is one."""
        self.cursor = next((index for index, each in enumerate(self._rows) if each.key == row), self.cursor)

    def watch_cursor(self) -> None:
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)
        self.refresh()
        self._moved()

    def _moved(self) -> None:
        if self.current is not None and self.is_attached:
            self.post_message(self.Moved(self, self.current))

    def action_step(self, by: int) -> None:
        self.cursor = max(min(self.cursor + by, len(self._rows) - 1), 0)

    def action_page(self, by: int) -> None:
        self.action_step(by * max(self.size.height - 1, 1))

    def action_edge(self, index: int) -> None:
        self.cursor = 0 if index == 0 else max(len(self._rows) - 1, 0)

    def action_choose(self) -> None:
        if self.current is not None:
            self.post_message(self.Chosen(self, self.current))

    def on_click(self, event: Click) -> None:
        index = event.y + self.scroll_offset.y
        if index < len(self._rows):
            self.cursor = index
            self.action_choose()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(len(self._rows), 1)

    def render_line(self, y: int) -> Strip:
        width, index = self.scrollable_content_region.width, y + self.scroll_offset.y
        if not self._rows and y == 0:
            return Strip([Segment(fit(self._empty, width), self.rich_style + self._tone("quiet"))], width)
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row, ground = self._rows[index], self.rich_style + self._cursor(index)
        segments: list[Segment] = []
        for column, cells, cell in zip(self._columns, _shares(self._columns, width), row.cells, strict=True):
            text, tone = (cell, "") if isinstance(cell, str) else cell
            if cells:
                gap = [Segment(" ", ground)] if segments else []
                segments += [*gap, Segment(fit(text, cells, column.right), ground + self._tone(tone or row.tone))]
        return Strip(segments).adjust_cell_length(width, ground)

    def _tone(self, tone: str) -> Style:
        return self.get_component_rich_style(f"ledger--{tone}", partial=True) if tone else Style.null()

    def _cursor(self, index: int) -> Style:
        if index != self.cursor or not (self.has_focus or self._marker):
            return Style.null()
        return self._tone("cursor" if self.has_focus else "faint-cursor")


def _shares(columns: Sequence[Column], width: int) -> list[int]:
    """Every column's width in cells, 0 for one that this ledger is too narrow for."""
    shown = [width >= column.from_width for column in columns]
    left = width - sum(column.width for column, is_shown in zip(columns, shown, strict=True) if is_shown)
    left = max(left - (sum(shown) - 1), 0)
    total = sum(column.share for column, is_shown in zip(columns, shown, strict=True) if is_shown) or 1
    return [
        column.width + left * column.share // total if is_shown else 0
        for column, is_shown in zip(columns, shown, strict=True)
    ]
