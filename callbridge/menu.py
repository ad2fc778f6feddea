"""A menu for a caller who waits: what is read to her, and the digits that answer it (extensions_menu.conf).

She was in the queue before and is there again afterwards: wherever we fail to go on, a human answers.
"""

import re
from dataclasses import dataclass

from callbridge.errors import UnsafeValue
from callbridge.speech import Language

CONTEXT = "townline-menu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """`name` comes back with the answer. `keys` are the digits that answer, `repeat` the one that asks to hear it
    again, `out` those that want an operator, `digits` how many make an answer.
    """

    name: str
    text: str
    language: Language
    keys: str
    repeat: str
    out: str = "0"
    digits: int = 1

    def __post_init__(self) -> None:
        """Raises `UnsafeValue` for what the exchange would read as something else."""
        if not re.fullmatch(r"[0-9]{1,18}", self.name):
            raise UnsafeValue("a menu's name must be a number")
        if not all(re.fullmatch(r"[0-9]{1,10}", digits) for digits in (self.keys, self.repeat, self.out)):
            raise UnsafeValue("keys, repeat and out must be digits")
        if not 1 <= self.digits <= 8:
            raise UnsafeValue("digits must be 1 to 8")

    @property
    def variables(self) -> dict[str, str]:
        """As the dialplan knows them, without the prompt."""
        return {
            "TL_MENU": self.name,
            "TL_KEYS": self.keys,
            "TL_REPEAT": self.repeat,
            "TL_OUT": self.out,
            "TL_DIGITS": str(self.digits),
        }
