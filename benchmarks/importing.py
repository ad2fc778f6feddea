"""A survey of a whole town is brought in while calls arrive: how long that takes, and how long a call waits for it.

The import is a process of its own, as `townline import` is one beside `townline serve`. A call is recognised when it
stands in the database with whose number it is: the transaction that the telephone side waits for.
"""

import gc
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy.engine import URL

from benchmarks import machine
from benchmarks.county import postgresql
from benchmarks.figures import spread
from benchmarks.process import Process
from benchmarks.survey import mobile, survey
from callbridge.events import CallArrived
from dispatch.intake import Intake
from dispatch.serve import COLLECT
from registry import centres
from registry.seed import seed_centre
from registry.store import Store
from tests.databases import build

BEFORE = 100  # calls on a quiet database
EVERY = 0.25  # seconds: four calls a second are more than a city of a million has
MEASURED_EVERY = 10  # calls: the memory
AIMS = {"import_s": 60, "memory_mb": 500, "transaction_ms": 50, "recognised_p99_ms": 20}


def measured(kind: str, *, residents: int) -> dict[str, Any]:
    """On a database of that kind; the memory of who takes the calls is looked through as the service does it."""
    gc.freeze()
    gc.set_threshold(*COLLECT)
    with TemporaryDirectory(prefix="townline-import-") as name, _database(kind, Path(name)) as url:
        folder = Path(name)
        build(url)
        path = survey(folder / "survey.xlsx", residents)
        with closing(Store(url)) as store:
            calls = _Calls(store, residents)
            quiet = [calls.one() for _ in range(BEFORE)]
            command = [sys.executable, "-m", "benchmarks.bring_in", url.render_as_string(hide_password=False)]
            memory = 0.0
            called: list[tuple[float, float]] = []  # when, and the seconds until it was recognised
            with Process(folder, "bring_in", [*command, str(calls.centre_id), str(path)]) as process:
                while process.runs:
                    if len(called) % MEASURED_EVERY == 0:
                        memory = max(memory, machine.own_memory_mb(process.pid))
                    called.append((time.monotonic(), calls.one()))
                    time.sleep(EVERY)
                if not (told := process.lines()):
                    raise RuntimeError(process.log.read_text()[-2000:])
        began, ended = told[0].pop("import_between")  # of the one clock that all processes of a machine have
        return {
            "residents": residents,
            "file_mb": round(path.stat().st_size / 1e6, 1),
            **told[0],
            "memory_mb": memory,
            "recognised_before": spread(quiet),
            "recognised_meanwhile": spread([seconds for at, seconds in called if began <= at <= ended]),
        }


def drawn(found: dict[str, dict[str, Any]]) -> str:
    lines = [f"{'':36}" + "".join(f"{kind:>14}{'':8}" for kind in found) + f"{'aim':>8}"]
    for words, way, aim in _LINES:
        cells = "".join(f"{(figure := _at(each, way)):>14}{_verdict(figure, aim):8}" for each in found.values())
        lines.append(f"{words:36}{cells}{aim or '':>8}".rstrip())
    return "\n".join(lines)


_LINES: tuple[tuple[str, tuple[str, ...], float | None], ...] = (
    ("residents", ("residents",), None),
    ("dry run, s", ("dry_run_s",), None),
    ("import, s", ("import_s",), AIMS["import_s"]),
    ("  of it read and staged, s", ("of_it_staged_s",), None),
    ("  processor time a resident, ms", ("processor_ms_a_resident",), None),
    ("dry run again: nothing new, s", ("second_dry_run_s",), None),
    ("highest memory, MB", ("memory_mb",), AIMS["memory_mb"]),
    ("transactions", ("transactions", "count"), None),
    ("transactions, p50, ms", ("transactions", "p50_ms"), None),
    ("transactions, p99, ms", ("transactions", "p99_ms"), None),
    ("longest transaction, ms", ("transactions", "max_ms"), AIMS["transaction_ms"]),
    ("call recognised before, p99, ms", ("recognised_before", "p99_ms"), None),
    ("calls while it is brought in", ("recognised_meanwhile", "count"), None),
    ("call recognised while, p50, ms", ("recognised_meanwhile", "p50_ms"), None),
    ("call recognised while, p99, ms", ("recognised_meanwhile", "p99_ms"), AIMS["recognised_p99_ms"]),
    ("call recognised while, longest, ms", ("recognised_meanwhile", "max_ms"), None),
)


def _at(figures: Any, way: tuple[str, ...]) -> Any:
    for name in way:
        figures = figures[name]
    return figures


def _verdict(figure: float, aim: float | None) -> str:
    return "" if aim is None else " met" if figure <= aim else " MISSED"


class _Calls:
    """Calls from numbers of the survey, one after the other."""

    def __init__(self, store: Store, residents: int) -> None:
        with store.writing() as session:
            row = seed_centre(
                session,
                code="BENCH",
                name="Bench",
                time_zone="Asia/Shanghai",
                country="CN",
                area_code="023",
                language="zh",
            )
            self.centre_id = row.id or 0
            plan = centres.plan(session, self.centre_id)
        self._intake = Intake(store, self.centre_id, plan)
        self._numbers, self._residents = count(), residents

    def one(self) -> float:
        """Seconds until it was recognised and committed."""
        number = next(self._numbers)
        call = CallArrived(
            exchange="main",
            at=datetime.now(UTC),
            uniqueid=f"bench-{number}",
            linkedid=f"bench-{number}",
            channel=f"PJSIP/trunk-{number:08x}",
            number=mobile(number * 7919 % self._residents),
            name="",
            dialled="",
            emergency=False,
        )
        began = time.perf_counter()
        self._intake.handle(call)
        return time.perf_counter() - began


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[URL]:
    if kind == "sqlite":
        yield URL.create("sqlite", database=str(folder / "town.db"))
        return
    with postgresql() as url:
        yield url
