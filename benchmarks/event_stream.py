"""A process of its own: when each call arrives at a client of the event stream, one JSON line for each.

It reads SERVICE_URL and SERVICE_TOKEN from the environment and ends with SIGTERM. A call is told twice when it was
first seen without the resident's name. When the service goes away it comes back where it was.
"""

import json
import os
import time
from collections.abc import Iterator

import httpx
from httpx_sse import ServerSentEvent, connect_sse

AGAIN = 0.2  # seconds after the stream has broken


def main() -> None:
    told: dict[int, bool] = {}
    for event in _events():
        now = time.time()
        call = json.loads(event.data or "{}").get("call") or {}
        named = bool(call.get("who"))
        if call and (call["id"] not in told or named > told[call["id"]]):
            told[call["id"]] = named
            print(json.dumps({"call": call["id"], "at": now, "named": named}), flush=True)


def _events() -> Iterator[ServerSentEvent]:
    headers = {"Authorization": f"Bearer {os.environ['SERVICE_TOKEN']}"}
    with httpx.Client(base_url=os.environ["SERVICE_URL"], headers=headers, timeout=60, trust_env=False) as client:
        while True:
            try:
                with connect_sse(client, "GET", "/api/v1/events") as stream:
                    print(json.dumps({"ready": True}), flush=True)
                    for event in stream.iter_sse():
                        if event.id:
                            client.headers["Last-Event-ID"] = event.id
                        yield event
            except httpx.TransportError:
                pass
            time.sleep(AGAIN)


if __name__ == "__main__":
    main()
