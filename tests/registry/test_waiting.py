"""Transactions that wait for each other on PostgreSQL, where several write at once."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import text

from registry.models import Area
from registry.store import Store, Writing

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def areas(store: Store, centre_id: int) -> tuple[int, int]:
    with store.writing() as session:
        town = Area(centre_id=centre_id, code="01", name="西彭", path="/1/")
        other = Area(centre_id=centre_id, code="02", name="铜罐驿", path="/2/")
        session.add_all([town, other])
        session.flush()
        assert town.id is not None
        assert other.id is not None
        return town.id, other.id


def test_what_refers_to_a_held_row_is_written_without_waiting_for_it(store: Store, areas: tuple[int, int]) -> None:
    town, _ = areas
    with store.writing() as holding:
        held = holding.lock(Area, town)
        assert held is not None
        with store.writing() as session:
            session.execute(text("SET LOCAL lock_timeout = '2s'"))
            session.add(Area(centre_id=held.centre_id, parent_id=town, code="011", name="青石里", path="/1/3/"))


def test_of_two_that_wait_for_each_other_one_is_begun_again_and_both_are_done(
    store: Store, areas: tuple[int, int]
) -> None:
    both_hold_one = Barrier(2)
    begun: list[tuple[int, int]] = []

    def rename(first: int, second: int) -> None:
        def work(session: Writing) -> None:
            begun.append((first, second))
            one = session.lock(Area, first)
            if begun.count((first, second)) == 1:
                both_hold_one.wait(10)
            other = session.lock(Area, second)
            for area in (one, other):
                assert area is not None
                area.name += "甲"

        store.write(work)

    threads = [Thread(target=rename, args=areas), Thread(target=rename, args=areas[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(begun) == 3
    with store.reading() as session:
        assert {session.get_one(Area, area).name for area in areas} == {"西彭甲甲", "铜罐驿甲甲"}
