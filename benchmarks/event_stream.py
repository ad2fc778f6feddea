"""A process of its own: when each call's card arrives at a client of the event stream, one JSON line for each.

It reads SERVICE_URL and SERVICE_TOKEN from the environment and ends with SIGTERM. A call counts when its line names
the resident.
"""

import json
import os
import time

import httpx
from httpx_sse import connect_sse


def main() -> None:
    headers = {"Authorization": f"Bearer {os.environ['SERVICE_TOKEN']}"}
    seen: set[int] = set()
    with (
        httpx.Client(base_url=os.environ["SERVICE_URL"], headers=headers, timeout=60, trust_env=False) as client,
        connect_sse(client, "GET", "/api/v1/events") as stream,
    ):
        print(json.dumps({"ready": True}), flush=True)
        for event in stream.iter_sse():
            now = time.time()
            call = json.loads(event.data or "{}").get("call") or {}
            if call.get("who") and call["id"] not in seen:
                seen.add(call["id"])
                print(json.dumps({"call": call["id"], "at": now}), flush=True)


if __name__ == "__main__":
    main()
