"""The whole service on an exchange that is a stand-in, hour by hour: nobody waits for a clock that tests can move."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from callbridge.events import Choice, Party
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings, TrunkSettings
from callbridge.standin.exchange import ExchangeStandIn
from callbridge.standin.telephones import Habit, Placed
from dispatch.auditor import audit
from dispatch.models import Case, CaseState
from dispatch.upkeep import Upkeep
from registry.centres import current_rule
from registry.models import Rule, RuleKind
from registry.store.journal import Journal
from tests.dispatch.hours.service import Service, next_due, wait_until
from tests.dispatch.town import Town

ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # where both would tell the same
LOOK = timedelta(hours=1)  # the longest that nobody looks, whatever is due
INSTANCE = "serve-1"


class Line:
    """A town's telephone line. Time goes by in `passes` only, and then what is due happens on its second."""

    def __init__(self, town: Town, folder: Path, channels: int = 30) -> None:
        secrets = folder / "secrets"
        secrets.mkdir()
        for name in ("AMI", "AMI_EVENTS"):
            (secrets / name).write_text(f"secret of {name}")
        self.town = town
        self._folder = folder
        self._settings = ExchangeSettings(ami_port=5038, trunk=TrunkSettings(channels=channels))
        self.exchange = ExchangeStandIn(
            self._settings.model_copy(update={"ami_port": 0}),
            folder / "cel.db",
            secret="secret of AMI",
            token="secret of AMI_EVENTS",
            now=town.clock.now,
        )
        self.service = Service(
            town.store,
            town.centre_id,
            town.plan,
            INSTANCE,
            {"phone": town.gateway},
            self.exchange.cel,
            Secrets(secrets),
        )
        self.voice = self.service.voice

    # --- the service

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Line"]:
        await self.exchange.start()
        self._settings = self._settings.model_copy(update={"ami_port": self.exchange.ami.port})
        try:
            await self.switch_on()
            yield self
        finally:
            await self.switch_off()
            await self.exchange.stop()

    async def switch_on(self) -> None:
        town, name = self.town, self._settings.name
        sounds = self._folder / "sounds"
        self._upkeep = Upkeep(
            town.store, town.centre_id, name, self._folder, sounds, self.voice, "zh", free=lambda _: 1
        )
        self.service.switch_on(self._settings)
        await wait_until(lambda: self.service.is_linked)
        await self.settle()

    async def switch_off(self) -> None:
        """The service is gone, and the exchange goes on."""
        await self.service.switch_off()

    async def loses_the_exchange(self) -> None:
        """Nobody can reach it, and its calls go on."""
        await self.exchange.stop()
        await wait_until(lambda: not self.service.is_linked)

    async def finds_the_exchange(self) -> None:
        await self.exchange.start()
        await wait_until(lambda: self.service.is_linked)
        await self.settle()

    # --- time

    async def passes(self, **step: float) -> None:
        """So much time goes by."""
        await self.until(self.town.clock.now() + timedelta(**step))

    async def until(self, end: datetime) -> None:
        await self.settle()
        while (now := self.town.clock.now()) < end:
            due = await asyncio.to_thread(self._next_due, now)
            self.town.clock.move_to(min(due, now + LOOK, end))
            await self.settle()

    async def settle(self) -> None:
        """Everything that is due now is done."""
        while True:
            did = await self.exchange.agenda.catch_up()
            if self.service.is_on:
                did |= await self.service.does()
                did |= await self.exchange.agenda.catch_up()
                await self.service.taken_in()
            if not did:
                return

    async def looks_after_itself(self) -> None:
        """What the service does every few seconds or minutes beside its clocks."""
        await self.service.board.still_there()
        await self._upkeep.run(self.service.bridge)
        await asyncio.to_thread(audit, self.town.store)

    def _next_due(self, now: datetime) -> datetime:
        """When something will happen by itself next."""
        ours = next_due(self.town.store, now) if self.service.is_on else None
        return min([each for each in (ours, self.exchange.agenda.next_at) if each is not None], default=now + LOOK)

    # --- who calls, and who is called

    async def call_in(self, number: str, dialled: str | None = None) -> str:
        call = await self.exchange.callers.call_in(number, dialled)
        await self.settle()
        return call

    async def answer(self, call: str, extension: str = "801") -> None:
        await self.exchange.callers.answer(call, extension)
        await self.settle()

    async def choose(self, call: str, choice: Choice, **more: str) -> None:
        await self.exchange.callers.choose(call, choice, **more)
        await self.settle()

    async def press(self, call: str, digits: str) -> None:
        """Who hears a menu presses that."""
        await self.exchange.menus.press(call, digits)
        await self.settle()

    def read_to(self, call: str) -> list[str]:
        """The menus of that call, in their order."""
        return [self.voice.text_of(prompt) for each, prompt in self.exchange.menus.read if each == call]

    async def hang_up(self, call: str, by: Party = Party.CALLER) -> None:
        await self.exchange.callers.hang_up(call, by)
        await self.settle()

    async def gives_up(self, number: str, seconds: float = 20) -> str:
        """Somebody calls, waits so long and hangs up."""
        call = await self.call_in(number)
        await self.passes(seconds=seconds)
        await self.hang_up(call)
        return call

    def when_called(self, number: str, *habits: Habit) -> None:
        self.exchange.telephones.when_called(number, *habits)

    def called(self, number: str | None = None) -> list[Placed]:
        """The calls that went out, to that number or all of them."""
        return [each for each in self.exchange.telephones.placed if number in (None, each.number)]

    # --- what stands in the database

    def rule(self, kind: RuleKind, **body: object) -> None:
        """The centre works differently from now on."""
        with self.town.store.writing() as session:
            before = current_rule(session, self.town.centre_id, kind)
            session.add(
                Rule(
                    centre_id=self.town.centre_id,
                    kind=kind,
                    version=before.version + 1,
                    body=before.body | body,
                    valid_from=self.town.clock.now(),
                )
            )

    def case(self, service: str | None = None) -> Case:
        """The one case that is open, or the one of that service."""
        (found,) = self.cases(service)
        return found

    def cases(self, service: str | None = None) -> list[Case]:
        over = (CaseState.CLOSED, CaseState.CANCELLED)
        found = [each for each in self.town.all(Case) if each.state not in over]
        return [each for each in found if service in (None, each.service_code)]

    def only(self, model: type[SQLModel]) -> SQLModel:
        (found,) = self.town.all(model)
        return found

    def journal(self, what: str) -> list[Journal]:
        """The rows of that name, in order."""
        rows = sorted(self.town.all(Journal), key=lambda row: row.seq or 0)
        return [row for row in rows if row.what == what]
