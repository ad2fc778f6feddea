"""Commands over real HTTP: one key each, kept when it is repeated; refusals as they were meant."""

import pytest

from console.client import Client
from console.errors import Refused, SignedOut, Unreachable
from console.transport import Transport
from dispatch.wire.base import Problem
from dispatch.wire.cases import Cancel, CaseChange, NewCase, Remind
from tests.console import people
from tests.console.stand_in import Server, Town


@pytest.fixture
async def desk(client: Client) -> Client:
    await client.log_in("chen", "secret")
    return client


async def test_a_wrong_password_is_refused_in_so_many_words(client: Client) -> None:
    with pytest.raises(SignedOut) as refused:
        await client.log_in("chen", "wrong")
    assert refused.value.problem.key == "wrong_login"


async def test_nothing_is_answered_without_a_token(client: Client) -> None:
    with pytest.raises(SignedOut):
        await client.board()


async def test_every_command_carries_a_key_of_its_own(desk: Client, town: Town) -> None:
    town.cases["TL-20260302-0001"] = people.case()
    await desk.remind("TL-20260302-0001", Remind())
    await desk.remind("TL-20260302-0001", Remind())
    keys = [each.key for each in town.told if each.path.endswith("remind")]
    assert len(set(keys)) == 2


async def test_a_lost_answer_is_asked_for_again_with_the_same_key(desk: Client, town: Town) -> None:
    town.lose_answers = 2
    case = await desk.open_case(NewCase(service="medicine", resident_id=11))
    assert case.number == "TL-20260302-0001"
    assert len(town.cases) == 1
    assert len([each for each in town.told if each.path == "cases"]) == 1


async def test_a_command_whose_fate_is_unknown_keeps_its_key_when_it_is_given_again(desk: Client, town: Town) -> None:
    town.lose_answers = 1000
    with pytest.raises(Unreachable):
        await desk.open_case(NewCase(service="medicine", resident_id=11))
    town.lose_answers = 0
    await desk.open_case(NewCase(service="medicine", resident_id=11))
    assert len(town.cases) == 1, "the same need became two cases"
    await desk.open_case(NewCase(service="medicine", resident_id=11))
    assert len(town.cases) == 2, "a later need was taken for the earlier one"


async def test_a_service_that_is_not_there_is_unreachable(server: Server, desk: Client) -> None:
    server.stop()
    with pytest.raises(Unreachable):
        await desk.board()
    server.start()
    assert (await desk.board()).centre_name == "邻里热线"


async def test_a_refusal_brings_its_values_along(desk: Client, town: Town) -> None:
    values = {"subject": "case", "now": "closed"}
    town.refusals["cancel"] = Problem(type="/problems/conflict", title="t", status=409, key="conflict", values=values)
    with pytest.raises(Refused) as refused:
        await desk.cancel_case("TL-20260302-0001", Cancel(expects="open"))
    assert refused.value.problem.values == values
    assert refused.value.problem.status == 409


async def test_only_the_fields_that_were_set_are_sent(desk: Client, town: Town) -> None:
    town.cases["TL-20260302-0001"] = people.case()
    await desk.change_case("TL-20260302-0001", CaseChange(version=1, wanted_at=None))
    assert town.told[-1].body == {"version": 1, "wanted_at": None}


async def test_an_answer_that_is_no_problem_document_is_a_refusal_all_the_same(server: Server) -> None:
    transport = Transport(f"{server.url}/nowhere")
    transport.authorise("token")
    with pytest.raises(Refused) as refused:
        await transport.get("board")
    assert refused.value.problem.status == 404
    await transport.close()


async def test_the_services_own_words_are_asked_for_in_the_readers_language(desk: Client, town: Town) -> None:
    desk.speak("en")
    await desk.board()
    assert town.languages[-1] == "en"
