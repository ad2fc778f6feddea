"""Text that comes from outside, made harmless without losing a name's rare characters."""

import unicodedata

_BREAKS = frozenset("\t\n\v\f\r\x85\u2028\u2029")
_HARMFUL = frozenset({"Cc", "Cf", "Cs"})  # control, format (bidi overrides, zero-width), lone surrogates


def plain(raw: str, limit: int | None = None) -> str:
    """`raw` on one line: no control characters, lone surrogates or bidi overrides; cut at `limit` characters.

    Both databases and every screen take the result. It is not normalised: a rare character stays the one it was.
    """
    if limit is not None:
        raw = raw[: limit * 2]
    if raw.isprintable():  # nothing harmful and no break in it: nearly every text
        return (" ".join(raw.split()) if " " in raw else raw)[:limit]
    kept = (
        " " if character in _BREAKS else character
        for character in raw
        if character in _BREAKS or unicodedata.category(character) not in _HARMFUL
    )
    return " ".join("".join(kept).split())[:limit]


def folded(raw: str, limit: int) -> str:
    """`plain` text for comparing: compatibility forms (full-width digits) and case made alike."""
    kept = plain(raw, limit)
    return kept.lower() if kept.isascii() else unicodedata.normalize("NFKC", kept).casefold()[:limit]
