"""Ten thousand open offers with their clocks: how late those that are due are acted on, and what the looking costs.

Time runs from a clock's own `due_at` to the journal's entry of what was done.
"""

import os
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import URL
from sqlmodel import col
from sqlmodel.sql.sqltypes import UTCDateTime

from benchmarks import shops
from benchmarks.figures import spread
from benchmarks.process import Service
from dispatch.models import Offer, Timer
from registry.store import Store
from registry.store.journal import Journal
from tests.databases import build
from tests.dispatch.killing.receiver import Receiver

SOON = timedelta(seconds=5)  # from setting the clocks to when the first is due
QUIET = 10.0  # seconds in which nothing is due
LONGEST_WAIT = 300.0  # seconds, for what is late: on a busy machine late is not lost
AIM_MS, AIM_IDLE = 1000, 5


def measured(kind: str, *, offers: int, per_second: int, seconds: int, services: int) -> dict[str, Any]:
    """`per_second` of the `offers` are due in each of some `seconds`; the others much later."""
    due = per_second * seconds
    with shops.database(kind) as url, Receiver().listening() as receiver:
        build(url)
        shops.open_offers(url, offers)
        with shops.services(kind, services, url, receiver.url) as running:
            quiet = _share_of_a_core(running, QUIET)
            began = _due_soon(url, due, per_second)
            time.sleep(max(0.0, (began + timedelta(seconds=seconds) - datetime.now(UTC)).total_seconds()))
            late = _lateness(url, due)
        return {
            "offers": offers,
            "services": services,
            "due_per_second": per_second,
            "lateness": spread(late),
            "missing": due - len(late),
            "idle_percent_of_a_core": quiet,
            "machine_load": round(os.getloadavg()[0], 2),
        }


def drawn(found: dict[str, dict[str, Any]]) -> str:
    """For reading: one line for each database and number of services."""
    lines = [
        f"{'clocks acted on, milliseconds late':34} {'due':>6} {'p50':>8} {'p99':>8} {'max':>8}   idle, % of a core"
    ]
    for name, figures in found.items():
        late = figures["lateness"]
        shown = "".join(f" {late.get(f'{each}_ms', '-'):>8}" for each in ("p50", "p99", "max"))
        met = late.get("p99_ms", float("inf")) < AIM_MS and figures["idle_percent_of_a_core"] < AIM_IDLE
        verdict = f"{'met' if met else 'MISSED'} (p99 < {AIM_MS}, idle < {AIM_IDLE})"
        idle = figures["idle_percent_of_a_core"]
        lines.append(f"{name:34} {late['count']:>6}{shown} {idle:>8}  {verdict}; load {figures['machine_load']}")
        if figures["missing"]:
            lines.append(f"{name:34} {figures['missing']} not acted on")
    return "\n".join(lines)


def _due_soon(url: URL, due: int, per_second: int) -> datetime:
    """The first `due` offers run out one after the other from now on; when the first does."""
    with closing(Store(url)) as store:
        began = datetime.now(UTC) + SOON
        rows = [{"of": each + 1, "at": began + timedelta(seconds=each / per_second)} for each in range(due)]
        at = bindparam("at", type_=UTCDateTime())
        with store.writing() as session:
            for model, of, when in ((Offer, Offer.id, "expires_at"), (Timer, Timer.subject_id, "due_at")):
                session.connection().execute(update(model).where(col(of) == bindparam("of")).values({when: at}), rows)
    return began


def _share_of_a_core(services: list[Service], seconds: float) -> float:
    """What the services compute, in percent of one core, while nothing is due: the most of any."""
    before = [_cpu_seconds(each.pid) for each in services]
    time.sleep(seconds)
    return max(
        round(100 * (_cpu_seconds(each.pid) - was) / seconds, 1) for each, was in zip(services, before, strict=True)
    )


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _lateness(url: URL, due: int) -> list[float]:
    """Seconds from when an offer's time was up until it was expired; waits for the last one for a while."""
    give_up = time.monotonic() + LONGEST_WAIT
    rows = (
        select(col(Journal.at), col(Offer.expires_at))
        .join(Offer, col(Offer.id) == col(Journal.subject_id))
        .where(col(Journal.what) == "offer.expired", col(Offer.id) <= due)
    )
    with closing(Store(url)) as store:
        while True:
            with store.reading() as session:
                found_now = session.execute(rows).all()
            if len(found_now) >= due or time.monotonic() > give_up:
                return [(at - expires).total_seconds() for at, expires in found_now]
            time.sleep(1)
