"""What really happened, by the exchange's own event log read without any of our code: every call of the trunk."""

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from callbridge.exchange import Exchange

_ROWS = """SELECT rowid, eventtype, eventtime, cidnum, exten, channame, uniqueid, linkedid, eventextra
    FROM cel WHERE rowid > ? ORDER BY rowid"""
_END = re.compile(r"end=(\w+)")
_CAME_IN = re.compile(r"[a-z-]+-\d+\.\d+")  # Asterisk's own id, with the exchange's name before it: nobody's order


@dataclass(slots=True)
class Called:
    """One call as the exchange has it; times are seconds since 1970. `end` is the dialplan's own word."""

    uniqueid: str
    shown: str
    dialled: str
    arrived: float
    answered: float | None = None
    ended: float | None = None
    end: str = ""
    cut_off: bool = False  # the exchange died


class Truth:
    """Reads on whenever it is asked; the file is one generation for as long as a run lasts."""

    def __init__(self, exchange: Exchange) -> None:
        self._path: Path = exchange.cel_path
        self._row = 0
        self.calls: dict[str, Called] = {}

    def read(self) -> None:
        with closing(sqlite3.connect(self._path, timeout=10)) as database:
            for row in database.execute(_ROWS, (self._row,)):
                self._row = row[0]
                self._take(*row[1:])

    def died(self, at: float) -> None:
        """The exchange was killed then: whoever was in a call was cut off."""
        self.read()
        for call in self.open_calls:
            call.ended, call.cut_off = at, True

    @property
    def open_calls(self) -> list[Called]:
        return [call for call in self.calls.values() if call.ended is None]

    def _take(
        self, event: str, at: str, number: str, exten: str, channel: str, uniqueid: str, linkedid: str, extra: str
    ) -> None:
        if event == "CHAN_START":
            if channel.startswith("PJSIP/trunk-") and uniqueid == linkedid and _CAME_IN.fullmatch(uniqueid):
                self.calls[uniqueid] = Called(uniqueid, number, exten, float(at))
            return
        call = self.calls.get(uniqueid)
        if call is None:
            return
        if event == "BRIDGE_ENTER" and call.answered is None:
            call.answered = float(at)
        elif event == "TOWNLINE_ENDED" and (found := _END.search(extra)):
            call.end = found[1]
        elif event == "CHAN_END" and call.ended is None:
            call.ended = float(at)
