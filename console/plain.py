"""Text from outside made harmless, and fitted into terminal cells.

A caller's name is whatever the network sent: markup, line breaks, 300 characters, codes that turn the direction of
the line around. Nothing here interprets it; widgets get it as text, never as markup.
"""

import unicodedata

from rich.cells import cell_len, set_cell_size

# Cc and Cf hold control codes, bidi overrides and zero-width joiners, Cs halves of characters, Zl and Zp line breaks.
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_MOST_MARKS = 2  # combining marks on one letter; more of them smear over the neighbouring lines


def plain(text: str, limit: int = 400) -> str:
    """`text` on one line without anything that moves the cursor or turns the writing; at most `limit` characters.

    Rare characters (䶮, 𬱖, private use) stay as they are.
    """
    kept: list[str] = []
    marks = 0
    for character in text[: limit * 4]:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind in {"Mn", "Me"} else 0
        if character.isspace() or kind in {"Zl", "Zp"}:
            if kept[-1:] != [" "]:
                kept.append(" ")
        elif kind not in _HARMFUL and marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept).strip()[:limit]


def cut(text: str, cells: int) -> str:
    """`text` in at most `cells` terminal cells; ".." says that something was left out."""
    if cell_len(text) <= cells:
        return text
    if cells <= 2:
        return set_cell_size(text, max(cells, 0))
    return set_cell_size(text, cells - 2).rstrip() + ".."


def fit(text: str, cells: int, right: bool = False) -> str:
    """`text` in exactly `cells` terminal cells, cut or filled with spaces (`right`: filled on the left)."""
    short = cut(text, cells)
    gap = " " * (cells - cell_len(short))
    return gap + short if right else short + gap


def reading(number: str) -> str:
    """A telephone number as one reads it aloud: Chinese mobiles in groups, home numbers without the country code."""
    if number.startswith("+86") and number[3:].isdigit():
        home = number[3:]
        if len(home) == 11 and home.startswith("1"):
            return f"{home[:3]} {home[3:7]} {home[7:]}"
        return f"0{home}"
    return plain(number, 40)
