"""What another process makes ahead of time."""

import os
from collections.abc import Iterator
from multiprocessing import active_children

import pytest

from registry.errors import SheetRefused
from registry.sheets.elsewhere import elsewhere

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a command: the process has no threads besides."""
    monkeypatch.setattr("registry.sheets.elsewhere.threading.active_count", lambda: 1)


def pids() -> Iterator[int]:
    yield os.getpid()
    yield os.getpid()


def refused() -> Iterator[int]:
    yield 1
    raise SheetRefused("too_many_rows", most=3)


def killed() -> Iterator[int]:
    yield 1
    os._exit(9)


def without_end() -> Iterator[bytes]:
    while True:
        yield bytes(100_000)


def test_another_process_makes_it_when_that_is_worth_it() -> None:
    first, second = elsewhere(pids, worth_it=True)
    assert first == second != os.getpid()
    assert list(elsewhere(pids, worth_it=False)) == [os.getpid()] * 2


def test_it_is_made_here_where_there_are_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.sheets.elsewhere.threading.active_count", lambda: 2)
    assert list(elsewhere(pids, worth_it=True)) == [os.getpid()] * 2


def test_what_it_raises_is_raised_here_with_its_values() -> None:
    made = elsewhere(refused, worth_it=True)
    assert next(made) == 1
    with pytest.raises(SheetRefused) as told:
        next(made)
    assert (told.value.why, told.value.values) == ("too_many_rows", {"most": 3})


def test_one_that_dies_is_no_end_of_what_it_makes() -> None:
    made = elsewhere(killed, worth_it=True)
    assert next(made) == 1
    with pytest.raises(ChildProcessError):
        next(made)


def test_it_ends_when_nobody_takes_any_more() -> None:
    made = elsewhere(without_end, worth_it=True)
    assert len(next(made)) == 100_000
    made.close()  # type: ignore[attr-defined]  # a generator
    assert active_children() == []
