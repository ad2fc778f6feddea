"""What systemd is told: that we are ready, that we live, what we do (sd_notify(3), without a library)."""

import os
import socket

import structlog

log = structlog.get_logger()

VARIABLE = "NOTIFY_SOCKET"


class Notifier:
    """Sends to the socket that whoever started us has named; without one it says nothing."""

    def __init__(self, address: str | None = None) -> None:
        self._address = os.environ.get(VARIABLE, "") if address is None else address

    def tell(self, *states: str) -> None:
        """`READY=1`, `WATCHDOG=1`, `STOPPING=1`, `STATUS=…`: together in one datagram. Never raises, never waits."""
        if not self._address:
            return
        name = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as door:
            door.setblocking(False)
            try:
                door.sendto("\n".join(states).encode(), name)
            except OSError as error:
                log.warning("notify.not_told", error=type(error).__name__)
