"""A bridge in a process of its own, to be killed: one JSON line for each event, `position` where CEL was kept."""

import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from callbridge.bridge import Bridge, Pace
from callbridge.events import BridgeEvent, CelRead
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings
from callbridge.speech import Language


class Mute:
    async def say(self, text: str, language: Language, *, call: str) -> Path:
        raise NotImplementedError

    def unsay(self, call: str) -> None:
        pass


async def tell(events: Sequence[BridgeEvent]) -> None:
    for event in events:
        line: dict[str, object] = {"kind": type(event).__name__}
        if isinstance(event, CelRead):
            line["position"] = [event.position.generation, event.position.row]
            line["ended"] = [record.number for record in event.calls if record.end is not None]
        sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def main(settings: str, secrets: str, cel: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    bridge = Bridge(
        ExchangeSettings.model_validate_json(settings),
        Secrets(Path(secrets)),
        Mute(),
        Path(cel),
        lambda: datetime.now(UTC),
        pace=Pace(cel_every=0.2),
    )
    await bridge.start(tell, None)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
