"""A plan of channels as one cell says it: 08:00-20:00 先短信 2次；20:00-08:00 先电话 3次, 08:00-20:00 both."""

import re

from registry.channel_plan import Asking, Hours
from registry.day_hours import DayHours
from registry.sheets.cells import Wrong, folded_pieces, wall_time

_WAYS = {
    Asking.SMS_FIRST: ("先短信", "sms first", "短信", "sms"),
    Asking.VOICE_FIRST: ("先电话", "phone first", "电话", "phone", "voice first", "voice"),
    Asking.BOTH: ("同时", "both", "短信和电话", "短信加电话"),
}
_KNOWN = {word: ask for ask, words in _WAYS.items() for word in words}
_PIECE = re.compile(
    r"([\d:.点时分半]+)\s*(?:[-–—~至到]|to)\s*([\d:.点时分半]+)\s*:?\s*([^\d]+?)\s*(?:(\d+)\s*(?:次|times?|x)?)?"
)


def read(text: str) -> list[str]:
    """The lines of the plan. Raises Wrong."""
    found = []
    for piece in folded_pieces(text):
        parts = _PIECE.fullmatch(piece)
        ask = _KNOWN.get(parts[3].strip()) if parts is not None else None
        if parts is None or ask is None:
            raise Wrong("channel_plan")
        tries = int(parts[4]) if parts[4] else None
        found.append(str(Hours(DayHours(wall_time(parts[1]), wall_time(parts[2])), ask, tries)))
    return sorted(found)


def written(plan: list[str], language: str) -> str:
    """What `read` reads the same plan from."""
    said = []
    for line in map(Hours.read, plan):
        way = _WAYS[line.ask][int(language == "en")]
        tries = "" if line.tries is None else f" {line.tries} times" if language == "en" else f" {line.tries}次"
        said.append(f"{line.hours} {way}{tries}")
    return ("; " if language == "en" else "；").join(said)
