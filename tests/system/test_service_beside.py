"""Two services on one PostgreSQL database: both serve consoles, one holds the exchange, the other takes it over."""

import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy.engine import URL

from callbridge.exchange import Tree
from dispatch.rehearsal.service import Service
from dispatch.rehearsal.stage import OPERATOR
from tests.system.conftest import free_port
from tests.system.day import Day, Watch, until, working_day

pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True),
]

TAKEN_OVER_WITHIN = 15 + 5 + 5  # seconds: the lease's term, until somebody looks, and a busy machine
WAITS, GIVES_UP = "孙德海", "李𬱖"
FIRST = "kangning"


@pytest.fixture
async def day(tree: Tree, spoken: Path, empty_database_url: URL, tmp_path: Path) -> AsyncIterator[Day]:
    url = empty_database_url.render_as_string(hide_password=False)
    async with working_day(tree, spoken, tmp_path, database=url) as day:
        yield day


@pytest.fixture
async def other(day: Day) -> AsyncIterator[Service]:
    """A second service beside the first, its configuration the same but for the port."""
    config, port = day.stage.place.config, free_port(socket.SOCK_STREAM)
    text = day.stage.place.config_file.read_text(encoding="utf-8")
    file = day.stage.place.folder / "other" / "config.toml"
    file.parent.mkdir()
    file.write_text(text.replace(f"port = {config.service.port}\n", f"port = {port}\n"), encoding="utf-8")
    service = Service(file, f"http://127.0.0.1:{port}")
    await service.start()
    yield service
    await service.stop()


async def test_both_serve_one_holds_the_exchange_and_when_it_is_killed_the_other_takes_over(
    day: Day, other: Service
) -> None:
    here = day.watch
    there = await Watch(other.url).start(OPERATOR, day.stage.password(OPERATOR))
    assert day.ami_line.connected == 1
    assert await day.reports_to() == {day.stage.place.config.service.port}

    await day.stage.set_habit(FIRST, sms="silent")
    day.client = there.client
    case = await day.offer("林婉芝", FIRST, "sms")
    offer = case.offers[-1]
    for watch in (here, there):
        await watch.event("offer.sent", lambda event: event.subject_id == offer.id)
    waiting = await day.call(WAITS)
    for watch in (here, there):
        await watch.event("call.queued", lambda event: event.call is not None and day.is_of(event.call, WAITS))
    call = await day.wait_call(WAITS, lambda call: call.state == "queued")

    await day.kill()
    killed = time.monotonic()
    day.watch = there
    seen = len(there.events)
    meanwhile = await day.call(GIVES_UP)
    await until(lambda: day.hotline("ENTERQUEUE") == 2, "a caller between the two")
    await day.stage.town.hang_up(meanwhile)
    ended = await day.ended(GIVES_UP, seen, seconds=TAKEN_OVER_WITHIN)
    assert time.monotonic() - killed < TAKEN_OVER_WITHIN
    assert (ended.end, ended.recovered) == ("abandoned", True)
    assert ended.call_back in there.world.cases
    await day.pick_up(call)
    await day.stage.town.hang_up(waiting)
    day.stage.merchants.write(day.stage.community.merchant(FIRST), "1")
    await there.event("offer.accepted", lambda event: event.subject_id == offer.id)

    await day.start()
    await here.back()
    assert await day.reports_to() == {urlsplit(other.url).port}
    for watch in (here, there):
        await watch.knows_all()
        await day.nothing_missed(watch)
    assert day.ami_line.connected == 2
    assert '"level": "error"' not in day.service_log
    assert '"level": "error"' not in (day.stage.place.folder / "other" / "service.log").read_text(encoding="utf-8")
    await there.stop()
