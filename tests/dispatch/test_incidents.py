"""A water cut in one community: many call, one job goes out, everybody hears, and who still needs help keeps hers."""

from datetime import timedelta

import pytest

from dispatch import cases, incidents
from dispatch.attention import Need
from dispatch.errors import ForbiddenMove
from dispatch.models import Case, CaseState, InboundReading, IncidentNews, OfferState, Reason, Turn
from dispatch.views.incidents import incidents_of
from dispatch.wire.cases import Close, Gather, KeepApart, ManyLine
from registry.models import LineKind, MerchantKind, Resident, Sight
from tests.dispatch.town import Town

WATERWORKS = "+8613900000009"
MOBILES = [f"+86138000010{each:02}" for each in range(5)]
LANDLINE = "+862367001001"


@pytest.fixture
def called(town: Town) -> list[str]:
    """Five with a mobile and one with a landline alone have called about the water, all of one community."""
    numbers = []
    for index, number in enumerate([*MOBILES, LANDLINE]):
        kind = LineKind.LANDLINE if number == LANDLINE else LineKind.MOBILE
        who = town.resident(f"王{index}", number, kind=kind, door=str(101 + index))
        numbers.append(town.open(who, "water", words="没有水"))
        town.clock.move(timedelta(minutes=2))
    return numbers


def gathered(town: Town, called: list[str]) -> str:
    with town.store.writing() as session:
        number = incidents.gather(session, town.desk, called[0], Gather(expects=town.case(called[0]).state)).number
    town.passes(seconds=1)
    town.send()
    return number


def close(town: Town, number: str, outcome: str = "served") -> None:
    with town.store.writing() as session:
        end = Close.model_validate({"expects": town.case(number).state, "outcome": outcome})
        cases.close(session, town.desk, number, end)
    town.passes(seconds=1)
    town.send()


def many(town: Town, number: str) -> ManyLine | None:
    with town.store.reading() as session:
        case = session.get(Case, town.case(number).id)
        assert case is not None
        return incidents_of(session, [case], town.clock.now()).get(case.id or 0)


def test_who_sees_badly_hears_the_news_and_has_not_to_read_it(town: Town, called: list[str]) -> None:
    for place, sight in enumerate((Sight.POOR, Sight.BLIND)):
        with town.store.writing() as session:
            resident = session.get(Resident, town.case(called[place]).resident_id)
            assert resident is not None
            resident.sight = sight
    gathered(town, called)
    assert [(len(town.sms_to(each)), len(town.heard(each))) for each in MOBILES[:3]] == [(0, 1), (0, 1), (1, 0)]


def test_the_operator_sees_that_many_are_alike_and_gathers_them_by_one_command(town: Town, called: list[str]) -> None:
    assert many(town, called[0]) == ManyLine(where="青石里", alike=6)
    incident = gathered(town, called)
    assert many(town, incident) == ManyLine(where="青石里", incident=incident, gathered=6)
    assert many(town, called[3]) == ManyLine(incident=incident)
    for number in called:
        case = town.case(number)
        assert (case.parent_id, case.turn, case.state) == (town.case(incident).id, Turn.INCIDENT, CaseState.OPEN)
    assert (town.case(incident).turn, town.case(incident).place) == (Turn.OPERATOR, "青石里")


def test_fewer_are_no_incident_and_neither_is_what_was_called_about_long_ago(town: Town, called: list[str]) -> None:
    town.rule("incidents", alike=7)
    assert many(town, called[0]) is None
    town.rule("incidents", alike=6)
    town.clock.move(timedelta(minutes=58))
    assert many(town, called[5]) is None, "five of them are left of the last hour"


def test_everybody_hears_that_it_is_known_by_sms_or_else_by_telephone(town: Town, called: list[str]) -> None:
    gathered(town, called)
    for number in MOBILES:
        assert ["青石里已有" in text and "供水报修" in text for text in town.sms_to(number)] == [True]
    assert [call.number for call in town.exchange.dialled] == [LANDLINE]
    assert "青石里已有" in town.exchange.dialled[0].text


def test_the_utility_gets_one_job_and_the_offers_of_the_cases_are_withdrawn(town: Town, called: list[str]) -> None:
    town.merchant("青石水务", sms=WATERWORKS, services=("water",), kind=MerchantKind.WATER)
    town.merchant("老张水电", sms="+8613900000008", services=("water",), kind=MerchantKind.REPAIR)
    town.dispatch(called[0])
    town.send()
    incident = gathered(town, called)
    assert town.states(called[0]) == [OfferState.WITHDRAWN]
    town.dispatch(incident)
    town.send()
    town.writes(WATERWORKS, "1")
    assert "青石里" in town.sms_to(WATERWORKS)[-1]
    town.passes(seconds=1)
    town.send()
    assert "已有人去处理" in town.sms_to(MOBILES[2])[-1]
    assert {town.case(number).news for number in called} == {IncidentNews.COMING}


def test_closing_it_settles_its_cases_but_for_who_still_needs_help(town: Town, called: list[str]) -> None:
    incident = gathered(town, called)
    town.presses(LANDLINE, "1")
    close(town, incident)
    assert "还没好请回0" in town.sms_to(MOBILES[0])[-1]
    assert {(town.case(number).state, town.case(number).outcome) for number in called} == {
        (CaseState.CLOSED, Reason.SERVED)
    }
    assert town.writes(MOBILES[0], "1").reading is InboundReading.WELL
    inbound = town.writes(MOBILES[1], "还没好")
    assert (inbound.reading, inbound.needs_operator) == (InboundReading.STILL, False)
    assert "单子还开着" in town.sms_to(MOBILES[1])[-1]
    town.presses(LANDLINE, "0")
    for number in (called[1], called[5]):
        case = town.case(number)
        assert (case.state, case.needs_why, case.turn) == (CaseState.OPEN, Need.STILL_NEEDED, Turn.OPERATOR)
    assert town.case(called[0]).state is CaseState.CLOSED


def test_whoever_says_so_before_it_is_closed_is_not_closed_with_it(town: Town, called: list[str]) -> None:
    town.merchant("青石水务", sms=WATERWORKS, services=("water",), kind=MerchantKind.WATER)
    incident = gathered(town, called)
    town.dispatch(incident)
    town.send()
    for step in ("1", "4", "5"):
        town.writes(WATERWORKS, step)
    town.passes(seconds=1)
    town.send()
    town.writes(MOBILES[1], "0")
    close(town, incident)
    states = [town.case(number).state for number in called]
    assert states == [CaseState.CLOSED, CaseState.OPEN, *[CaseState.CLOSED] * 4]
    assert sum("还没好请回0" in text for text in town.sms_to(MOBILES[0])) == 1, "she is asked once"


def test_the_next_one_joins_the_incident_that_is_open(town: Town, called: list[str]) -> None:
    incident = gathered(town, called)
    who = town.resident("李", "+8613800002222", kind=LineKind.MOBILE)
    number = town.open(who, "water")
    assert many(town, number) == ManyLine(where="青石里", incident=incident, alike=1)
    with town.store.writing() as session:
        assert incidents.gather(session, town.desk, number, Gather(expects="open")).number == incident
    town.passes(seconds=1)
    assert town.case(number).parent_id == town.case(incident).id
    with town.store.writing() as session, pytest.raises(ForbiddenMove):
        incidents.gather(session, town.desk, number, Gather(expects="open"))


def test_one_that_was_called_off_or_came_to_nothing_gives_its_cases_back(town: Town, called: list[str]) -> None:
    incident = gathered(town, called)
    close(town, incident, "not_served")
    case = town.case(called[2])
    assert (case.state, case.needs_why, case.turn) == (CaseState.OPEN, Need.STILL_NEEDED, Turn.OPERATOR)


def test_nobody_is_told_at_night(town: Town, called: list[str]) -> None:
    town.clock.move(timedelta(hours=13))
    gathered(town, called)
    assert town.sms_to(MOBILES[0]) == []
    town.passes(hours=10)
    town.send()
    assert "青石里已有" in town.sms_to(MOBILES[0])[-1]


def test_a_case_of_no_community_is_not_gathered(town: Town) -> None:
    number = town.open(None, "water")
    with town.store.writing() as session, pytest.raises(ForbiddenMove):
        incidents.gather(session, town.desk, number, Gather(expects="open"))


def test_the_same_in_another_community_is_another_matter(town: Town, called: list[str]) -> None:
    who = town.resident("李", "+8613800002222", kind=LineKind.MOBILE, community="槐荫坡")
    number = town.open(who, "water")
    assert many(town, number) is None
    incident = gathered(town, called)
    assert (many(town, number), town.case(number).parent_id) == (None, None)
    assert many(town, incident) == ManyLine(where="青石里", incident=incident, gathered=6)


def test_a_case_for_which_somebody_was_sent_all_the_same_goes_its_own_way(town: Town, called: list[str]) -> None:
    incident = gathered(town, called)
    town.merchant("老张水电", sms="+8613900000008", services=("water",), kind=MerchantKind.REPAIR)
    town.dispatch(called[2])
    close(town, incident)
    assert town.case(called[2]).state is CaseState.OFFERING
    assert town.case(called[3]).state is CaseState.CLOSED


def test_those_alike_by_chance_are_told_apart_until_another_one_comes(town: Town, called: list[str]) -> None:
    with town.store.writing() as session:
        incidents.keep_apart(session, town.desk, called[2], KeepApart(expects="open"))
    assert [many(town, number) for number in called] == [None] * 6
    assert town.journal("case").count("case.kept_apart") == 6
    another = town.open(town.resident("赵敏", "+8613800001099", door="909"), "water", words="没有水")
    assert many(town, another) == ManyLine(where="青石里", alike=7)
    assert many(town, called[0]) == ManyLine(where="青石里", alike=7)
    gathered(town, [another])
    assert {town.case(number).turn for number in (*called, another)} == {Turn.INCIDENT}
    with town.store.writing() as session, pytest.raises(ForbiddenMove):
        incidents.keep_apart(session, town.desk, another, KeepApart(expects="open"))
