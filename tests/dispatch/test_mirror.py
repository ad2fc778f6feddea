from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from callbridge.bridge import LinkState
from callbridge.errors import LinkLost
from dispatch.mirror import EMERGENCY, FALLBACK, PRIORITY, Mirror
from registry.drafts import LineDraft, ResidentChange
from registry.models import LineKind
from registry.people import change_resident
from registry.store import Actor, Scope
from tests.dispatch.register import HER_LINE
from tests.dispatch.town import Town

BUTTON = "+8619800235004"


class Keeper:
    """An exchange's own database, in memory; it is lost after `fails_after` more facts."""

    def __init__(self, since: datetime) -> None:
        self.since = since
        self.facts: dict[tuple[str, str], str] = {}
        self.asked = 0  # once for each family
        self.fails_after: int | None = None

    @property
    def link(self) -> LinkState:
        return LinkState(up=True, since=self.since, reason="", cel_problem="", lag=timedelta(), waiting=0, refused=0)

    async def mirror(self, family: str, keys: Sequence[str], value: str) -> None:
        for key in keys:
            if self.fails_after == 0:
                raise LinkLost("cut")
            self.fails_after = None if self.fails_after is None else self.fails_after - 1
            self.facts[family, key] = value
            if not value:
                del self.facts[family, key]

    async def mirrored(self, family: str) -> dict[str, str]:
        self.asked += 1
        return {key: value for (own, key), value in self.facts.items() if own == family}


@pytest.fixture
def keeper(town: Town) -> Keeper:
    return Keeper(town.clock.now())


@pytest.fixture
def mirror(town: Town) -> Mirror:
    town.rule("heartbeat", on=False)
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


async def test_a_mirror_that_has_silently_drifted_is_found_within_the_hour_and_put_right(
    town: Town, keeper: Keeper, mirror: Mirror
) -> None:
    town.resident(number=BUTTON, kind=LineKind.BUTTON)
    await mirror.keep(keeper)
    right = dict(keeper.facts)
    keeper.facts[EMERGENCY, "13700000009"] = "1"
    keeper.facts[PRIORITY, "19800235004"] = "0"
    del keeper.facts[EMERGENCY, "19800235004"]
    asked = keeper.asked
    town.passes(minutes=59)
    assert (await mirror.keep(keeper), keeper.asked) == (0, asked), "it is not asked again and again"
    town.passes(minutes=1)
    assert await mirror.keep(keeper) == 3
    assert keeper.facts == right


async def test_what_the_exchange_itself_keeps_about_our_silence_is_left_alone(
    town: Town, keeper: Keeper, mirror: Mirror
) -> None:
    own = {("townline-watch", "0"): "1772413200", ("townline-watch", "3"): "2"}
    keeper.facts |= own
    assert await mirror.keep(keeper) == 0
    assert keeper.facts == own


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


STEPS = [
    {"who": "operators", "seconds": 30},
    {"who": "supervisor", "seconds": 45, "numbers": ["+8613900000009", "+8613900000008"]},
    {"who": "on_call", "seconds": 45, "numbers": ["+8613900000007", "+8613900000009"]},
    {"who": "contacts", "seconds": 60},
]


async def test_an_emergency_that_no_operator_answers_rings_the_ladders_supervisors_and_those_on_call(
    town: Town, keeper: Keeper, mirror: Mirror
) -> None:
    town.rule("ladder", steps=STEPS)
    await mirror.keep(keeper)
    assert keeper.facts == {
        ("townline-fallback", "1"): "+8613900000009",
        ("townline-fallback", "2"): "+8613900000008",
        ("townline-fallback", "3"): "+8613900000007",
    }
    town.rule("ladder", steps=[STEPS[0], STEPS[2]])
    await mirror.keep(keeper)
    assert keeper.facts == {
        ("townline-fallback", "1"): "+8613900000007",
        ("townline-fallback", "2"): "+8613900000009",
    }
    town.rule("ladder", steps=STEPS[:1])
    await mirror.keep(keeper)
    assert keeper.facts == {}


async def test_an_emergency_rings_no_more_people_at_once_than_the_trunk_bears(
    town: Town, keeper: Keeper, mirror: Mirror
) -> None:
    numbers = [f"+86139000000{rank:02}" for rank in range(20)]
    town.rule("ladder", steps=[{"who": "supervisor", "seconds": 45, "numbers": numbers}])
    await mirror.keep(keeper)
    assert list(keeper.facts.values()) == numbers[:9]


async def test_the_supervisors_numbers_follow_the_ladder_while_the_exchange_is_to_call_them(
    town: Town, keeper: Keeper, mirror: Mirror
) -> None:
    def in_silence() -> dict[tuple[str, str], str]:
        return {(family, key): value for (family, key), value in keeper.facts.items() if family != FALLBACK}

    town.rule("ladder", steps=STEPS)
    await mirror.keep(keeper)
    assert in_silence() == {}
    town.rule("heartbeat", on=True, silent_seconds=30, pause_seconds=10)
    await mirror.keep(keeper)
    assert in_silence() == {
        ("townline-watch", "1"): "30",
        ("townline-watch", "2"): "10",
        ("townline-supervisor", "1"): "+8613900000009",
        ("townline-supervisor", "2"): "+8613900000008",
    }
    town.rule("ladder", steps=STEPS[:1])
    await mirror.keep(keeper)
    assert in_silence() == {("townline-watch", "1"): "30", ("townline-watch", "2"): "10"}
    town.rule("heartbeat", on=False)
    await mirror.keep(keeper)
    assert keeper.facts == {}
