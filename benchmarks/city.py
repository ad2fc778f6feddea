"""A city, from a thousand residents to a million: how soon a caller is recognised, somebody is found while her name
is typed, and those who could come are ranked with all reasons; how large that is, and how each grows.
"""

import gc
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlmodel import col, select

from benchmarks import loads, postgis
from benchmarks.county import DATABASES, LOGIN, PASSWORD, county
from benchmarks.figures import spread
from benchmarks.machine import resident_memory_mb
from benchmarks.plot import loglog
from benchmarks.population import landline, mobile
from benchmarks.scene import HERE, Ports, Scene
from dispatch.config import CentreSettings
from dispatch.serve import COLLECT
from registry.candidates import gather, need_for
from registry.centres import service
from registry.lookup import who_calls
from registry.matching import Match, Weights, match
from registry.models import Contact, Merchant, Resident
from registry.pinyin import spellings
from registry.search import find_residents
from registry.store import Reading, Scope, Store

SIZES = (1_000, 10_000, 100_000, 1_000_000)  # residents; a merchant for each twenty of them
WARM_UP = 0.1  # of the questions, which are asked before the counted ones
CALLS, TYPING, NEEDS = 2_000, 60, 300  # questions; of the second, people whose names are typed
CITY = Scope(1)
AT = datetime(2026, 3, 3, 10, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
CELL = 0.01  # degrees: about a kilometre
NEAREST = 20
AIMS = {
    "recognised": 2.0,
    "found": 30.0,
    "candidates": 10.0,
    "beside_postgis": 1.5,
    "bytes_a_resident": 4096,
    "service_mb": 300.0,
}


@dataclass(frozen=True, slots=True)
class Somebody:
    """A resident, and what may be half remembered of her."""

    id: int
    name: str
    door: str
    number: str
    contact: str


def measured(kind: str, residents: int) -> dict[str, Any]:
    """On the database of that kind with so many residents; the memory is looked through as the service does it."""
    gc.freeze()
    gc.set_threshold(*COLLECT)
    made = county(CentreSettings(), residents=residents, merchants=residents // 20, city=True)
    with TemporaryDirectory(prefix="townline-city-") as name, DATABASES[kind](Path(name), made) as url:
        dice = random.Random(residents)
        with closing(Store(url)) as store:
            dense, merchants = _densest(store)
            figures: dict[str, Any] = {
                "merchants_in_the_densest_cell": merchants,
                "recognised": spread(_asked(store, _recognise(dice, residents))),
                "found": spread(_asked(store, _find(_people(store, dice, residents)))),
                **_candidates(store, dense),
            }
            if kind == "postgresql":
                with postgis.places(url) as nearest:
                    figures |= _beside(store, dense, nearest)
        figures |= _size(kind, url, residents)
        figures["service_mb"] = _memory(kind, url, residents)
    return figures


def _asked(store: Store, questions: Sequence[Callable[[Reading], object]]) -> list[float]:
    """Seconds that each takes, the first ones left out."""
    taken = []
    for question in questions:
        began = time.perf_counter()
        with store.reading() as session:
            question(session)
        taken.append(time.perf_counter() - began)
    return taken[int(len(taken) * WARM_UP) :]


def _recognise(dice: random.Random, residents: int) -> list[Callable[[Reading], object]]:
    """Mobiles, landlines, contacts and strangers."""

    def number() -> str:
        index = dice.randrange(residents)
        stranger = f"+8615{dice.randrange(10**9):09d}"
        return dice.choice((mobile(index), landline(index - index % 10), f"+86138{index:08d}", stranger))

    numbers = [number() for _ in range(CALLS)]
    return [lambda session, number=number: who_calls(session, CITY.centre_id, number) for number in numbers]


def _people(store: Store, dice: random.Random, residents: int) -> list[Somebody]:
    with store.reading() as session:
        rows = session.execute(
            select(
                *(col(Resident.id), col(Resident.name), col(Resident.building), col(Resident.unit)),
                *(col(Resident.door), col(Contact.name)),
            )
            .join(Contact, col(Contact.resident_id) == col(Resident.id))
            .where(col(Resident.id).in_([dice.randrange(residents) + 1 for _ in range(TYPING)]))
        ).all()
    return [
        Somebody(id_, name, f"{building}-{unit}-{door}", mobile(id_ - 1), contact)
        for id_, name, building, unit, door, contact in rows
    ]


def _find(people: Sequence[Somebody]) -> list[Callable[[Reading], object]]:
    """What is asked while each of these is typed, from the second character on."""
    typed = [start for one in people for words in _remembered(one) for start in _typed(words)]
    return [lambda session, words=words: find_residents(session, CITY, words, now=AT, left=5) for words in typed]


def _remembered(one: Somebody) -> Iterator[str]:
    syllables = spellings(one.name)[0]
    yield from (one.name, one.name[1:], "".join(each[0] for each in syllables), "".join(syllables))
    yield from (one.number[-4:], one.door, one.contact)


def _typed(words: str) -> Iterator[str]:
    return (words[:length] for length in range(2, len(words) + 1))


def _densest(store: Store) -> tuple[list[int], int]:
    """Residents of the kilometre with the most merchants, and how many merchants those are."""
    with store.reading() as session:
        places = session.execute(select(col(Merchant.latitude), col(Merchant.longitude))).all()
        (south, west), count = Counter((lat // CELL, long // CELL) for lat, long in places).most_common(1)[0]
        here = select(col(Resident.id)).where(
            col(Resident.latitude).between(south * CELL, (south + 1) * CELL),
            col(Resident.longitude).between(west * CELL, (west + 1) * CELL),
        )
        return list(session.scalars(here.order_by(col(Resident.id)).limit(NEEDS))), count


def _ranked(session: Reading, resident_id: int) -> Match:
    need = need_for(session, CITY, service(session, CITY.centre_id, "medicine"), AT, resident_id=resident_id)
    merchants, farther = gather(session, CITY, need)
    return match(need, merchants, Weights(), str(resident_id), farther=farther)


def _candidates(store: Store, dense: Sequence[int]) -> dict[str, Any]:
    able: list[int] = []

    def rank(session: Reading, resident_id: int) -> None:
        found = _ranked(session, resident_id)
        able.append(len(found.candidates) + found.more_candidates)

    taken = _asked(store, [lambda session, one=one: rank(session, one) for one in dense])
    return {"candidates": spread(taken), "candidates_mean": round(sum(able) / max(len(able), 1), 1)}


def _beside(store: Store, dense: Sequence[int], nearest: postgis.Nearest) -> dict[str, Any]:
    """The same twenty, found by us with every reason and by the hand-written query, in turn."""
    ours: list[float] = []
    theirs: list[float] = []
    same = asked = 0
    for resident_id in dense:
        began = time.perf_counter()
        with store.reading() as session:
            found = _ranked(session, resident_id)
        between = time.perf_counter()
        by_hand = nearest(resident_id, AT)
        theirs.append(time.perf_counter() - between)
        ours.append(between - began)
        listed = sorted(found.candidates, key=lambda one: one.distance or 0)[:NEAREST]
        same += len({one.merchant_id for one in listed} & set(by_hand))
        asked += len(by_hand)
    counted = slice(int(len(dense) * WARM_UP), None)
    us, them = spread(ours[counted]), spread(theirs[counted])
    return {
        "with_all_reasons": us,
        "by_hand": them,
        "beside_postgis": round(us.get("p50_ms", 0) / max(them.get("p50_ms", 0), 0.01), 2),
        "same_of_the_nearest": round(same / max(asked, 1), 3),
    }


def _size(kind: str, url: URL, residents: int) -> dict[str, Any]:
    statement = {
        "sqlite": "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat AS s JOIN sqlite_master AS m USING (name) GROUP BY 1",
        "postgresql": "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'spatial_ref_sys'",
    }[kind]
    with closing(Store(url)) as store, store.reading() as session:
        tables = {name: int(size) for name, size in session.execute(text(statement))}
    of_people = sum(tables.values())
    largest = sorted(tables.items(), key=lambda one: -one[1])[:8]
    return {"bytes_a_resident": round(of_people / residents), "megabytes": {n: round(s / 1e6, 1) for n, s in largest}}


def _memory(kind: str, url: URL, residents: int) -> dict[str, float]:
    """Of `townline serve`, after an operator has looked people up and asked who could come."""
    scene = Scene(HERE / "var" / f"city-{kind}", Ports.free())
    scene.on(url)
    with scene.running_exchange(), scene.running_service() as running:
        with loads.logged_in(scene, LOGIN, PASSWORD) as client:
            for words in ("wx", "王秀", "5-2", "0001", "li"):
                client.get("/api/v1/residents", params={"q": words}).raise_for_status()
            loads.candidates(client, cases=50, residents=residents)
        return resident_memory_mb(running.pid)


def drawn(found: dict[str, dict[int, dict[str, Any]]]) -> str:
    """A line for each figure and database, a column for each size; the aim is for the largest."""
    sizes = sorted({size for each in found.values() for size in each})
    lines = [f"{'residents':48}" + "".join(f"{size:>12,}" for size in sizes) + f"{'aim':>9}"]
    for words, way, aim in _LINES:
        for kind, by_size in found.items():
            figures = [_at(by_size.get(size, {}), way) for size in sizes]
            if any(figure is not None for figure in figures):
                shown = "".join(f"{'-' if figure is None else f'{figure:,}':>12}" for figure in figures)
                lines.append(f"{f'{words}, {kind}':48}{shown}{_verdict(figures[-1], aim)}")
    for kind, by_size in found.items():
        largest = by_size[max(by_size)]["megabytes"]
        lines.append(f"{kind}, MB: " + ", ".join(f"{name} {size:,}" for name, size in largest.items()))
    return "\n".join(lines)


def plotted(found: dict[str, dict[int, dict[str, Any]]]) -> str:
    """How the 99th percentiles grow, as SVG."""
    return loglog(
        "A city: 99th percentiles",
        "residents",
        "milliseconds",
        {
            f"{words} ({kind})": [(size, max(figures[name]["p99_ms"], 0.01)) for size, figures in by_size.items()]
            for name, words in (("recognised", "recognised"), ("found", "found"), ("candidates", "candidates"))
            for kind, by_size in found.items()
        },
    )


_LINES: tuple[tuple[str, tuple[str, ...], float | None], ...] = (
    ("caller recognised, p99 ms", ("recognised", "p99_ms"), AIMS["recognised"]),
    ("found as typed, p50 ms", ("found", "p50_ms"), None),
    ("found as typed, p99 ms", ("found", "p99_ms"), AIMS["found"]),
    ("merchants in the densest km²", ("merchants_in_the_densest_cell",), None),
    ("candidates there, mean", ("candidates_mean",), None),
    ("candidates there, p50 ms", ("candidates", "p50_ms"), None),
    ("candidates there, p99 ms", ("candidates", "p99_ms"), AIMS["candidates"]),
    ("PostGIS by hand, p50 ms", ("by_hand", "p50_ms"), None),
    ("ours beside it, times", ("beside_postgis",), AIMS["beside_postgis"]),
    ("the same of its nearest 20", ("same_of_the_nearest",), None),
    ("bytes a resident", ("bytes_a_resident",), AIMS["bytes_a_resident"]),
    ("townline serve, MB", ("service_mb", "highest"), AIMS["service_mb"]),
)


def _at(figures: Any, way: Sequence[str]) -> float | None:
    for key in way:
        figures = figures.get(key) if figures is not None else None
    return float(figures) if figures is not None else None


def _verdict(figure: float | None, aim: float | None) -> str:
    if aim is None or figure is None:
        return ""
    return f"{aim:>9g}  {'met' if figure <= aim else 'MISSED'}"
