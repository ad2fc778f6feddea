"""AMI's bytes: splitting them into messages, and refusing values that would break the line protocol.

AMI is lines of `Key: Value` ended by CR LF, an empty line ends a message. A TCP segment may end anywhere, also inside
a UTF-8 sequence, so bytes are split into messages first and decoded afterwards.
"""

from collections.abc import Iterator, Mapping, Sequence

from callbridge.errors import UnsafeValue

# One message of the exchange: keys in lower case. A key that came twice has its values joined by REPEATED.
Fields = dict[str, str]
Action = Mapping[str, str | Sequence[str]]

REPEATED = "\n"
LONGEST_LINE = 1022  # bytes of an action's line that Asterisk reads; the rest would be cut off without a word
LONGEST_MESSAGE = 1 << 20
_END = b"\r\n\r\n"
_BREAKERS = frozenset("\r\n\0")


class Splitter:
    """Turns the chunks of one connection into messages, in order."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[Fields]:
        """The messages that `chunk` completes. Raises `ValueError` when one grows over a megabyte: that is no AMI."""
        seen = max(len(self._rest) - len(_END) + 1, 0)
        self._rest += chunk
        begin = 0
        while (end := self._rest.find(_END, max(seen, begin))) >= 0:
            raw = bytes(self._rest[begin:end])
            begin = end + len(_END)
            if fields := _fields(raw):
                yield fields
        del self._rest[:begin]
        if len(self._rest) > LONGEST_MESSAGE:
            raise ValueError("a message without an end")


def _fields(raw: bytes) -> Fields:
    fields: Fields = {}
    for line in raw.decode("utf-8", "replace").split("\r\n"):
        key, colon, value = line.partition(":")
        if not colon:  # the banner; Asterisk has no continuation lines
            continue
        key = key.lower()
        value = value.removeprefix(" ")
        fields[key] = fields[key] + REPEATED + value if key in fields else value
    return fields


def check(action: Action) -> None:
    """Raise `UnsafeValue` when a key or value of the action would become another line, or a line that is cut off."""
    for key, values in action.items():
        for value in [values] if isinstance(values, str) else values:
            if not _BREAKERS.isdisjoint(key) or not _BREAKERS.isdisjoint(value):
                raise UnsafeValue(f"{key} holds a line break or a NUL")
            try:
                length = len(f"{key}: {value}".encode())
            except UnicodeEncodeError:  # half a surrogate pair
                raise UnsafeValue(f"{key} is no Unicode text") from None
            if length > LONGEST_LINE:
                raise UnsafeValue(f"{key} is longer than {LONGEST_LINE} bytes")


def variable(name: str, value: str) -> str:
    """One channel variable as an Originate carries it. Raises `UnsafeValue`: a comma would begin another variable."""
    if "," in value or "," in name or "=" in name:
        raise UnsafeValue(f"{name} holds a comma")
    return f"{name}={value}"
