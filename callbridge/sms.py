"""How many short messages a text becomes on the radio (3GPP TS 23.038 and 23.040): each part is paid for."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

# TS 23.038 section 6.2.1, without ESC; those of section 6.2.1.1 are sent as ESC and a second septet.
_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_ESCAPED = frozenset("\f^{}\\[~]|€")


class Encoding(StrEnum):
    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


_ALONE = {Encoding.GSM_7: 160, Encoding.UCS_2: 70}
_IN_A_CHAIN = {Encoding.GSM_7: 153, Encoding.UCS_2: 67}  # six octets of each part go to the header that chains them


@dataclass(frozen=True, slots=True)
class Segments:
    """`characters` as the encoding counts them: an escaped one and one beyond the basic plane are two. `left` is how
    many still fit into the last part.
    """

    encoding: Encoding
    parts: int
    characters: int
    left: int


def segments(text: str) -> Segments:
    """How `text` goes out: one foreign character turns all of it into UCS-2. Nothing is still one message."""
    encoding, wide = _encoding(text)
    parts = split(text)
    in_last = sum(2 if wide(character) else 1 for character in parts[-1])
    room = _ALONE[encoding] if len(parts) == 1 else _IN_A_CHAIN[encoding]
    characters = sum(2 if wide(character) else 1 for character in text)
    return Segments(encoding, len(parts), characters, room - in_last)


def split(text: str) -> list[str]:
    """The parts that `text` goes out in: one, or several that are chained. A character is never cut in two, so a part
    may end one short.
    """
    encoding, wide = _encoding(text)
    sizes = [2 if wide(character) else 1 for character in text]
    if sum(sizes) <= _ALONE[encoding]:
        return [text]
    parts, room = [""], _IN_A_CHAIN[encoding]
    for character, size in zip(text, sizes, strict=True):
        if size > room:
            parts.append("")
            room = _IN_A_CHAIN[encoding]
        parts[-1] += character
        room -= size
    return parts


def _encoding(text: str) -> tuple[Encoding, Callable[[str], bool]]:
    """How `text` is encoded, and which of its characters take two places."""
    if all(character in _GSM_7 or character in _GSM_7_ESCAPED for character in text):
        return Encoding.GSM_7, _GSM_7_ESCAPED.__contains__
    return Encoding.UCS_2, _beyond_basic_plane


def _beyond_basic_plane(character: str) -> bool:
    return character > "\uffff"
