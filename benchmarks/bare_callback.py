"""A process of its own: when a bare panoramisk callback hears of each call, one JSON line for each.

It reads AMI_PORT and AMI_SECRET from the environment and ends with SIGTERM.
"""

import asyncio
import json
import os
import time
from typing import Any

from panoramisk import Manager


def heard(_manager: Manager, event: Any) -> None:
    now = time.time()
    if event["UserEvent"] == "TownlineArrived":
        print(json.dumps({"uniqueid": event["Uniqueid"], "at": now}), flush=True)


async def main() -> None:
    manager = Manager(
        host="127.0.0.1", port=int(os.environ["AMI_PORT"]), username="townline", secret=os.environ["AMI_SECRET"]
    )
    manager.register_event("UserEvent", heard)
    await manager.connect()
    await manager.authenticated_future
    print(json.dumps({"ready": True}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
