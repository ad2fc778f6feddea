"""The console: log-in, the board, the way between the screens, and the stream that keeps it all true."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import ClassVar

import structlog
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.screen import Screen
from textual.theme import Theme

from console import times
from console.bell import Bell
from console.board.screen import BoardScreen
from console.card.find import Find
from console.card.screen import CardScreen
from console.case import news as turn_news
from console.case.screen import CaseScreen
from console.client import Client
from console.desk import Desk
from console.errors import ConsoleError, Refused, SignedOut, Unreachable
from console.help import Help
from console.keys import key, live_keys
from console.login.screen import Credentials, LoginScreen
from console.messages import CaseOpened, Failed, OpenCall, OpenCase, OpenResident, Told
from console.phone import news as telephone_news
from console.phone.everywhere import Everywhere
from console.room import Room
from console.speech import Speech
from console.stream import Away, Back, Stream
from console.world import World
from dispatch.wire.board import Board, Event
from dispatch.wire.operators import Session
from dispatch.wire.people import ResidentLine

log = structlog.get_logger()

_BATCH = 0.05  # seconds: whatever comes in meanwhile is painted once
_AGAIN = 1.0  # seconds between two tries at what has to come

THEME = Theme(
    name="townline",
    primary="#2f6f9f",
    secondary="#4b8b8b",
    accent="#f0c36a",
    warning="#d9902f",
    error="#c0392b",
    success="#2e8b57",
    foreground="#e6e9ec",
    background="#11161b",
    surface="#182028",
    panel="#24303b",
    dark=True,
    variables={"text-muted": "#93a3b1"},  # the theme's own, "auto 60%", comes out white in text and component styles
)


class Console(App[None]):
    """One operator's terminal. It asks the service and shows what the service says; it decides nothing."""

    TITLE = "Townline"
    CSS_PATH = [  # noqa: RUF012
        "room.tcss",
        "ledger.tcss",
        "top.tcss",
        "login/login.tcss",
        "board/board.tcss",
        "card/card.tcss",
        "case/case.tcss",
        "care/care.tcss",
        "doubles/doubles.tcss",
        "match/match.tcss",
        "merchant/merchant.tcss",
        "report/report.tcss",
        "rules/rules.tcss",
        "visits/visits.tcss",
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (130, "-wide")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        key("f2", "app.my_call", "app.my_call", priority=True),
        key("f3", "app.find", "app.find"),
        key("f4", "app.first_need", "app.first_need", priority=True),
        key("f7", "app.presence", "app.presence", priority=True),
        key("f9", "app.emergency", "app.emergency", priority=True),
        key("f10", "app.ready", "app.ready", priority=True),
        key("f12", "app.clear_silence", "app.clear_silence", priority=True),
        key("f1", "app.help", "app.help", priority=True),
        key("f8", "app.language", "app.language", priority=True),
        key("ctrl+p", "app.command_palette", "app.palette", priority=True),
        key("ctrl+q", "app.quit", "app.quit", show=False, priority=True),
    ]

    def __init__(
        self,
        client: Client,
        *,
        language: str = "zh",
        language_fixed: bool = False,
        credentials: Credentials | None = None,
        clock: Callable[[], datetime] = times.now,
    ) -> None:
        """`language_fixed`: it stays whatever language the operator's own account has."""
        super().__init__()
        self.desk = Desk(client=client, world=World(clock), speech=Speech(language))
        client.speak(self.desk.speech.language)
        self._language_fixed = language_fixed
        self._credentials = credentials
        self._clock = clock
        self._stale = False
        self._shown: set[int] = set()  # calls whose card has opened by itself
        self._bell = Bell()
        self._everywhere = Everywhere(self, self.desk)

    def on_mount(self) -> None:
        self.register_theme(THEME)
        self.theme = THEME.name
        self.push_screen(BoardScreen(self.desk))
        self._ask_who(self._credentials)
        self.set_interval(_BATCH, self._batch)
        self.set_interval(1.0, self._tick)

    async def on_unmount(self) -> None:
        await self.desk.client.close()

    # Logging in

    def _ask_who(self, credentials: Credentials | None = None, *, expired: bool = False) -> None:
        self.push_screen(LoginScreen(self.desk, credentials, expired=expired), self._logged_in)

    def _logged_in(self, session: Session | None) -> None:
        if session is None:
            return
        self.desk.world.me = session.operator
        if not self._language_fixed and session.language != self.desk.speech.language:
            self._speak(Speech(session.language))
        self.run_worker(self._listen(), group="stream", exclusive=True, exit_on_error=False)

    def _signed_out(self) -> None:
        """Everything stays as it is below the log-in: typed text too."""
        if not any(isinstance(screen, LoginScreen) for screen in self.screen_stack):
            self._ask_who(expired=True)

    # The stream

    async def _listen(self) -> None:
        world = self.desk.world
        try:
            async for news in Stream(self.desk.client, clock=self._clock).news():
                match news:
                    case Board():
                        world.take(news)
                        self.run_worker(self._services(), group="services", exclusive=True, exit_on_error=False)
                    case Event():
                        for told in (telephone_news.told(news, world, self.desk.speech), turn_news.told(news, world)):
                            if told is not None:
                                self.post_message(told)
                        world.apply(news)
                    case Away(since):
                        world.went_away(since)
                    case Back():
                        world.came_back()
                self._stale = True
        except SignedOut:
            self._signed_out()
        except Exception as error:
            log.exception("stream.failed", error=type(error).__name__)
            self.post_message(Failed(error))

    async def _services(self) -> None:
        """Asked for until they come: without them no case can be opened."""
        while True:
            try:
                self.desk.services = await self.desk.client.services()
            except Unreachable:  # an outage is told by the stream
                await asyncio.sleep(_AGAIN)
            except ConsoleError as error:
                self.post_message(Failed(error))
                return
            else:
                self._stale = True
                return

    def _batch(self) -> None:
        if self._stale:
            self._stale = False
            self._attend()
            self._paint()

    def _tick(self) -> None:
        """Clocks run, and time alone makes a case late."""
        self._attend()
        self._paint()

    def _paint(self) -> None:
        """Every screen that can be seen: the topmost, and what lies under boxes."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Room):
                screen.repaint()
            if not screen.is_modal:
                break

    # What calls for attention by itself

    def _attend(self) -> None:
        world = self.desk.world
        if self._bell.is_due(world):
            self.bell()
        call = world.ringing_here() or world.my_call()
        if call is None or call.id in self._shown:
            return
        screen = self.screen
        if isinstance(screen, CardScreen) and screen.call_id == call.id:
            self._shown.add(call.id)
        elif isinstance(screen, Room) and screen.may_be_left:
            self._shown.add(call.id)
            self._open_call(call.id)

    # The way between the screens

    def _open_call(self, call_id: int) -> None:
        """A card in the place of a card, else on top: Escape leads back to where the operator was."""
        card = CardScreen(self.desk, call_id=call_id)
        if isinstance(self.screen, CardScreen):
            self.switch_screen(card)
        else:
            self.push_screen(card)

    def on_open_call(self, message: OpenCall) -> None:
        self._open_call(message.call_id)

    def on_open_resident(self, message: OpenResident) -> None:
        self.push_screen(CardScreen(self.desk, resident_id=message.resident_id))

    def on_open_case(self, message: OpenCase) -> None:
        self.push_screen(CaseScreen(self.desk, message.number))

    def on_case_opened(self, message: CaseOpened) -> None:
        """The new case takes the place of the form it came from."""
        self.switch_screen(CaseScreen(self.desk, message.number, "candidates" if message.needs_visit else "close"))

    def on_told(self, message: Told) -> None:
        said = self.desk.speech.say(message.key, **message.values)
        if message.warns:
            self.notify(said, severity="warning", timeout=10, markup=False)
        else:
            self.notify(said, markup=False)

    def on_failed(self, message: Failed) -> None:
        speech = self.desk.speech
        match message.error:
            case SignedOut():
                self._signed_out()
                return
            case Refused(problem=problem):
                said = speech.problem(problem)
            case ConsoleError():
                said = speech.say("problem.unreachable")
            case error:
                log.error("console.mistake", error=type(error).__name__, exc_info=error)
                said = speech.say("problem.mistake", error=type(error).__name__)
        self.notify(said, severity="error", timeout=10, markup=False)

    # Keys that work everywhere

    async def action_quit(self) -> None:
        """An open box is answered first: it might be the one that asks whether to leave."""
        if isinstance(self.screen, LoginScreen):
            self.exit()
        elif not self.screen.is_modal:
            self._everywhere.leave()

    def action_presence(self) -> None:
        if not self._is_asking():
            self._everywhere.presence()

    def action_ready(self) -> None:
        self._everywhere.ready()

    def action_emergency(self) -> None:
        """Also over a box: nothing is more urgent."""
        if not isinstance(self.screen, LoginScreen):
            self._everywhere.emergency()

    def action_clear_silence(self) -> None:
        """Nobody speaks in my call, and it is no emergency."""
        call, screen = self.desk.world.silent_call(), self.screen
        if call is not None and isinstance(screen, Room):
            screen.give(self._clear_silence, call.id)

    async def _clear_silence(self, call_id: int) -> None:
        self.desk.world.put_call(await self.desk.client.clear_silence(call_id))
        self.post_message(Told("told.silence_cleared"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Ready is a key only for one who is not; a silence is cleared only where there is one."""
        me = self.desk.world.me
        match action:
            case "ready":
                return me is not None and me.presence in ("break", "after_call")
            case "clear_silence":
                return self.desk.world.silent_call() is not None
            case _:
                return True

    def action_my_call(self) -> None:
        """The card of my call, or of the one that rings here, or of who has waited longest."""
        world = self.desk.world
        call = world.my_call() or world.ringing_here() or next(iter(world.waiting()), None)
        if call is not None and not self._is_asking():
            self._shown.add(call.id)
            if not (isinstance(self.screen, CardScreen) and self.screen.call_id == call.id):
                self._open_call(call.id)

    def action_first_need(self) -> None:
        need = next((need for need in self.desk.world.needs() if need.case), None)
        if need is None or self._is_asking():
            return
        if need.case is not None:
            self.push_screen(CaseScreen(self.desk, need.case.number))

    def action_find(self) -> None:
        if not self._is_asking():
            self.push_screen(Find(self.desk), self._found)

    def _found(self, resident: ResidentLine | None) -> None:
        if resident is not None:
            self.push_screen(CardScreen(self.desk, resident_id=resident.id))

    def _is_asking(self) -> bool:
        """Whether a box or the log-in is open, which has to be answered first."""
        return self.screen.is_modal or isinstance(self.screen, LoginScreen)

    def action_language(self) -> None:
        self._speak(self.desk.speech.switched())
        self._paint()

    def _speak(self, speech: Speech) -> None:
        self.desk.speech = speech
        self.desk.client.speak(speech.language)

    async def action_help(self) -> None:
        if not isinstance(self.screen, Help):
            self.push_screen(Help(self.desk, list(live_keys(self.screen))))

    def action_command_palette(self) -> None:
        if not self.screen.is_modal:
            self.push_screen(CommandPalette(placeholder=self.desk.speech.say("palette.placeholder")))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Whatever has a key has a line in the palette."""
        say = self.desk.speech.say
        for each in live_keys(screen):
            if each.show and each.action not in ("nothing", "choose", "app.command_palette"):
                title = f"{say(f'key.{each.name}')} ({each.keys})"

                async def run(action: str = each.action, on: Screen[object] = screen) -> None:
                    await on.run_action(action)

                yield SystemCommand(title, say(f"tip.{each.name}"), run)
