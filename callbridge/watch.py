"""Our sign of life to the exchange, which calls the supervisor by itself when none comes (extensions_watch.conf)."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from callbridge.calls import number_of
from callbridge.link import Link

log = structlog.get_logger(__name__)

CONTEXT = FAMILY = "townline-watch"
SILENT_SECONDS, PAUSE_SECONDS = "1", "2"  # keys of what the exchange is told; without the first it calls nobody
ITS_OWN = ACKNOWLEDGED, CALLS = "0", "3"  # keys of what it keeps itself
SUPERVISOR = "townline-supervisor"  # numbers by rank, from 1


@dataclass(frozen=True, slots=True)
class Alarm:
    """What the exchange did in the silence that ends now."""

    calls: int
    acknowledged_at: datetime | None


class Watch:
    """All commands raise `NotLinked`, `ActionRefused` and `LinkLost`."""

    def __init__(self, link: Callable[[], Link], mirrored: Callable[[str], Awaitable[dict[str, str]]]) -> None:
        self._link = link
        self._mirrored = mirrored

    async def beat(self, good_for: timedelta) -> None:
        """A sign of life that is good for so long; it takes no channel and writes nothing."""
        value = f"{round(good_for.total_seconds()):06}-{secrets.token_hex(4)}"
        await self._link().act({"Action": "Setvar", "Variable": "TL_BEAT", "Value": value})

    async def alarm(self) -> Alarm | None:
        """Whether it has called since our last sign of life; the next one makes it forget that."""
        kept = await self._mirrored(FAMILY)
        calls, at = number_of(kept.get(CALLS)), number_of(kept.get(ACKNOWLEDGED))
        return Alarm(calls, datetime.fromtimestamp(at, UTC) if at else None) if calls else None

    async def begin(self) -> None:
        """Has the exchange watch, should its watch have been ended by hand."""
        link = self._link()
        channels = await link.list({"Action": "CoreShowChannels"})
        if any(channel.get("context") == CONTEXT for channel in channels):
            return
        log.warning("watch.begun_again")
        await link.act(
            {
                "Action": "Originate",
                "Channel": f"Local/watch@{CONTEXT}",
                "Context": CONTEXT,
                "Exten": "idle",
                "Priority": "1",
                "Async": "true",
            }
        )
