"""A GSM modem on a pseudo-terminal, as gammu's AT driver expects one (3GPP TS 27.005, PDU mode)."""

import os
import threading
import tty
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

_CENTRE = "+8613800230500"
_SAYS = {
    "AT+CGMI": "Townline",
    "AT+CGMM": "Modem",
    "AT+CGMR": "1.0",
    "AT+CGSN": "356938035643809",
    "AT+CIMI": "460001234567890",
    "AT+CPIN?": "+CPIN: READY",
    "AT+CSQ": "+CSQ: 25,99",
    "AT+CREG?": '+CREG: 2,1,"0001","0002"',
    "AT+CGREG?": '+CGREG: 2,1,"0001","0002"',
    "AT+CGATT?": "+CGATT: 1",
    "AT+COPS?": '+COPS: 0,2,"46000"',
    "AT+CPMS=?": '+CPMS: ("SM"),("SM"),("SM")',
    "AT+CSCA?": f'+CSCA: "{_CENTRE}",145',
    "AT+CSCS=?": '+CSCS: ("GSM","UCS2","HEX")',
    "AT+CSCS?": '+CSCS: "GSM"',
    "AT+CNMI=?": "+CNMI: (0,1,2),(0,1,2,3),(0,2),(0,1),(0,1)",
    "AT+CBC": "+CBC: 0,100",
}
CMS_ERROR = 500


@dataclass(frozen=True)
class Submitted:
    """An SMS-SUBMIT (3GPP TS 23.040 section 9.2.2.2) as the network takes it."""

    reference: int
    to: str
    text: str
    header: str
    wants_report: bool


@dataclass
class Modem:
    """`plug` makes `device` a modem, `unplug` pulls it; what was sent is in `sent`."""

    device: Path
    sent: list[Submitted] = field(default_factory=list)
    refuses: bool = False  # answers +CMS ERROR to whatever is sent
    _store: dict[int, str] = field(default_factory=dict)
    _master: int | None = None
    _slave: int | None = None
    _thread: threading.Thread | None = None

    def plug(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._master)
        tty.setraw(self._slave)
        self.device.unlink(missing_ok=True)
        self.device.symlink_to(os.ttyname(self._slave))
        self._thread = threading.Thread(target=self._answer, args=(self._master,), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        assert self._master is not None
        assert self._slave is not None
        assert self._thread is not None
        self.device.unlink()
        master, self._master = self._master, None
        os.write(self._slave, b"\0")  # the thread reads it and leaves
        self._thread.join(timeout=5)
        os.close(self._slave)
        os.close(master)

    def receive(self, sender: str, text: str, at: datetime, *, chain: tuple[int, int, int] | None = None) -> None:
        """An SMS-DELIVER arrives; `chain` is reference, total and place of a part."""
        index = max(self._store, default=0) + 1
        self._store[index] = _deliver(sender, text, at, chain)
        self._say(f'+CMTI: "SM",{index}')

    def report(self, message: Submitted, at: datetime, *, status: int = 0) -> None:
        """An SMS-STATUS-REPORT arrives: 0 delivered, 70 a permanent failure."""
        number = message.to.removeprefix("+")
        stamp, centre = _stamp(at), f"0891{_swapped(_CENTRE[1:])}"
        pdu = f"{centre}06{message.reference:02X}{len(number):02X}91{_swapped(number)}{stamp}{stamp}{status:02X}"
        self._say(f"+CDS: {_length(pdu)}\r\n{pdu}")

    def _answer(self, master: int) -> None:
        line = b""
        submitting = False
        while self._master is not None:
            try:
                line += os.read(master, 1024)
            except OSError:
                return
            while True:
                end = b"\x1a" if submitting else b"\r"
                word, found, rest = line.partition(end)
                if not found:
                    break
                line = rest
                if submitting:
                    submitting = False
                    self._submit(word.decode().strip())
                    continue
                command = word.decode(errors="replace").strip()
                self._write(command + "\r")
                submitting = command.startswith("AT+CMGS=")
                self._write("\r\n> ") if submitting else self._obey(command)

    def _obey(self, command: str) -> None:
        name, _, argument = command.partition("=")
        if command == "AT+CPMS=?" or name != "AT+CPMS":
            said = _SAYS.get(command)
        else:
            said = f"+CPMS: {len(self._store)},50,{len(self._store)},50,{len(self._store)},50"
        if "MODE" in command:
            self._say("ERROR")
            return
        if command == "AT+CPMS?":
            said = f'+CPMS: "SM",{len(self._store)},50,"SM",{len(self._store)},50,"SM",{len(self._store)},50'
        elif name == "AT+CMGR":
            pdu = self._store.get(int(argument))
            if pdu is None:
                self._say("+CMS ERROR: 321")
                return
            said = f"+CMGR: 0,,{_length(pdu)}\r\n{pdu}"
        elif name == "AT+CMGL":
            said = "\r\n".join(f"+CMGL: {index},0,,{_length(pdu)}\r\n{pdu}" for index, pdu in self._store.items())
        elif name == "AT+CMGD" and argument != "?":
            self._store.pop(int(argument.partition(",")[0]), None)
        self._say(f"{said}\r\n\r\nOK" if said else "OK")

    def _submit(self, pdu: str) -> None:
        if self.refuses:
            self._say(f"+CMS ERROR: {CMS_ERROR}")
            return
        message = _submitted(pdu, len(self.sent) + 1)
        self.sent.append(message)
        self._say(f"+CMGS: {message.reference}\r\n\r\nOK")

    def _say(self, text: str) -> None:
        self._write(f"\r\n{text}\r\n")

    def _write(self, text: str) -> None:
        if self._master is not None:
            with suppress(OSError):
                os.write(self._master, text.encode())


def _length(pdu: str) -> int:
    """Octets without the service centre's address before them."""
    return len(pdu) // 2 - 1 - int(pdu[:2], 16)


def _swapped(digits: str) -> str:
    """Semi-octets (TS 23.040 section 9.1.2.3)."""
    padded = digits + "F" * (len(digits) % 2)
    return "".join(padded[place + 1] + padded[place] for place in range(0, len(padded), 2))


def _stamp(at: datetime) -> str:
    """TP-SCTS with its offset in quarters of an hour."""
    offset = at.utcoffset()
    assert offset is not None
    quarters = int(offset.total_seconds()) // 900
    return _swapped(f"{at:%y%m%d%H%M%S}{quarters:02d}")


def _deliver(sender: str, text: str, at: datetime, chain: tuple[int, int, int] | None) -> str:
    number = sender.removeprefix("+")
    header = b"" if chain is None else bytes([5, 0, 3, *chain])
    content = header + text.encode("utf-16-be")
    first = 0x44 if header else 0x04
    return (
        f"00{first:02X}{len(number):02X}91{_swapped(number)}0008{_stamp(at)}{len(content):02X}{content.hex().upper()}"
    )


def _submitted(pdu: str, reference: int) -> Submitted:
    octets = bytes.fromhex(pdu)
    place = 1 + octets[0]
    first = octets[place]
    digits = octets[place + 2]
    place += 4 + (digits + 1) // 2
    number = _swapped(octets[place - (digits + 1) // 2 : place].hex())[:digits]
    coding = octets[place + 1]
    place += 2 + {0: 0, 2: 1, 1: 7, 3: 7}[(first >> 3) & 3]
    content = octets[place + 1 :]
    header = content[: content[0] + 1] if first & 0x40 else b""
    assert coding & 0x0C == 0x08, "the tests write Chinese"
    text = content[len(header) :].decode("utf-16-be")
    return Submitted(reference, f"+{number}", text, header.hex(), bool(first & 0x20))
