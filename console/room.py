"""What every screen has: the top, the footer, painting from the world, one command at a time."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar

import structlog
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.css.query import NoMatches
from textual.events import Key, ScreenResume
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, TextArea
from textual.worker import Worker, WorkType

from console.desk import Desk
from console.keys import Keys, key
from console.messages import Failed
from console.top import Top

log = structlog.get_logger()

Answer = TypeVar("Answer")
Given = ParamSpec("Given")

# A Chinese input method left in full-width mode sends ｎ and １ for n and 1.
_FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}


class Room(Screen[Answer], Generic[Answer]):
    """A whole screen. Subclasses yield their inside from `furnish` and write everything that is read in `paint`."""

    BINDINGS: ClassVar[list[BindingType]] = [key("escape", "leave", "room.leave")]
    strip = True  # whether the top names what needs me
    enter: str | None = None  # what Enter on a row of a list does, by the id of a key
    call_id: int | None = None  # the call that is shown here: the top need not name it too

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._order: Worker[None] | None = None
        self._failed_to_paint = False  # told once for each screen

    @property
    def may_be_left(self) -> bool:
        """Whether a card may open over it by itself: not while somebody is typing or choosing."""
        return False

    def compose(self) -> ComposeResult:
        yield Top(self.desk, strip=self.strip)
        yield from self.furnish()
        yield Keys(self.desk)

    def furnish(self) -> ComposeResult:
        """The widgets between top and footer."""
        raise NotImplementedError

    def paint(self) -> None:
        """Everything that is read on this screen, from the world as it is and in the language of the moment."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Called for every batch of news, every second, and when the language changes."""
        if not (self.is_mounted and self.is_attached):
            return
        try:
            for top in self.query(Top):
                top.paint(self.call_id)
            self.paint()
            self.query_one(Keys).paint()
        except NoMatches as error:
            log.debug("screen.taken_down", error=type(error).__name__)
        except Exception as error:
            # A line that cannot be drawn must not take the terminal away from an operator who is on the telephone.
            if not self._failed_to_paint:
                self.app.post_message(Failed(error))
            self._failed_to_paint = True

    def on_mount(self) -> None:
        self.repaint()

    def on_screen_resume(self, _event: ScreenResume) -> None:
        self.repaint()

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_nothing(self) -> None:
        """Stands behind keys that `on_key` reads itself and that the footer shows."""

    def give(self, order: Callable[Given, Awaitable[None]], *args: Given.args, **kwargs: Given.kwargs) -> None:
        """Carries out one command; while it is under way a second one from this screen is not taken.

        It goes on when the screen is left: what was ordered is ordered.
        """
        if self._order is None or self._order.is_finished:
            work: WorkType[None] = partial(self._settled, partial(order, *args, **kwargs))
            self._order = self.app.run_worker(work, group="orders", exit_on_error=False)

    def load(self, reading: Callable[Given, Awaitable[None]], *args: Given.args, **kwargs: Given.kwargs) -> None:
        """Reads something for this screen; a newer reading takes the place of one under way."""
        work: WorkType[None] = partial(self._settled, partial(reading, *args, **kwargs))
        self.run_worker(work, group="readings", exclusive=True, exit_on_error=False)

    def ask(self, questions: Callable[Given, Awaitable[None]], *args: Given.args, **kwargs: Given.kwargs) -> None:
        """Asks several questions one after the other (`App.push_screen_wait` needs a worker)."""
        work: WorkType[None] = partial(self._settled, partial(questions, *args, **kwargs))
        self.run_worker(work, group="questions", exclusive=True, exit_on_error=False)

    async def _settled(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except NoMatches as error:  # the screen was left meanwhile: nobody is there to read the answer
            log.debug("screen.taken_down", error=type(error).__name__)
        except Exception as error:
            self.app.post_message(Failed(error))

    def on_key(self, event: Key) -> None:
        typing = isinstance(self.focused, Input | TextArea)
        if event.character and not typing and (narrow := _FULL_WIDTH.get(ord(event.character[0]))):
            event.stop()
            self.app.simulate_key(narrow)


Ask = Callable[[Room[Any]], Awaitable[Any]]  # pushes a question and waits for its answer


class Question(Room[Answer], ModalScreen[Answer], Generic[Answer]):
    """A box over the screen, typed by its answer; None is "never mind"."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="question"):
            yield from self.furnish()
            yield Keys(self.desk)
