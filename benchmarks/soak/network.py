"""The town around the exchange: a second Asterisk whose telephones ring, are answered and pressed.

Five operators' telephones, each with one call at a time; and whoever is called by us outside answers and presses 1,
which is written down there: a witness that has seen neither the service nor its exchange.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.scene import EXTENSIONS, Scene
from callbridge.exchange import Exchange
from callbridge.exchange.running import running_pid
from tests.system.town import Town

TALKS = 6.0  # seconds, below those after which a silent caller is an emergency

Desk = Callable[[int, float], list[str]]  # what the telephone of a place does that talks for so many seconds


@dataclass(frozen=True, slots=True)
class Sighting:
    what: str  # rang, pressed, left
    number: str
    call: str
    at: float


class Network:
    def __init__(self, scene: Scene, exchange: Exchange, desk: Desk) -> None:
        self._log = scene.folder / "network.jsonl"
        ports = scene.ports
        rtp = ports.rtp + ports.rtp_count
        self._town = Town(
            exchange,
            scene.folder / "town",
            ports.provider,
            ports.desks,
            (rtp, rtp + 199),
            {"_[+0-9].": self._helper()},
            {extension: desk(place, TALKS) for place, extension in enumerate(EXTENSIONS)},
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        self._town.start()
        try:
            yield
        finally:
            self._town.stop()

    @property
    def pid(self) -> int:
        """The town's own Asterisk, which is the operators' telephones too."""
        pid = running_pid(self._town.places)
        assert pid is not None
        return pid

    def seen(self) -> list[Sighting]:
        if not self._log.exists():
            return []
        whole, _, _ = self._log.read_text().rpartition("\n")
        return [Sighting(**json.loads(line)) for line in whole.splitlines()]

    def _helper(self) -> list[str]:
        return [
            self._writes("rang"),
            "Ringing()",
            "Wait(1)",
            "Answer()",
            "Wait(1)",
            self._writes("pressed"),  # first: the other side hangs up while the tone still sounds
            "SendDTMF(1)",
            "Wait(20)",
            "Hangup()",
        ]

    def _writes(self, what: str) -> str:
        facts = ("what", what), ("number", "${EXTEN}"), ("call", "${UNIQUEID}")
        texts = "".join(f'"{name}": "{value}", ' for name, value in facts)
        line = "{" + texts + '"at": ${STRFTIME(,,%s.%3q)}}'
        return f"Set(FILE({self._log},,,al,u)={line})"


def one_call(place: int, talks: float) -> list[str]:
    """A second call (a button's) rings in vain while she talks."""
    return [
        "Set(GROUP()=${EXTEN})",
        "Ringing()",
        "ExecIf($[${GROUP_COUNT(${EXTEN})} > 1]?Wait(60))",
        f"Wait({0.5 + 0.25 * place})",
        "Answer()",
        f"Wait({talks})",
        "Hangup()",
    ]


def call_waiting(place: int, talks: float) -> list[str]:
    """A second call rings on and is lifted as soon as she has put down the first."""
    return [
        "Ringing()",
        f"Wait({0.5 + 0.25 * place})",
        "GotoIf($[${GROUP_COUNT(${EXTEN})} > 0]?2)",
        "Set(GROUP()=${EXTEN})",
        "Answer()",
        f"Wait({talks})",
        "Hangup()",
    ]
