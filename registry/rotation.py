"""A new master key takes the place of the old one, while calls keep coming.

What is sealed stays as it is: only the data keys are wrapped anew, a few in each transaction, and with each the hash
of its resident's identity number. Both keys are valid meanwhile, and whoever goes on after a crash does nothing
twice. When `rotate` has ended, nothing in this database needs the earlier keys any more.
"""

import time
from collections.abc import Callable
from functools import partial

from sqlmodel import col, func, select

from registry.models import DataKey, MasterKey, Resident, SheetImport
from registry.store import Store, Writing
from registry.vault import Vault

_AT_ONCE = 25  # data keys in one transaction: 10 ms on a slow machine

Progress = Callable[[int, int], None]  # data keys wrapped anew, and all that were to be


def versions(store: Store) -> tuple[int, int]:
    """The version that is in use, and the oldest that something may still be wrapped by."""
    with store.reading() as session:
        row = session.get(MasterKey, 1)
        return (row.version, row.oldest) if row is not None else (1, 1)


def waiting(store: Store) -> int:
    """How many data keys are not wrapped by the version in use."""
    version, _ = versions(store)
    with store.reading() as session:
        behind = select(func.count()).select_from(DataKey).where(col(DataKey.master_version) < version)
        return session.exec(behind).one()


def rotate(store: Store, vault: Vault, version: int, progress: Progress = lambda done, total: None) -> None:
    """Puts `version` of the master key, which the vault can read, into use, and ends when it is the only one.

    Raises WrongMasterKey when a key is missing; what was done stays done.
    """
    _begin(store, version)
    total, done = waiting(store), 0
    progress(0, total)
    while waiting(store):
        after = 0
        while some := _next(store, version, after):
            began = time.monotonic()
            store.write(partial(_rewrap, vault=vault, resident_ids=some, version=version))
            done, after = done + len(some), some[-1]
            progress(done, total)
            time.sleep(time.monotonic() - began)  # the database is left alone for as long as it was held
    for import_id in _unfinished_imports(store):
        store.write(partial(_rewrap_box, vault=vault, import_id=import_id, version=version))
    _end(store, version)


def _begin(store: Store, version: int) -> None:
    """From now on new keys are wrapped by `version`: whoever was making one by the last has committed it."""
    with store.writing() as session:
        row = session.lock(MasterKey, 1)
        if row is None:
            row = MasterKey(id=1)
            session.add(row)
        if row.version < version:
            row.version, row.since = version, session.clock.now()


def _end(store: Store, version: int) -> None:
    with store.writing() as session:
        row = session.lock(MasterKey, 1)
        if row is not None and row.version == version:
            row.oldest = version


def _next(store: Store, version: int, after: int) -> list[int]:
    behind = select(DataKey.resident_id).where(
        col(DataKey.master_version) < version, col(DataKey.resident_id) > after
    )
    with store.reading() as session:
        return list(session.exec(behind.order_by(col(DataKey.resident_id)).limit(_AT_ONCE)))


def _rewrap(session: Writing, vault: Vault, resident_ids: list[int], version: int) -> None:
    """Residents first, as everybody does who writes both: their numbers' hashes go with their keys."""
    residents = {one.id: one for one in session.lock_all(Resident, resident_ids)}
    for row in session.lock_all(DataKey, resident_ids):
        if row.master_version >= version:
            continue
        resident = residents[row.resident_id]
        number = vault.open(session, row.resident_id, "identity_number", resident.identity_number)
        vault.rewrap(row, version)
        if number is not None:
            resident.identity_hash = vault.identity_hash(session, row.resident_id, number)


def _unfinished_imports(store: Store) -> list[int]:
    with store.reading() as session:
        ids = session.exec(select(SheetImport.id).where(col(SheetImport.wrapped_key).is_not(None)))
        return [import_id for import_id in ids if import_id is not None]


def _rewrap_box(session: Writing, vault: Vault, import_id: int, version: int) -> None:
    run = session.lock(SheetImport, import_id)
    if run is not None and run.wrapped_key is not None and not vault.is_under(run.wrapped_key, version):
        run.wrapped_key = vault.rewrapped_box(run.wrapped_key, version)
