import pytest

from registry.store import MovableClock, Store
from tests.dispatch import town as towns


@pytest.fixture
def town(store: Store, clock: MovableClock) -> towns.Town:
    return towns.found(store, clock)
