"""How many rows of an import one transaction takes: calls keep coming in all the while."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.sheets import pace
from registry.sheets.pace import OF_ONE_WRITER, ROWS, Pace
from registry.store import Store

HOLD = OF_ONE_WRITER[0]
FEWEST, MOST = ROWS


class _Watch:
    """The clock that it reads, and moves when it sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> _Watch:
    watch = _Watch()
    monkeypatch.setattr(pace, "time", watch)
    return watch


@pytest.fixture
def paced(watch: _Watch, tmp_path: Path) -> Iterator[Pace]:
    store = Store(f"sqlite:///{tmp_path}/town.db")
    with Pace(store) as one:
        yield one
    store.close()


def test_as_many_rows_are_taken_as_fit(paced: Pace, watch: _Watch) -> None:
    for _ in range(100):
        _one(paced, watch, a_row=HOLD / 80)

    assert 78 <= paced.rows <= 80


def test_after_a_slow_transaction_the_next_is_smaller_at_once(paced: Pace, watch: _Watch) -> None:
    for _ in range(100):
        _one(paced, watch, a_row=HOLD / 80)

    _one(paced, watch, a_row=HOLD / 40)

    assert paced.rows <= 55


def test_one_quick_transaction_does_not_make_the_next_one_long(paced: Pace, watch: _Watch) -> None:
    for _ in range(100):
        _one(paced, watch, a_row=HOLD / 80)

    _one(paced, watch, a_row=HOLD / 800)

    assert paced.rows <= 80 * 1.2


@pytest.mark.parametrize(("a_row", "rows"), [(1.0, FEWEST), (0.0, MOST)])
def test_however_fast_the_machine_is_rows_are_taken(paced: Pace, watch: _Watch, a_row: float, rows: int) -> None:
    for _ in range(200):
        _one(paced, watch, a_row=a_row)

    assert paced.rows == pytest.approx(rows, abs=1)


def test_whoever_waits_has_the_database_in_between(paced: Pace, watch: _Watch) -> None:
    _one(paced, watch, a_row=HOLD / FEWEST)
    freed = watch.now

    paced.rest()

    assert watch.now - freed == pytest.approx(HOLD * OF_ONE_WRITER[1])


def _one(paced: Pace, watch: _Watch, *, a_row: float) -> None:
    """A transaction."""
    paced.rest()
    paced.began()
    rows = paced.rows
    watch.now += rows * a_row
    paced.ended(rows)
