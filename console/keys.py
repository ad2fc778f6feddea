"""Keys: how they are declared, and the footer that shows those that do something now.

A key's description and tooltip are message keys (`key.<id>`, `tip.<id>`), so that footer, help and palette say them
in the language of the moment.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from textual.binding import Binding
from textual.content import Content
from textual.events import Key
from textual.screen import Screen
from textual.widgets import Static

from console.desk import Desk

CHOOSE = "ledger.choose"  # Enter on a row of a list
_RANKS = {"room.leave": 1, "app.emergency": 2}
_SHOWN = {"escape": "Esc", "enter": "Enter", "slash": "/", "pageup": "PgUp", "pagedown": "PgDn"}


def key(
    keys: str, action: str, name: str, *, show: bool = True, priority: bool = False, shown: str | None = None
) -> Binding:
    """A binding with its id, remappable and found by it. Of several keys the footer shows the first, or `shown`."""
    tip = f"tip.{name}"
    return Binding(keys, action, f"key.{name}", show=show, priority=priority, tooltip=tip, id=name, key_display=shown)


@dataclass(frozen=True, slots=True)
class LiveKey:
    """A key that does something on the screen of the moment."""

    keys: str  # "n, F2"
    name: str
    action: str
    show: bool


def live_keys(screen: Screen[object]) -> Iterator[LiveKey]:
    """The declared keys that work now. What Enter does to a row of a list is the screen's to say (`Room.enter`)."""
    found: dict[str, list[tuple[str, Binding]]] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.id is not None and binding.description.startswith("key.") and active.enabled:
            found.setdefault(binding.id, []).append((binding.key_display or _shown(binding.key), binding))
    enter: str | None = getattr(screen, "enter", None)
    if enter is not None:
        yield LiveKey(_shown("enter"), enter, "choose", True)
    for name in sorted(found, key=_rank):
        if name != CHOOSE or enter is None:
            binding = found[name][0][1]
            keys = ", ".join(shown for shown, _ in found[name])
            yield LiveKey(keys, name, binding.action, binding.show)


def _rank(name: str) -> int:
    """What the screen is for, the way back, help for somebody in need, what else works everywhere."""
    return _RANKS.get(name, 3 if name.startswith("app.") else 0)


def _shown(name: str) -> str:
    *modifiers, last = name.split("+")
    shown = _SHOWN.get(last, last if len(last) == 1 else last.capitalize())
    return "-".join([*(each.capitalize() for each in modifiers), shown.upper() if modifiers else shown])


def digit(event: Key) -> int | None:
    """The place in a list that a digit key means: 0 for `1`. None for every other key."""
    return int(event.character) - 1 if event.character and event.character in "123456789" else None


def digit_of(index: int) -> str:
    """The digit that means this place in a list; empty from the tenth on."""
    return str(index + 1) if index < 9 else ""


class Keys(Static):
    """The footer."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(markup=False)
        self._desk = desk

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _screen: self.paint())

    def on_resize(self) -> None:
        self.paint()

    def paint(self) -> None:
        """A key and its word stay on one line."""
        parts: list[str | tuple[str, str]] = []
        column = 0
        for each in live_keys(self.screen):
            if not each.show:
                continue
            shown, word = f" {each.keys.split(', ')[0]} ", self._desk.speech.say(f"key.{each.name}")
            column += (cells := cell_len(shown) + cell_len(word) + 1)
            if column > self.size.width and parts:
                parts.append("\n")
                column = cells
            parts += [(shown, "$accent bold"), word, " "]
        self.update(Content.assemble(*parts))
