import pytest

from callbridge.events import LinkUp
from registry.store import MovableClock, Store
from tests.dispatch import town as towns
from tests.dispatch.doubles import Ring


@pytest.fixture
def town(centre_id: int, store: Store, clock: MovableClock) -> towns.Town:
    return towns.found(store, clock)


@pytest.fixture
def ring(town: towns.Town) -> Ring:
    town.tell(LinkUp(exchange="main", at=town.clock.now(), away_since=None, exchange_restarted=False))
    return Ring()
