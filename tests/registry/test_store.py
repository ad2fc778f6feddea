"""What a store promises beside its transactions."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.areas import add_area
from registry.store import Store

FULL, NORMAL = 2, 1


def synchronous(store: Store, *, synced: bool) -> int:
    with store.writing(synced=synced) as session:
        return int(session.execute(text("PRAGMA synchronous")).scalar_one())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_what_can_be_done_again_is_written_without_waiting_for_the_disk(store: Store) -> None:
    assert synchronous(store, synced=True) == FULL
    assert synchronous(store, synced=False) == NORMAL
    assert synchronous(store, synced=True) == FULL
    with pytest.raises(ZeroDivisionError), store.writing(synced=False):
        1 / 0  # noqa: B018
    assert synchronous(store, synced=True) == FULL


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_after_tidying_everything_stands_in_the_file_itself(store: Store, centre_id: int) -> None:
    with store.writing(synced=False) as session:
        add_area(session, centre_id, "500103", "渝中区", None)
    store.tidy()
    file = Path(store.url.database or "").resolve()
    with closing(sqlite3.connect(f"file:{file}?immutable=1", uri=True)) as alone:
        assert alone.execute("SELECT count(*) FROM area WHERE code = '500103'").fetchone() == (1,)


def test_tidying_takes_nothing_from_whoever_reads_or_writes(store: Store, centre_id: int) -> None:
    with store.reading() as reading, store.writing() as session:
        add_area(session, centre_id, "500103", "渝中区", None)
        store.tidy()
        count = text("SELECT count(*) FROM area WHERE code = '500103'")
        assert reading.execute(count).scalar_one() == 0
    with store.reading() as reading:
        assert reading.execute(count).scalar_one() == 1
