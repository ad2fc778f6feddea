"""The texts that go out as SMS, by their keys, and the values of each: what an approved template may use."""

import string
from functools import cache

from dispatch.wire.catalogue import LANGUAGES, Catalogue, keys_of

OF_A_JOB = frozenset({"centre", "service", "where", "when", "code"})
OF_A_REPLY = frozenset({"centre", "code"})
OF_THE_DETAILS = frozenset({"door", "entrance", "person", "words"})
OF_NEWS = frozenset({"centre", "who", "service", "merchant", "when"})
ALWAYS = {"sms.": OF_A_JOB, "reply.": OF_A_REPLY, "resident.": OF_NEWS}
PARTS = "sms.details_answers"  # never a text by itself


@cache
def values_by_text() -> dict[str, frozenset[str]]:
    """Every such text with the names of its values."""
    keys = sorted(key for key in keys_of("dispatch") if key.startswith(tuple(ALWAYS)) and not key.startswith(PARTS))
    return {key: _values(key) for key in keys}


def _values(key: str) -> frozenset[str]:
    found = {
        name
        for language in LANGUAGES
        for _, name, _, _ in string.Formatter().parse(Catalogue("dispatch", language).say(key))
        if name
    }
    always = next(values for prefix, values in ALWAYS.items() if key.startswith(prefix))
    return always | found | (OF_THE_DETAILS if key.startswith("sms.details") else frozenset())
