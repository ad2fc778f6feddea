"""The sample community is what a rehearsal needs: at any hour, for anybody's eyes."""

from datetime import UTC, date, datetime, timedelta

import pytest

from dispatch.rehearsal.community import SampleMerchant, SampleResident, read_community, subscriber
from registry.geo import distance
from registry.hours import Span
from registry.matching import CandidateFacts, ContractFacts, Match, Need, Weights, match
from registry.models import Channel, MerchantKind
from registry.numbers import NumberPlan

COMMUNITY = read_community()
TODAY = date(2026, 3, 2)


def facts(number: int, merchant: SampleMerchant) -> CandidateFacts:
    entry = merchant.entry(TODAY)
    contract = entry.contracts[0]
    return CandidateFacts(
        merchant_id=number,
        kind=MerchantKind(entry.kind),
        name=entry.name,
        address=entry.address,
        area_id=None,
        latitude=entry.latitude,
        longitude=entry.longitude,
        licence_expires=entry.licence_expires,
        capacity=entry.capacity,
        suspended=entry.suspended_why is not None,
        suspended_why=entry.suspended_why or "",
        suspended_until=None,
        load=0,
        first_channel=Channel(entry.first_channel),
        numbers={Channel(each.channel): each.number for each in entry.numbers},
        spans=tuple(Span.of(each.weekday, each.opens, each.closes) for each in entry.hours),
        contracts=(
            ContractFacts(
                contract.valid_from, contract.valid_until, contract.radius, frozenset(contract.services), frozenset()
            ),
        ),
    )


def medicine_for(resident: SampleResident, at: datetime) -> Match:
    keys = [merchant.key for merchant in COMMUNITY.merchants]
    usual = {keys.index(resident.usual_pharmacy)} if resident.usual_pharmacy else set()
    need = Need(
        service_code="medicine",
        merchant_kinds=(MerchantKind.PHARMACY,),
        at=at,
        time_zone="Asia/Shanghai",
        latitude=resident.position[0],
        longitude=resident.position[1],
        usual=frozenset(usual),
    )
    merchants = [facts(number, merchant) for number, merchant in enumerate(COMMUNITY.merchants)]
    return match(need, merchants, Weights(), "seed")


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_the_story_finds_the_same_two_pharmacies_at_any_hour(hour: int) -> None:
    at = datetime(2026, 3, 2, hour, 30, tzinfo=UTC)
    found = medicine_for(COMMUNITY.resident("林婉芝"), at)
    keys = [COMMUNITY.merchants[candidate.merchant_id].key for candidate in found.candidates]
    assert keys[:2] == ["kangning", "tongxin"]
    assert [str(candidate.channel) for candidate in found.candidates[:2]] == ["sms", "voice"]
    why = {
        COMMUNITY.merchants[excluded.merchant_id].key: {reason.key for reason in excluded.reasons}
        for excluded in found.excluded
    }
    assert why["yongan"] == {"suspended"}
    assert why["huimin"] == {"contract_ended"}
    assert why["jishi"] == {"at_capacity"}
    assert len(why["baicao"]) == 1  # too far
    closed = {key for key, reasons in why.items() if reasons == {"closed"}}
    assert len(closed & {"renan", "changming"}) == 1


def test_every_number_is_a_number_and_everybody_can_be_told_apart() -> None:
    plan = NumberPlan("CN", "023", "")
    assert len(COMMUNITY.residents) == 60
    assert len(COMMUNITY.merchants) == 25
    holders: dict[str, list[str]] = {}
    for resident in COMMUNITY.residents:
        for line in resident.lines:
            assert plan.read(line.shown).number == line.number, line.shown
            holders.setdefault(line.number, []).append(resident.name)
    assert [names for names in holders.values() if len(names) > 1] == [["周桂芳", "李建国"]]
    for merchant in COMMUNITY.merchants:
        assert plan.read(merchant.numbers.sms).number == merchant.numbers.sms
        assert plan.read(merchant.numbers.voice).number == merchant.numbers.voice


def test_names_with_rare_characters_come_out_of_the_file_whole() -> None:
    names = {resident.name for resident in COMMUNITY.residents}
    assert {"王䶮", "李𬱖", "陈㛃", "吾兰·哈力克"} <= names


def test_the_far_pharmacy_is_out_of_reach_of_every_home() -> None:
    far = COMMUNITY.merchant("baicao")
    assert far.contract.radius is not None
    assert all(distance(*each.position, *far.position) > far.contract.radius for each in COMMUNITY.residents)


def test_contracts_and_licences_are_as_old_as_the_day_of_seeding() -> None:
    ended = COMMUNITY.merchant("huimin").entry(TODAY).contracts[0].valid_until
    assert ended < TODAY < ended + timedelta(days=60)
    expired = COMMUNITY.merchant("lvyuan").entry(TODAY).licence_expires
    assert expired is not None
    assert expired < TODAY


@pytest.mark.parametrize(
    "written", ["+8619900231001", "019900231001", "8619900231001", "008619900231001", "19900231001"]
)
def test_a_number_is_one_subscriber_however_it_is_written(written: str) -> None:
    assert subscriber(written) == "19900231001"
