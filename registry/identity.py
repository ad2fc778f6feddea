"""Identity numbers of mainland China: GB 11643-1999 (18 places, the last a check digit) and the older 15 digits."""

import re
from dataclasses import dataclass
from datetime import date
from operator import mul
from typing import LiteralString

from registry.models import Gender
from registry.text import folded

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999, 4.2: 2^(i-1) mod 11
_DIGITS = "10X98765432"
_NEW = re.compile(r"[0-9]{17}[0-9X]")
_OLD = re.compile(r"[0-9]{15}")
_FOREIGN = re.compile(r"[A-Z]{1,3}[0-9]{6,12}")


@dataclass(frozen=True, slots=True)
class Identity:
    born: date
    gender: Gender


class NotAnIdentity(Exception):
    """`key` says what is wrong, `values` what would be right."""

    def __init__(self, key: LiteralString, **values: str) -> None:
        super().__init__(key)
        self.key, self.values = key, values


def number(text: str) -> str:
    """An identity number of mainland China, checked, or a passport's or permit's, which begins with a letter; as it
    is kept, whatever its width, case and spaces. Raises NotAnIdentity.
    """
    found = re.sub(r"[\s-]", "", folded(text, 64)).upper()
    if not _FOREIGN.fullmatch(found):
        read(found)
    return found


def read(number: str) -> Identity:
    """What `number`, digits and a capital X, says of its bearer. Raises NotAnIdentity."""
    if _OLD.fullmatch(number):
        return Identity(_day("19" + number[6:12]), _gender(number[14]))
    if not _NEW.fullmatch(number):
        raise NotAnIdentity("identity_length", places=str(len(number)))
    born = _day(number[6:14])
    right = check_digit(number[:17])
    if number[17] != right:
        raise NotAnIdentity("identity_check", right=right, wrong=number[17])
    return Identity(born, _gender(number[16]))


def check_digit(first: str) -> str:
    """The 18th place to 17 digits."""
    return _DIGITS[sum(map(mul, _WEIGHTS, map(int, first))) % 11]


def _day(digits: str) -> date:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise NotAnIdentity("identity_birthday", digits=digits) from None


def _gender(digit: str) -> Gender:
    return Gender.MALE if int(digit) % 2 else Gender.FEMALE
