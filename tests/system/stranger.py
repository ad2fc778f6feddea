"""Somebody who writes his own SIP messages from the provider's address, with nothing but a socket."""

import re
import socket
import time

from callbridge.settings import TrunkSettings

HOTLINE = "02367000000"


class Stranger:
    """At the provider's own port unless another one is named, 0 for any that is free."""

    def __init__(self, trunk: TrunkSettings, port: int | None = None) -> None:
        self.trunk = trunk
        self.address, _, own = trunk.provider.rpartition(":")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, int(own) if port is None else port))
        self.socket.settimeout(3)
        self.calls = 0

    def call(self, user: str, *, display: bytes = b"", dialled: str = HOTLINE, cancel: bool = False) -> None:
        """Dial with that From user, escaped as SIP allows, and hang up as soon as it is answered (or even before)."""
        self.calls += 1
        escaped = "".join(
            chr(byte) if byte < 128 and chr(byte).isalnum() else f"%{byte:02X}"
            for byte in user.encode(errors="surrogateescape")
        )
        uri = f"<sip:{escaped}@{self.address}>" if escaped else f"<sip:{self.address}>"
        caller = b'"' + display + b'" ' + f"{uri};tag=t{self.calls}".encode()
        dialling = f"{dialled}@" if dialled else ""
        target = f"sip:{dialling}{self.trunk.address}:{self.trunk.port}"
        branch = f"z9hG4bK{self.calls}{time.monotonic_ns()}"
        address = f"{self.address}:{self.socket.getsockname()[1]}"
        here = f"IN IP4 {self.address}"
        body = f"v=0\r\no=- 1 1 {here}\r\ns=-\r\nc={here}\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"

        def send(method: str, to: str, branch: str, body: str = "") -> None:
            number = 2 if method == "BYE" else 1
            head = (
                f"{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch={branch}\r\nMax-Forwards: 70\r\n"
                f"To: {to}\r\nCall-ID: call{self.calls}@stranger\r\nCSeq: {number} {method}\r\n"
                f"Contact: <sip:x@{address}>\r\n" + ("Content-Type: application/sdp\r\n" if body else "")
            )
            message = head.encode() + b"From: " + caller + f"\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
            self.socket.sendto(message, (str(self.trunk.address), self.trunk.port))

        send("INVITE", f"<{target}>", branch, body)
        if cancel:
            send("CANCEL", f"<{target}>", branch)
        while True:
            answer = self.socket.recv(65536).decode(errors="replace")
            status = int(answer.split()[1]) if answer.startswith("SIP/2.0") else 0
            if "INVITE" not in re.findall(r"CSeq: .*", answer)[0] or status < 200:
                continue
            to = re.findall(r"To: (.*)\r", answer)[0]
            send("ACK", to, branch if status >= 300 else f"{branch}a")
            if status < 300:
                send("BYE", to, f"{branch}b")
            return
