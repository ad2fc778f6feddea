"""How a merchant's SMS is read: the one table of what may be written, as in docs/replies.md.

`1`, `１`, `1。`, `1 接单`, `A7K2 1` are alike. Beside 4 or 5, or alone, four digits are a resident's word. A text
counts only when every word of it is known: "1个小时后" is no acceptance. Words on which mobile networks act by
themselves (STOP, START, T, TD, 退订) are never answers.
"""

import re
import unicodedata
from dataclasses import dataclass

from dispatch.models import InboundReading

ACCEPT, DECLINE = InboundReading.ACCEPT, InboundReading.DECLINE
ON_THE_WAY, AT_THE_DOOR, DONE = InboundReading.ON_THE_WAY, InboundReading.AT_THE_DOOR, InboundReading.DONE
CALL_ME = InboundReading.CALL_ME

WORDS: dict[InboundReading, tuple[str, ...]] = {
    ACCEPT: ("1", "接单", "接單", "接", "能接", "ACCEPT"),
    DECLINE: ("2", "不接", "不接单", "不接單", "拒绝", "不能接", "DECLINE"),
    ON_THE_WAY: ("3", "出发", "已出发", "在路上", "ONTHEWAY"),
    AT_THE_DOOR: ("4", "到了", "已到", "到门口", "已到门口", "ATTHEDOOR"),
    DONE: ("5", "完成", "已完成", "办完", "已办完", "送到了", "DONE"),
    CALL_ME: ("0", "回电", "请回电", "请打电话", "CALLME"),
}
COURTESY = frozenset(
    {"好", "好的", "收到", "谢谢", "您好", "你好", "OK", "YES", "THANKS", "HELLO", "PLEASE"}
)  # say nothing
NETWORK = frozenset({"STOP", "START", "T", "TD", "退订", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "HELP", "INFO"})

_BY_WORD = {word: reading for reading, words in WORDS.items() for word in words}
_ONE_CODE = r"(?=.{0,3}[A-Z])(?=.{0,3}[0-9])[A-HJ-NP-Z2-9]{4}"  # as `offers` makes them: with a letter and a figure
_CODE = re.compile(_ONE_CODE)
_WORD = re.compile(r"(?P<figure>[45]?)(?P<word>[0-9]{4})")
_WITH_WORD = frozenset({AT_THE_DOOR, DONE})
_JOINED = tuple(
    re.compile(pattern)
    for pattern in (rf"(?P<code>{_ONE_CODE})(?P<figure>[0-5])", rf"(?P<figure>[0-5])(?P<code>{_ONE_CODE})")
)
_PHRASES = {"ON THE WAY": "ONTHEWAY", "AT THE DOOR": "ATTHEDOOR", "CALL ME": "CALLME"}


@dataclass(frozen=True, slots=True)
class Said:
    """What a text says: None for something that is not in the table. `silent`: no answer may be sent to it.

    `word` is the resident's, said at the door or afterwards; with `alone` there was nothing else, and that it is one
    depends on whether a job waits for it.
    """

    reading: InboundReading | None
    code: str | None = None
    word: str | None = None
    alone: bool = False
    silent: bool = False


def read(text: str) -> Said:
    """Reads one SMS; never raises."""
    words = _words(text)
    if NETWORK.intersection(words):
        return Said(None, silent=True)
    codes: set[str] = set()
    readings: set[InboundReading] = set()
    said: set[str] = set()
    for word in words:
        if (reading := _BY_WORD.get(word)) is not None:
            readings.add(reading)
        elif word in COURTESY:
            continue
        elif len(joined := [found for pattern in _JOINED if (found := pattern.fullmatch(word))]) == 1:
            codes.add(joined[0]["code"])
            readings.add(_BY_WORD[joined[0]["figure"]])
        elif _CODE.fullmatch(word):
            codes.add(word)
        elif (digits := _WORD.fullmatch(word)) is not None:
            said.add(digits["word"])
            readings.update({_BY_WORD[figure] for figure in digits["figure"]})
        else:
            return Said(None, code=next(iter(codes), None))
    code = next(iter(codes)) if len(codes) == 1 else None
    alone = bool(said) and not readings
    if alone:
        readings = {DONE}
    if len(readings) != 1 or len(codes) > 1 or len(said) > 1 or (said and not readings <= _WITH_WORD):
        return Said(None, code=code)
    return Said(next(iter(readings)), code=code, word=next(iter(said), None), alone=alone)


def _words(text: str) -> list[str]:
    """Full-width figures made plain, punctuation and pictures taken for spaces, a figure and Chinese words apart."""
    plain = unicodedata.normalize("NFKC", text).upper()
    spaced = "".join(each if unicodedata.category(each)[0] in "LN" else " " for each in plain)
    spaced = " ".join(spaced.split())
    for phrase, word in _PHRASES.items():
        spaced = re.sub(rf"\b{phrase}\b", word, spaced)
    words: list[str] = []
    for word in spaced.split():
        # "1接单", "A7K2接单": what is written together is taken apart only where both halves are known
        apart = re.fullmatch(r"([0-9A-Z]+)([^0-9A-Z].*)|([^0-9A-Z]+)([0-9A-Z]+)", word)
        halves = [half for half in apart.groups() if half] if apart else []
        known = halves and all(half in _BY_WORD or half in COURTESY or _CODE.fullmatch(half) for half in halves)
        words.extend(halves if known else [word])
    return words
