"""How many short messages a text becomes on the radio (3GPP TS 23.038 and 23.040): each part is paid for."""

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
    """`characters` as the encoding counts them: an escaped one and one beyond the basic plane are two."""

    encoding: Encoding
    parts: int
    characters: int


def segments(text: str) -> Segments:
    """How `text` goes out: one foreign character turns all of it into UCS-2. Nothing is still one message."""
    if all(character in _GSM_7 or character in _GSM_7_ESCAPED for character in text):
        encoding, wide = Encoding.GSM_7, _GSM_7_ESCAPED.__contains__
    else:
        encoding, wide = Encoding.UCS_2, _beyond_basic_plane
    sizes = [2 if wide(character) else 1 for character in text]
    characters = sum(sizes)
    if characters <= _ALONE[encoding]:
        return Segments(encoding, 1, characters)
    parts, room = 1, _IN_A_CHAIN[encoding]
    for size in sizes:
        if size > room:  # a character is never cut in two, so a part may end one short
            parts, room = parts + 1, _IN_A_CHAIN[encoding]
        room -= size
    return Segments(encoding, parts, characters)


def _beyond_basic_plane(character: object) -> bool:
    return str(character) > "\uffff"
