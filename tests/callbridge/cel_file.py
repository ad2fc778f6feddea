"""CEL as Asterisk 22 writes it (cel_sqlite3_custom with our columns), written by tests."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

from callbridge.exchange.eventlog import CEL_COLUMNS, prepare

COLUMNS = [name for name, _ in CEL_COLUMNS]


class CelFile:
    """The event log of the exchange `main`. Every method writes one or more rows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.make()

    def make(self) -> None:
        with closing(sqlite3.connect(self.path)) as database:
            database.execute(f"CREATE TABLE IF NOT EXISTS cel (AcctId INTEGER PRIMARY KEY, {', '.join(COLUMNS)})")
        prepare(self.path)

    def row(self, event: str, at: datetime, uniqueid: str, **columns: str) -> None:
        values = dict.fromkeys(COLUMNS, "") | {
            "eventtype": event,
            "eventtime": f"{at.timestamp():.6f}",
            "uniqueid": uniqueid,
            "linkedid": columns.pop("linkedid", uniqueid),
            **columns,
        }
        with closing(sqlite3.connect(self.path, isolation_level=None)) as database:
            marks = ", ".join("?" * len(values))
            insert = f"INSERT INTO cel ({', '.join(values)}) VALUES ({marks})"  # noqa: S608 - our own columns
            database.execute(insert, list(values.values()))

    def own(self, event: str, at: datetime, uniqueid: str, facts: str, **columns: str) -> None:
        """An event of our dialplan."""
        extra = json.dumps({"extra": facts})
        self.row(event, at, uniqueid, userdeftype=event, eventextra=extra, **columns)

    def arrives(self, at: datetime, uniqueid: str, number: str = "13800000001", channel: str = "1") -> None:
        name = f"PJSIP/trunk-{channel:0>8}"
        self.row("CHAN_START", at, uniqueid, channame=name, cidnum=number, exten="02367000000")
        facts = f"number={number}|name=%E7%8E%8B|dialled=02367000000|emergency=0"
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

    def execute(self, sql: str) -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as database:
            database.execute(sql)
