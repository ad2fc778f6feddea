"""A whole exchange without a telephone: it speaks AMI, writes CEL, and runs on a clock that somebody else moves.

People call in (`callers`), we call others (`telephones`), and what would happen by itself waits on an `agenda` until
the clock has been moved to it. It tells what Asterisk 22 with our dialplan tells, which a system test compares.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from callbridge.settings import ExchangeSettings
from callbridge.standin.agenda import Agenda
from callbridge.standin.ami import AmiStandIn, Pairs, Received
from callbridge.standin.callers import Callers
from callbridge.standin.cel import CelWriter
from callbridge.standin.channel import Chronicle
from callbridge.standin.menus import Menus
from callbridge.standin.telephones import Telephones

PUT = "Local/put@townline-put"


class ExchangeStandIn:
    """`start`, use, `stop`. It listens at the settings' AMI port, 0 takes a free one: `ami.port`."""

    def __init__(
        self, settings: ExchangeSettings, cel: Path, *, secret: str, token: str, now: Callable[[], datetime]
    ) -> None:
        self.ami = AmiStandIn(secret=secret, answers={"Originate": self._originate, "Hangup": self._hang_up})
        self.ami.before = {"Login": self._look, "CoreShowChannels": self._look, "QueueStatus": self._look}
        self.cel = CelWriter(cel)
        self._kept_open = sqlite3.connect(cel)  # as Asterisk does: or every row would end the write-ahead log
        self._kept_open.execute("SELECT count(*) FROM cel").fetchone()
        self.ready = set(settings.extensions)  # telephones that ring when somebody calls in
        self.agenda = Agenda(now)
        self._settings = settings
        self._now = now
        self._booted_at = now() - timedelta(hours=1)
        self._chronicle = Chronicle(self.ami, self.cel, settings.name, token, now)
        self.callers = Callers(settings, self._chronicle, self.ami.database, self.ready)
        self.telephones = Telephones(self._chronicle, self.agenda)
        self.menus = Menus(self._chronicle, self.agenda, self.callers)
        self.ami.answers |= {"Setvar": self.menus.set_variable, "Redirect": self.menus.redirect}

    async def start(self) -> None:
        await self.ami.start()

    async def stop(self) -> None:
        """Nobody can talk to it any more, and it goes on all the same; `start` lets people log in again."""
        await self.ami.stop()

    def takes_one_order_more(self) -> None:
        """The next call that it is told to make goes out, and the link breaks before it has said so."""

        def take(action: Received) -> Pairs | None:
            if not action["Channel"][0].endswith("@trunk"):
                return self._originate(action)
            self.telephones.originate(action)
            self.agenda.at_once(self.stop)
            self.ami.answers["Originate"] = self._originate
            return None

        self.ami.answers["Originate"] = take

    @property
    def channels(self) -> list[Pairs]:
        """What is alive on it now."""
        return [each.listed(self._now()) for each in self._chronicle.channels.values()]

    async def _look(self) -> None:
        """Its lists, as they are when somebody asks for them."""
        self.ami.uptime = int((self._now() - self._booted_at).total_seconds())
        self.ami.channels = self.channels
        self.ami.callers = [
            each.channel.heading() | {"Queue": each.queue, "Position": "1", "Wait": self._seconds(each.joined_at)}
            for each in self.callers.here.values()
            if each.queued and not each.extension
        ]
        self.ami.members = [
            {
                "Queue": queue,
                "Name": extension,
                "Location": f"PJSIP/{extension}",
                "StateInterface": f"PJSIP/{extension}",
                "Status": "1",
                "Paused": "0",
                "PausedReason": "",
            }
            for queue in ("hotline", "emergency")
            for extension in sorted(self.ready)
        ]

    def _seconds(self, since: datetime) -> str:
        return str(int((self._now() - since).total_seconds()))

    def _originate(self, action: Received) -> Pairs:
        if action["Channel"] == [PUT]:
            return self._put(action)
        if action["Channel"][0].endswith("@trunk") and action["Context"] == ["townline-ask"]:
            return self.telephones.originate(action)
        return {"Response": "Success", "Message": "Originate successfully queued"}

    def _hang_up(self, action: Received) -> Pairs:
        return self.telephones.hang_up(action)

    def _put(self, action: Received) -> Pairs:
        """A fact under each key for the exchange's own database, as `townline-put` keeps it."""
        facts = dict(each.split("=", 1) for each in action["Variable"])
        for key in facts["TL_KEYS"].split("-"):
            if facts["TL_VALUE"]:
                self.ami.database[facts["TL_FAMILY"], key] = facts["TL_VALUE"]
            else:
                self.ami.database.pop((facts["TL_FAMILY"], key), None)

        async def respond() -> None:
            [action_id] = action["ActionID"]
            said = {"Channel": f"{PUT}-00000001;1", "Context": "townline-put", "Exten": "done", "Reason": "4"}
            await self._chronicle.say("OriginateResponse", None, ActionID=action_id, Response="Success", **said)

        self.agenda.at_once(respond)
        return {"Response": "Success", "Message": "Originate successfully queued"}
