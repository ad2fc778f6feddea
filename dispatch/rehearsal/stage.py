"""Everything a rehearsal needs, started in order and stopped again: exchange, town, SMS phone, service, telephone.

Only processes that were started here, or that a killed rehearsal in the same folder left behind, are ever ended.
"""

import asyncio
import contextlib
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

import httpx

from callbridge import emergency
from callbridge.exchange import Exchange, phone_account
from dispatch.rehearsal.child import Child
from dispatch.rehearsal.clerk import Clerk, ServiceRefused
from dispatch.rehearsal.community import Community, Habits, SampleResident, SmsHabit, VoiceHabit
from dispatch.rehearsal.evidence import Evidence
from dispatch.rehearsal.merchants import Merchants
from dispatch.rehearsal.operator_phone import OperatorPhone
from dispatch.rehearsal.place import GATEWAY, Place, another_port
from dispatch.rehearsal.seeds import sow
from dispatch.rehearsal.service import Service
from dispatch.rehearsal.sms import SmsPhone
from dispatch.rehearsal.town import Town
from dispatch.rehearsal.witness import Log

SMS_NUMBER = "+8619900230000"  # of the SIM card in the SMS phone
GREETING = "您好，邻里热线，请讲。"
OPERATOR, OPERATOR_NAME, EXTENSION = "xiaolan", "周小兰", "801"
COLLEAGUE, COLLEAGUE_NAME, COLLEAGUE_EXTENSION = "qiuyue", "何秋月", "802"
AT_HOME = Habits(sms="silent", voice="press1", seconds=12)  # she listens to the end, and is content
LISTENS = Habits(sms="silent", voice="silent", seconds=1)  # a contact, or 120: picks up and speaks with whoever calls
ADMINISTRATOR, ADMINISTRATOR_NAME = "rehearsal", "排练管理员"


class Stage:
    """Use it as an asynchronous context manager; `says` hears what is being done, in a few words each time.

    With `own_phone` the operator's telephone is somebody's own on that extension, and no robot picks up. With `fresh`
    nothing of an earlier rehearsal stays in the folder but the secrets, which open a database that was used before.
    """

    def __init__(
        self,
        place: Place,
        community: Community,
        says: Callable[[str], None],
        *,
        own_phone: str | None = None,
        answer_after: float | None = 1.5,
        reports_progress: bool = True,
        fresh: bool = False,
    ) -> None:
        config = place.config
        self.place = place
        self.community = community
        self.secrets = config.secret_store()
        self.exchange = Exchange(config.exchange, config.speech, self.secrets, language=config.centre.language)
        self.logs = {name: Log(place.robots / f"{name}.jsonl") for name in ("town", "sms", "telephone", "operator")}
        self.town = Town(self.exchange.tree, place.town, self.logs["town"])
        self.merchants = Merchants(community, self._write_sms, reports_progress=reports_progress)
        self.service = Service(place.config_file, str(config.console.url).rstrip("/"))
        self.phone: OperatorPhone | None = None
        self.extension = own_phone or EXTENSION
        self.operator = OPERATOR if self.extension == EXTENSION else f"{OPERATOR}-{self.extension}"  # her log-in
        self._sms_phone: SmsPhone | None = None
        self._says = says
        self._has_robot = own_phone is None
        self._answer_after = answer_after
        self._fresh = fresh
        self._calls = 0
        self._ending = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self._clear()
            await self._start_exchange()
            await self._start_town()
            await self._start_service()
            if self._has_robot:
                await self._start_phone()
        except BaseException:
            await self._ending.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._ending.aclose()

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.exchange.cel_path, self.exchange.queue_log_path, self.logs)

    async def call_in(self, resident: SampleResident, line: int = 0, *, times: int = 6) -> str:
        """The resident dials the hotline on one of her lines; returns the call's id in the town's log."""
        sentence = await self._spoken(resident)
        self._calls += 1
        call = f"town-{int(datetime.now(UTC).timestamp())}-{self._calls}"
        chosen = resident.lines[line]
        hotline = self.place.config.exchange.trunk.numbers[0]
        await self.town.call(chosen.number, chosen.shown, hotline, sentence, call=call, times=times)
        return call

    async def _spoken(self, resident: SampleResident) -> Path:
        """What she asks for, in a voice."""
        return await asyncio.to_thread(self.exchange.speech.say_now, self.community.sentences[resident.asks], "zh")

    async def press_in(self, resident: SampleResident, keys: str, *, speaks: bool = False, after: float = 9) -> str:
        """She dials the hotline and presses keys while she waits; returns the call's id in the town's log."""
        sentence = await self._spoken(resident) if speaks else None
        self._calls += 1
        call = f"town-{int(datetime.now(UTC).timestamp())}-{self._calls}"
        chosen = resident.lines[0]
        hotline = self.place.config.exchange.trunk.numbers[0]
        await self.town.press(chosen.number, chosen.shown, hotline, sentence, call=call, keys=keys, after=after)
        return call

    async def colleague(self, *, answer_after: float | None = None, on_a_break: bool = False) -> OperatorPhone:
        """A second operator comes to her desk: her telephone, registered, which waits to be answered or picks up by
        itself. On a break it rings only for those who want her, and for emergencies.
        """
        clerk = await self._log_in(COLLEAGUE, COLLEAGUE_NAME, "operator", COLLEAGUE_EXTENSION)
        self._ending.push_async_callback(clerk.close)
        if on_a_break:
            await clerk.take_a_break("meeting")
        phone = OperatorPhone(
            self.exchange.tree,
            phone_account(self.place.config.exchange, self.secrets, COLLEAGUE_EXTENSION),
            self._telephone_of_a_colleague,
            control_port=another_port(self.place),
            greeting=await asyncio.to_thread(self.exchange.speech.say_now, GREETING, "zh"),
            log=self.logs["telephone"],
            answer_after=answer_after,
        )
        self._ending.push_async_callback(phone.stop)
        await phone.start()
        return phone

    async def set_habit(
        self, key: str, *, sms: SmsHabit | None = None, voice: VoiceHabit | None = None, seconds: float = 2.0
    ) -> None:
        """From now on the merchant `key` answers like this."""
        merchant = self.community.merchant(key)
        if sms is not None:
            self.merchants.set_habit(merchant, sms, seconds)
        if voice is not None:
            await self.town.set_habit(merchant.numbers.voice, voice, seconds)

    async def picks_up(self, resident: SampleResident, voice: VoiceHabit, seconds: float = 2.0) -> None:
        """From now on this resident does that when we call her."""
        for line in resident.lines:
            await self.town.set_habit(line.number, voice, seconds)

    def writes(self, resident: SampleResident, text: str) -> None:
        """This resident writes an SMS to the hotline from her mobile."""
        self._write_sms(next(line.number for line in resident.lines if line.kind == "mobile"), text)

    async def administrator(self) -> Clerk:
        """The invented administrator, logged in; whoever asks closes her."""
        return await self._log_in(ADMINISTRATOR, ADMINISTRATOR_NAME, "administrator", None)

    async def change_rule(self, kind: str, **keys: Any) -> None:
        """From now on this centre's rule has these values: another version of it, as an administrator writes one."""
        administrator = await self.administrator()
        try:
            await administrator.change_rule(kind, **keys)
        finally:
            await administrator.close()

    async def change_service(self, code: str, **fields: Any) -> None:
        """From now on this service has these minutes, or is proved like this: another version of it."""
        administrator = await self.administrator()
        try:
            await administrator.change_service(code, **fields)
        finally:
            await administrator.close()

    async def clerk(self) -> Clerk:
        """The invented operator, logged in; whoever asks closes her."""
        return await self._log_in(self.operator, OPERATOR_NAME, "operator", self.extension)

    def password(self, login: str) -> str:
        """Of an invented person; kept among the secrets of the rehearsal's folder."""
        return self.secrets.get_or_make(f"REHEARSAL_{login.upper().replace('-', '_')}")

    async def _clear(self) -> None:
        """Ends what a killed rehearsal left behind in this folder."""
        await asyncio.to_thread(self.exchange.stop, 0.0)
        for mark in (self.place.config_file, self.town.main_file, self._telephone, self._telephone_of_a_colleague):
            await Child(mark).end_leftover()
        if self._fresh:
            await asyncio.to_thread(self._empty_folder)

    def _empty_folder(self) -> None:
        for path in self.place.folder.iterdir():
            if path.is_dir() and path.name != "secrets":
                shutil.rmtree(path)
            elif path.is_file() and path != self.place.config_file:
                path.unlink()

    @property
    def _telephone(self) -> Path:
        return self.place.folder / "telephone"

    @property
    def _telephone_of_a_colleague(self) -> Path:
        return self.place.folder / "telephone-of-a-colleague"

    async def _start_exchange(self) -> None:
        self._says("the exchange")
        await asyncio.to_thread(self.exchange.configure)
        await asyncio.to_thread(self.exchange.start)
        self._ending.push_async_callback(asyncio.to_thread, self.exchange.stop, 0.0)

    async def _start_town(self) -> None:
        self._says("the town")
        habits = {
            number: merchant.robot
            for merchant in self.community.merchants
            for number in (merchant.numbers.sms, merchant.numbers.voice)
        } | {line.number: AT_HOME for resident in self.community.residents for line in resident.lines}
        habits |= {each.number: LISTENS for resident in self.community.residents for each in resident.contacts}
        habits |= dict.fromkeys(emergency.NUMBERS, LISTENS)
        self._ending.push_async_callback(self.town.stop)
        await self.town.start(habits)
        secret = f"GATEWAY_{GATEWAY.upper()}"
        self._sms_phone = SmsPhone(
            port=self.place.phone_port,
            user=self.secrets.get_or_make(f"{secret}_USER"),
            password=self.secrets.get_or_make(f"{secret}_PASSWORD"),
            number=SMS_NUMBER,
            log=self.logs["sms"],
            on_delivered=self.merchants.read,
        )
        await self._sms_phone.start()
        self._ending.push_async_callback(self._sms_phone.stop)
        self._ending.push_async_callback(self.merchants.close)

    async def _start_service(self) -> None:
        self._says("the service")
        self._ending.push_async_callback(self.service.stop)
        await self.service.start()
        self._says("the people")
        administrator, operator = await asyncio.gather(self.administrator(), self.clerk())
        await operator.close()
        try:
            today = datetime.now(ZoneInfo(self.place.config.centre.time_zone)).date()
            await sow(self.community, administrator, today)
        finally:
            await administrator.close()

    async def _start_phone(self) -> None:
        self._says("the operator's telephone")
        self.phone = OperatorPhone(
            self.exchange.tree,
            phone_account(self.place.config.exchange, self.secrets, self.extension),
            self._telephone,
            control_port=self.place.control_port,
            greeting=await asyncio.to_thread(self.exchange.speech.say_now, GREETING, "zh"),
            log=self.logs["telephone"],
            answer_after=self._answer_after,
        )
        self._ending.push_async_callback(self.phone.stop)
        await self.phone.start()

    async def _log_in(self, login: str, name: str, role: str, extension: str | None) -> Clerk:
        """Her, logged in; made first when the service does not know her."""
        clerk = Clerk(self.service.url, login, self.password(login), self.logs["operator"])
        try:
            await clerk.log_in()
        except ServiceRefused as refused:
            if refused.status != httpx.codes.UNAUTHORIZED:
                raise
            words = ["operator", "add", name, "--login", login, "--role", role, "--password-stdin"]
            if extension is not None:
                words += ["--extension", extension]
            await self.service.run(*words, given=self.password(login))
            await clerk.log_in()
        return clerk

    def _write_sms(self, number: str, text: str) -> None:
        assert self._sms_phone is not None
        self._sms_phone.receive(number, text)
