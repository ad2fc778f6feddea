"""The public telephone network: a second Asterisk, whose dialplan plays merchants and residents.

It is reached by SIP only, like the network it stands for. Merchants' habits are global variables of its dialplan,
`HABIT_<subscriber> = <habit>:<seconds>`, and can be changed while it runs.
"""

import asyncio
import secrets
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from callbridge.exchange import Tree
from dispatch.rehearsal import ami
from dispatch.rehearsal.child import Child
from dispatch.rehearsal.community import Habits, VoiceHabit, subscriber
from dispatch.rehearsal.witness import Log

START_SECONDS = 20.0
# Asterisk complains of each of these when it is not there, and needs nothing of what could stand in them.
BARE = ("acl", "ccss", "cel", "features", "pjproject", "udptl")
RING_MILLISECONDS = 120_000


class TownDidNotStart(Exception):
    """The town's Asterisk did not come up; the message says where it wrote why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TownPlace:
    """Where the town is: its own address, and the trunk of the exchange it serves."""

    directory: Path
    address: str = "127.0.0.3"
    port: int = 5060
    ami_port: int = 5039
    rtp_ports: tuple[int, int] = (12000, 12999)
    trunk_address: str = "127.0.0.2"
    trunk_port: int = 5060


class Town:
    def __init__(self, tree: Tree, place: TownPlace, log: Log) -> None:
        self.tree = tree
        self.place = place
        self.log = log
        self._secret = secrets.token_urlsafe(24)
        self._process = Child(self.main_file)

    async def start(self, habits: dict[str, Habits]) -> None:
        """Starts it with these habits by telephone number and returns once it takes calls."""
        await asyncio.to_thread(self._write_configuration, habits)
        command = self.tree.command("asterisk", "-f", "-C", self.main_file)
        await self._process.start(command, environment=self.tree.environment())
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await self._booted():
                    if not self._process.runs:
                        raise TownDidNotStart(f"it ended by itself; see {self.place.directory / 'log' / 'messages'}")
                    await asyncio.sleep(0.1)
        except TimeoutError:
            await self.stop()
            raise TownDidNotStart(f"not ready after {START_SECONDS:g} s") from None

    async def stop(self) -> None:
        await self._process.stop()

    async def call(self, line: str, shown: str, hotline: str, sentence: Path, *, call: str, times: int = 6) -> None:
        """A resident dials `hotline`; the network presents `shown`. Once answered she says `sentence` (a wav file)
        `times` times, and hangs up. `call` is the call's id in the log; it is never used twice."""
        await self._act(
            "Originate",
            ("Channel", f"PJSIP/{hotline}@townline"),
            ("ChannelId", call),
            ("Context", "resident"),
            ("Exten", "s"),
            ("Priority", "1"),
            ("Timeout", str(RING_MILLISECONDS)),
            ("CallerID", f"<{shown}>"),
            ("Async", "true"),
            ("Variable", f"CALL={call}"),
            ("Variable", f"NUMBER={subscriber(line)}"),
            ("Variable", f"SENTENCE={sentence.with_suffix('')}"),
            ("Variable", f"TIMES={times}"),
        )

    async def press(
        self, line: str, shown: str, hotline: str, sentence: Path | None, *, call: str, keys: str, after: float
    ) -> None:
        """A resident dials `hotline`; `after` so many seconds of waiting she presses `keys` (`w`: half a second), and
        a while later says `sentence`, where there is one, and hangs up."""
        await self._act(
            "Originate",
            ("Channel", f"PJSIP/{hotline}@townline"),
            ("ChannelId", call),
            ("Context", "resident-keys"),
            ("Exten", "s"),
            ("Priority", "1"),
            ("Timeout", str(RING_MILLISECONDS)),
            ("CallerID", f"<{shown}>"),
            ("Async", "true"),
            ("Variable", f"CALL={call}"),
            ("Variable", f"NUMBER={subscriber(line)}"),
            ("Variable", f"KEYS={keys}"),
            ("Variable", f"AFTER={after:g}"),
            ("Variable", f"SENTENCE={sentence.with_suffix('') if sentence is not None else ''}"),
            ("Variable", f"TIMES={1 if sentence is not None else 0}"),
        )

    async def hang_up(self, call: str) -> None:
        """The resident of that call puts the telephone down."""
        await self._act("Hangup", ("Channel", call), ("Cause", "16"))

    async def set_habit(self, number: str, habit: VoiceHabit, seconds: float) -> None:
        """From now on, calls to `number` meet this."""
        await self._act("Setvar", ("Variable", f"HABIT_{subscriber(number)}"), ("Value", f"{habit}:{seconds:g}"))

    async def _act(self, action: str, *fields: tuple[str, str]) -> None:
        await ami.act(self.place.address, self.place.ami_port, self._secret, action, *fields)

    async def _booted(self) -> bool:
        """AMI answers before the channels are there; the command line can wait for all of it."""
        waiting = await asyncio.create_subprocess_exec(
            *self.tree.command("asterisk", "-C", self.main_file, "-rx", "core waitfullybooted"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=self.tree.environment(),
        )
        return await waiting.wait() == 0

    @property
    def main_file(self) -> Path:
        """Its asterisk.conf, which no other process has on its command line."""
        return self.place.directory / "etc" / "asterisk.conf"

    def _write_configuration(self, habits: dict[str, Habits]) -> None:
        for folder in ("etc", "run", "log", "spool", "db/keys"):
            (self.place.directory / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.log.path.parent.mkdir(parents=True, exist_ok=True)
        templates = Environment(
            loader=PackageLoader("dispatch.rehearsal", "templates"),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,  # noqa: S701 - Asterisk's configuration, made of our own values
        )
        values = {
            "directory": self.place.directory,
            "modules": self.tree.asterisk_modules,
            "data": self.tree.asterisk_data,
            "address": self.place.address,
            "port": self.place.port,
            "ami_port": self.place.ami_port,
            "rtp_ports": self.place.rtp_ports,
            "trunk": f"{self.place.trunk_address}:{self.place.trunk_port}",
            "trunk_address": self.place.trunk_address,
            "secret": self._secret,
            "log": self.log.path,
            "habits": {subscriber(number): f"{habit.voice}:{habit.seconds:g}" for number, habit in habits.items()},
        }
        files = {
            name.removesuffix(".j2"): templates.get_template(name).render(values)
            for name in templates.list_templates()
        }
        files |= {f"{name}.conf": "" for name in BARE}
        for name, text in files.items():
            target = self.place.directory / "etc" / name
            target.touch(mode=0o600)
            target.write_text(text, encoding="utf-8")
