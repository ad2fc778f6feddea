"""One holder at a time, among several instances on one database."""

import os
import socket
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete

from dispatch.models import Lease
from registry.store import Reading, Store

TERM = timedelta(seconds=15)  # without a renewal the lease is free
LONGEST_NAME = 64


def own_name(process: int | None = None) -> str:
    """By which a process of this machine, else this one, holds leases; no two machines are called alike."""
    return f"{socket.gethostname()}:{process or os.getpid()}"[-LONGEST_NAME:]


def hold(store: Store, name: str, holder: str) -> bool:
    """Takes or renews the lease for `TERM`; False while another holds it.

    One of this machine whose process is gone holds nothing: who is started again after a crash does not wait.
    """
    with store.writing() as session:
        now = session.clock.now()
        if session.get(Lease, name) is None:
            with suppress(IntegrityError), session.begin_nested():  # another may be the first at the same time
                session.add(Lease(name=name, holder=holder, until=now + TERM))
        lease = session.lock(Lease, name)
        assert lease is not None
        if lease.holder != holder and lease.until > now and not _is_gone(lease.holder):
            return False
        lease.holder, lease.until = holder, now + TERM
        return True


def _is_gone(holder: str) -> bool:
    process = holder.rpartition(":")[2]
    ours = process.isascii() and process.isdigit() and holder == own_name(int(process))
    return ours and not Path(f"/proc/{process}").exists()


def is_held(session: Reading, name: str, now: datetime) -> bool:
    """Whether anybody holds it at that moment."""
    lease = session.get(Lease, name)
    return lease is not None and lease.until > now


def release(store: Store, name: str, holder: str) -> None:
    """Lets others have it at once."""
    with store.writing() as session:
        session.exec(delete(Lease).where(col(Lease.name) == name, col(Lease.holder) == holder))
