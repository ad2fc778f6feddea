"""Calls that came between the backup and the restore come back out of the exchange's own log, each once."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from callbridge.events import CallEnd
from callbridge.standin.ami import AmiStandIn
from dispatch.attention import Need
from dispatch.models import Call, Case, ExchangePosition
from tests.callbridge.cel_file import CelFile
from tests.databases import in_use
from tests.dispatch.backup.installation import Installation
from tests.dispatch.test_switchboard import SECRET, running, switchboard, until
from tests.dispatch.town import Town

WANG, LI, UNKNOWN = "02367001001", "02367001002", "13800000009"


@pytest.fixture
async def exchange() -> AsyncIterator[AmiStandIn]:
    exchange = AmiStandIn(secret=SECRET)
    await exchange.start()
    yield exchange
    await exchange.stop()


@pytest.fixture
def log(here: Installation) -> CelFile:
    """Where this installation's exchange keeps it."""
    folder = here.folder / "pbx" / "log"
    folder.mkdir(parents=True)
    return CelFile(folder / "master.db")


@asynccontextmanager
async def served(town: Town, here: Installation, exchange: AmiStandIn, log: CelFile) -> AsyncIterator[None]:
    """The service runs until it has read all of the log; afterwards none of its threads holds the database."""
    rows = log.last_row
    with ThreadPoolExecutor() as threads:
        asyncio.get_running_loop().set_default_executor(threads)
        board = switchboard(town, here.folder, exchange.port, log=log.path)
        async with running(board):
            await until(lambda: town.all(ExchangePosition) and town.get(ExchangePosition, "main").row >= rows)
            yield
    assert not in_use(town.store)
    town.store.engine.dispose()


def comes_and_goes(log: CelFile, town: Town, uniqueid: str, number: str, *, answered: bool = False) -> None:
    at = town.clock.now()
    log.arrives(at, uniqueid, number)
    if answered:
        log.answers(at, uniqueid, f"{uniqueid}-op")
    town.clock.move(timedelta(seconds=20))
    log.ends(town.clock.now(), uniqueid, "answered" if answered else "abandoned")


def story(town: Town) -> list[tuple[str, str]]:
    """Every call: whose it is and how it ended."""
    calls = sorted(town.all(Call), key=lambda call: call.id or 0)
    return [(call.number or "", str(call.end)) for call in calls]


async def test_they_reappear_once_with_their_call_backs_and_what_was_going_on_ends(
    here: Installation, town: Town, exchange: AmiStandIn, log: CelFile
) -> None:
    town.resident("王秀英", WANG)
    town.resident("李桂香", LI)
    comes_and_goes(log, town, "main-1.1", WANG, answered=True)
    log.arrives(town.clock.now(), "main-2.1", UNKNOWN)
    async with served(town, here, exchange, log):
        pass
    assert story(town) == [("+862367001001", "answered"), ("+8613800000009", "None")]
    file = here.backup()

    town.clock.move(timedelta(minutes=5))
    log.ends(town.clock.now(), "main-2.1", "abandoned")
    for number in (3, 4):
        comes_and_goes(log, town, f"main-{number}.1", LI)
    comes_and_goes(log, town, "main-5.1", WANG, answered=True)
    async with served(town, here, exchange, log):
        pass
    before, cases = story(town), len(town.all(Case))
    town.store.engine.dispose()

    here.does("restore", str(file), "--replace")
    assert len(town.all(Call)) == 2
    town.clock.move(timedelta(minutes=30))
    for _ in range(2):  # the second start finds nothing new
        async with served(town, here, exchange, log):
            pass
        assert story(town) == before
        assert [call.recovered for call in town.all(Call)][2:] == [True, True, True]
        assert sorted(case.attempts for case in town.all(Case)) == [1, 2]
        assert len(town.all(Case)) == cases
        assert {case.needs_why for case in town.all(Case)} == {Need.ABANDONED}


async def test_on_a_machine_whose_exchange_is_new_the_calls_of_then_are_over(
    here: Installation, town: Town, exchange: AmiStandIn, log: CelFile
) -> None:
    town.resident("王秀英", WANG)
    log.arrives(town.clock.now(), "main-1.1", WANG)
    async with served(town, here, exchange, log):
        pass
    file = here.backup()
    log.path.unlink()
    new = CelFile(log.path)
    here.does("restore", str(file), "--replace")
    (call,) = town.all(Call)
    assert call.end is CallEnd.CUT_OFF
    comes_and_goes(new, town, "main-9.1", WANG)
    town.store.engine.dispose()
    async with served(town, here, exchange, new):
        pass
    assert [str(call.end) for call in town.all(Call)] == ["cut_off", "abandoned"]
    (case,) = town.all(Case)
    assert case.attempts == 2
