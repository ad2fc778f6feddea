"""The quarter's calls, played by sipp from the public network's side of the trunk; what sipp saw is a witness."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process import Process
from benchmarks.scene import TOWN, Scene
from benchmarks.soak.quarter import PlannedCall

SCENARIO = Path(__file__).with_name("resident.xml")


@dataclass(frozen=True, slots=True)
class Heard:
    """What callers met: how many calls of each telephone (as the network shows it) were taken; how all went on."""

    answered: Counter[str]
    left: int = 0  # hung up themselves
    put_down: int = 0  # the other side hung up
    refused: int = 0

    def __add__(self, other: "Heard") -> "Heard":
        return Heard(
            self.answered + other.answered,
            self.left + other.left,
            self.put_down + other.put_down,
            self.refused + other.refused,
        )

    @property
    def cut_off(self) -> int:
        """Taken, and then nobody said anything any more."""
        return self.answered.total() - self.left - self.put_down


class Callers:
    """One sipp that makes `calls`, `per_minute` of them, never more than `at_most` at once."""

    def __init__(
        self, scene: Scene, calls: Sequence[PlannedCall], *, per_minute: int, at_most: int, name: str = "callers"
    ) -> None:
        self._log = scene.folder / f"{name}.sipp"
        listed = scene.folder / f"{name}.csv"
        listed.write_text(
            "SEQUENTIAL\n" + "".join(f"{call.line.shown};{call.dialled};{call.seconds}\n" for call in calls)
        )
        trunk = scene.config.exchange.trunk
        command = scene.tree.command(
            "sipp",
            f"{trunk.address}:{trunk.port}",
            *("-sf", SCENARIO, "-inf", listed, "-i", TOWN, "-mi", TOWN, "-p", str(scene.ports.callers)),
            *("-r", str(per_minute), "-rp", "60000", "-m", str(len(calls)), "-l", str(at_most)),
            *("-nostdin", "-aa", "-trace_logs", "-log_file", self._log, "-log_overwrite", "true"),
            # A call that the exchange does not know any more is over after so many repetitions.
            *("-max_retrans", "4", "-max_invite_retrans", "6"),
        )
        self._sipp = Process(scene.folder, name, command, scene.tree.environment({"TERM": "dumb"}))

    @contextmanager
    def calling(self) -> Iterator[None]:
        """They call while the block lasts, and are ended with it."""
        with self._sipp:
            yield

    @property
    def pid(self) -> int:
        return self._sipp.pid

    @property
    def all_over(self) -> bool:
        """Every call has been made and has ended."""
        return not self._sipp.runs

    def heard(self) -> Heard:
        words: Counter[str] = Counter()
        answered: Counter[str] = Counter()
        for line in self._log.read_text().splitlines() if self._log.exists() else []:
            what, _, shown, _ = line.split(";")
            words[what] += 1
            answered[shown] += what == "answered"
        return Heard(answered, words["leaves"], words["put_down"], words["refused"])
