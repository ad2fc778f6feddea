"""An address in the parts a courier reads: community, building, unit, door."""

import re
from dataclasses import dataclass
from functools import lru_cache

_DIGITS = "零幺二三四五六七八九"
_NUMERALS = "零一二三四五六七八九"
_CORE = re.compile(r"[0-9a-z]+")
_COUNTED = re.compile(r"([一二三四五六七八九]?)(?:(十)([一二三四五六七八九]?))?(?=$|[栋幢座号楼单室户])")


@dataclass(frozen=True, slots=True)
class Address:
    """Parts as they were entered: `5` and `5栋` are the same building, `A座` stays as it is."""

    community: str = ""
    building: str = ""
    unit: str = ""
    door: str = ""

    def __bool__(self) -> bool:
        return any((self.community, self.building, self.unit, self.door))

    def written(self, language: str = "zh") -> str:
        """For reading: 青石里5栋2单元502, or "Building 5, Unit 2, Door 502, 青石里"."""
        if language == "zh":
            return self.community + _with(self.building, "栋") + _with(self.unit, "单元") + self.door
        return self._english(self.building, self.unit, self.door)

    def aloud(self, language: str = "zh") -> str:
        """For speaking: 青石里五栋二单元五零二; doors, and buildings above 99, digit by digit (1 as 幺)."""
        if language == "zh":
            building, unit = (
                _numerals(_with(part, word)) for part, word in ((self.building, "栋"), (self.unit, "单元"))
            )
            return self.community + building + unit + _digit_by_digit(self.door)
        return self._english(self.building, self.unit, " ".join(self.door))

    def _english(self, building: str, unit: str, door: str) -> str:
        parts = (("Building", building), ("Unit", unit), ("Door", door), ("", self.community))
        return ", ".join(f"{word} {value}".strip() for word, value in parts if value)


@lru_cache(maxsize=5000)
def core(part: str) -> str:
    """What tells one building from the next: `5` of 5栋, 5号楼, 05 or 五栋; letters in lower case."""
    if found := _CORE.search(part.casefold()):
        return found[0].lstrip("0") or "0"
    if (counted := _COUNTED.match(part)) and counted[0]:
        first, ten, last = counted.groups(default="")
        value = _NUMERALS.index(first) if first else 1
        return str(10 * value + (_NUMERALS.index(last) if last else 0) if ten else value)
    return part.casefold()


def _with(part: str, word: str) -> str:
    """`5` becomes 5栋; a part that has a word of its own (5号楼, A座) keeps it."""
    return part + word if part and part.isascii() else part


def _numerals(text: str) -> str:
    return re.sub(r"[0-9]+", lambda found: _numeral(found[0]), text)


def _numeral(digits: str) -> str:
    value = int(digits)
    if value > 99:
        return _digit_by_digit(digits)
    tens, ones = divmod(value, 10)
    if not tens:
        return _NUMERALS[ones]
    return (_NUMERALS[tens] if tens > 1 else "") + "十" + (_NUMERALS[ones] if ones else "")


def _digit_by_digit(text: str) -> str:
    return re.sub(r"[0-9]", lambda found: _DIGITS[int(found[0])], text)
