"""Who is in a call, read from the exchange's list of channels."""

from collections.abc import Sequence
from dataclasses import dataclass

from callbridge.calls import extension_of
from callbridge.errors import ActionRefused
from callbridge.wire import Fields

TRUNK = "PJSIP/trunk-"
UP = "6"  # ChannelState: answered
ROOM, HELD = "townline-room", "townline-held"


@dataclass(frozen=True, slots=True)
class Parties:
    """Who is in a call now: `outside` is whom it is about, `operators` talk to her, the others were brought in."""

    outside: Fields | None
    operators: tuple[Fields, ...]
    others: tuple[Fields, ...]

    @property
    def everybody(self) -> list[Fields]:
        return [each for each in (self.outside, *self.operators, *self.others) if each is not None]

    @property
    def held(self) -> bool:
        return self.outside is not None and self.outside.get("context") == HELD

    @property
    def is_room(self) -> bool:
        return any(each.get("application") == "ConfBridge" for each in self.everybody)

    def has(self, extension: str) -> bool:
        """Whether that telephone is in the call."""
        return any(extension_of(each.get("channel", "")) == extension for each in self.operators)

    def operator(self, extension: str) -> Fields:
        """Raises `ActionRefused` when she is not in the call."""
        for each in self.operators:
            if extension_of(each.get("channel", "")) == extension:
                return each
        raise ActionRefused(f"telephone {extension} is not in this call")

    def caller(self) -> Fields:
        """Raises `ActionRefused` when she has gone."""
        if self.outside is None:
            raise ActionRefused("the other side has hung up")
        return self.outside


def parties_of(call: str, channels: Sequence[Fields], exchange: str) -> Parties:
    """Of all channels those of that call: itself, what shares its bridge, and what bears its id as account code."""
    main = next((each for each in channels if each.get("uniqueid") == call), None)
    bridge = main.get("bridgeid", "") if main is not None else ""
    there = [
        each
        for each in channels
        if each is main or each.get("accountcode") == call or (bridge and each.get("bridgeid") == bridge)
    ]
    ours = f"{exchange}-leg-"
    outside = next(
        (
            each
            for each in there
            if each.get("channel", "").startswith(TRUNK) and not each.get("uniqueid", "").startswith(ours)
        ),
        None,
    )
    operators = tuple(
        each
        for each in there
        if extension_of(each.get("channel", "")) is not None
        and each.get("channelstate") == UP
        and each.get("context") != "townline-listen"
    )
    others = tuple(each for each in there if each is not outside and each not in operators)
    return Parties(outside, operators, others)
