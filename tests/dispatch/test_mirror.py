from datetime import datetime, timedelta

import pytest

from callbridge.bridge import LinkState
from callbridge.errors import LinkLost
from dispatch.mirror import EMERGENCY, PRIORITY, Mirror
from registry.drafts import LineDraft, ResidentChange
from registry.models import LineKind
from registry.people import change_resident
from registry.store import Actor, Scope
from tests.dispatch.town import HER_LINE, Town

BUTTON = "+8619800235004"


class Keeper:
    """An exchange's own database, in memory; it is lost after `fails_after` more facts."""

    def __init__(self, since: datetime) -> None:
        self.since = since
        self.facts: dict[tuple[str, str], str] = {}
        self.written = 0
        self.fails_after: int | None = None

    @property
    def link(self) -> LinkState:
        return LinkState(up=True, since=self.since, reason="", cel_problem="", lag=timedelta(), waiting=0, refused=0)

    async def mirror(self, family: str, key: str, value: str) -> None:
        if self.fails_after == 0:
            raise LinkLost("cut")
        self.fails_after = None if self.fails_after is None else self.fails_after - 1
        self.written += 1
        self.facts[family, key] = value
        if not value:
            del self.facts[family, key]

    async def mirrored(self, family: str, key: str) -> str | None:
        return self.facts.get((family, key))


@pytest.fixture
def keeper(town: Town) -> Keeper:
    return Keeper(town.clock.now())


@pytest.fixture
def mirror(town: Town) -> Mirror:
    return Mirror(town.store, town.centre_id, town.plan, "main")


def change(town: Town, resident_id: int, version: int, **fields: object) -> None:
    with town.store.writing() as session:
        change_resident(
            session,
            Scope(town.centre_id),
            resident_id,
            ResidentChange.model_validate(fields),
            seen_version=version,
            actor=Actor.system(),
            vault=town.vault,
        )


async def test_buttons_are_emergencies_and_who_needs_much_care_goes_first(
    town: Town, keeper: Keeper, mirror: Mirror
) -> None:
    town.resident(number=BUTTON, kind=LineKind.BUTTON)
    town.resident("周桂芳", HER_LINE, care_level=3)
    town.resident("李建国", "+862367001009")
    await mirror.keep(keeper)
    assert {key for family, key in keeper.facts if family == EMERGENCY} == {"8619800235004", "19800235004"}
    assert {key: value for (family, key), value in keeper.facts.items() if family == PRIORITY} == {
        "8619800235004": "100",
        "19800235004": "100",
        "862367001001": "10",
        "2367001001": "10",
        "67001001": "10",
    }


async def test_only_differences_are_written_when_people_change(town: Town, keeper: Keeper, mirror: Mirror) -> None:
    resident = town.resident(number=BUTTON, kind=LineKind.BUTTON)
    assert await mirror.keep(keeper) == 4
    assert await mirror.keep(keeper) == 0
    change(town, resident, 1, lines=[LineDraft(number=HER_LINE, kind=LineKind.LANDLINE)])
    assert await mirror.keep(keeper) == 4
    assert keeper.facts == {}
    change(town, resident, 2, care_level=4)
    assert await mirror.keep(keeper) == 3


async def test_a_new_link_writes_nothing_that_is_there_and_everything_when_it_was_lost(
    town: Town, keeper: Keeper, mirror: Mirror
) -> None:
    town.resident(number=BUTTON, kind=LineKind.BUTTON)
    await mirror.keep(keeper)
    keeper.since += timedelta(minutes=1)
    assert await mirror.keep(keeper) == 0
    another = Mirror(town.store, town.centre_id, town.plan, "main")
    assert await another.keep(keeper) == 0
    keeper.facts.clear()
    keeper.since += timedelta(minutes=1)
    assert await mirror.keep(keeper) == 4


async def test_what_was_cut_off_half_way_is_finished_the_next_time(
    town: Town, keeper: Keeper, mirror: Mirror
) -> None:
    town.resident(number=BUTTON, kind=LineKind.BUTTON)
    keeper.fails_after = 3
    with pytest.raises(LinkLost):
        await mirror.keep(keeper)
    keeper.fails_after = None
    assert await mirror.keep(keeper) == 1
    assert len(keeper.facts) == 4
