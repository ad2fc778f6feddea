"""The event log of the exchange `main`, in the sentences that tests are written in."""

import json
from collections.abc import Mapping
from datetime import datetime

from callbridge.standin.cel import CelWriter


class CelFile(CelWriter):
    """Every method writes one or more rows."""

    def arrives(
        self,
        at: datetime,
        uniqueid: str,
        number: str = "13800000001",
        channel: str = "1",
        *,
        emergency: bool = False,
    ) -> None:
        name = f"PJSIP/trunk-{channel:0>8}"
        self.row("CHAN_START", at, uniqueid, channame=name, cidnum=number, exten="02367000000")
        facts = f"number={number}|name=%E7%8E%8B|dialled=02367000000|emergency={emergency:d}"
        self.own("TOWNLINE_ARRIVED", at, uniqueid, facts, channame=name)
        self.row("APP_START", at, uniqueid, channame=name, appname="Queue")

    def answers(self, at: datetime, uniqueid: str, operator: str, extension: str = "801") -> None:
        name = f"PJSIP/{extension}-00000009"
        self.row("CHAN_START", at, operator, channame=name, linkedid=uniqueid, exten="s")
        bridge = json.dumps({"bridge_id": "b1", "bridge_technology": "simple_bridge"})
        self.row("BRIDGE_ENTER", at, operator, channame=name, linkedid=uniqueid, eventextra=bridge)
        self.row("BRIDGE_ENTER", at, uniqueid, eventextra=bridge)

    def ends(self, at: datetime, uniqueid: str, end: str = "abandoned", by: str = "caller") -> None:
        self.own("TOWNLINE_ENDED", at, uniqueid, f"end={end}|by={by}|cause=16")
        self.hangs_up(at, uniqueid)

    def hangs_up(self, at: datetime, uniqueid: str, cause: int = 16, source: str = "") -> None:
        details: Mapping[str, object] = {"hangupcause": cause, "hangupsource": source, "dialstatus": ""}
        self.row("HANGUP", at, uniqueid, eventextra=json.dumps(details))
        self.row("CHAN_END", at, uniqueid)
        self.row("LINKEDID_END", at, uniqueid)

    def dials(self, at: datetime, attempt: str) -> str:
        uniqueid = f"main-{attempt}"
        self.row("CHAN_START", at, uniqueid, channame="PJSIP/trunk-0000000f", exten="s")
        return uniqueid
