"""Who sits at this desk."""

from dataclasses import dataclass, field

from textual.app import ComposeResult
from textual.containers import Grid, Vertical
from textual.widgets import Input, Static

from console.desk import Desk
from console.errors import Refused, Unreachable
from console.room import Room
from dispatch.wire.operators import Session


@dataclass(frozen=True, slots=True)
class Credentials:
    login: str = ""
    password: str = field(default="", repr=False)


class LoginScreen(Room[Session]):
    """Answers with the session. Given both credentials it logs in without asking, and asks when they are refused."""

    strip = False

    def __init__(self, desk: Desk, credentials: Credentials | None = None, *, expired: bool = False) -> None:
        super().__init__(desk)
        self._credentials = credentials or Credentials()
        self._said: tuple[str, dict[str, str]] = ("login.expired" if expired else "", {})

    def furnish(self) -> ComposeResult:
        with Vertical(id="login"):
            yield Static(id="login-title", markup=False)
            with Grid():
                yield Static(id="login-name-label", markup=False)
                yield Input(self._credentials.login, id="login-name", max_length=40)
                yield Static(id="login-password-label", markup=False)
                yield Input(id="login-password", password=True, max_length=200)
            yield Static(id="login-said", markup=False)

    def on_mount(self) -> None:
        self.query_one("#login-password" if self._credentials.login else "#login-name", Input).focus()
        if self._credentials.login and self._credentials.password:
            self.give(self._log_in, self._credentials.login, self._credentials.password)

    def paint(self) -> None:
        say = self.desk.speech.say
        for part in ("title", "name-label", "password-label"):
            self.query_one(f"#login-{part}", Static).update(say(f"login.{part}", url=self.desk.client.url))
        key, values = self._said
        self.query_one("#login-said", Static).update(say(key, **values) if key else "")

    def action_leave(self) -> None:
        """There is nothing behind this screen to go back to."""

    def on_input_submitted(self) -> None:
        name, password = (self.query_one(f"#login-{part}", Input) for part in ("name", "password"))
        if not name.value.strip():
            name.focus()
        elif not password.value:
            password.focus()
        else:
            self.give(self._log_in, name.value.strip(), password.value)

    async def _log_in(self, login: str, password: str) -> None:
        self._say("login.asking")
        try:
            self.dismiss(await self.desk.client.log_in(login, password))
        except Refused as error:
            self._say("login.refused", why=self.desk.speech.problem(error.problem))
        except Unreachable as error:
            self._say("login.unreachable", url=self.desk.client.url, why=str(error))

    def _say(self, key: str, **values: str) -> None:
        self._said = (key, values)
        self.repaint()
