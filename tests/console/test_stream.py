"""The event stream over real HTTP: resumed where it broke off, honest about when it is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from console.client import Client
from console.errors import SignedOut
from console.stream import Away, Back, News, Stream
from dispatch.wire.board import Board, Event
from tests.console import people
from tests.console.conftest import HandClock
from tests.console.stand_in import Server, Town


@pytest.fixture
async def news(client: Client, clock: HandClock) -> AsyncIterator[AsyncIterator[News]]:
    await client.log_in("chen", "secret")
    async with aclosing(Stream(client, clock=clock, pauses=(0.02,)).news()) as news:
        yield news


async def following(news: AsyncIterator[News]) -> News:
    return await asyncio.wait_for(anext(news), 10)


async def test_it_begins_with_the_board_and_goes_on_from_there(news: AsyncIterator[News], town: Town) -> None:
    town.happen("case.opened", case=people.case())
    board = await following(news)
    assert isinstance(board, Board)
    town.happen("case.changed", case=people.case(version=2))
    event = await following(news)
    assert isinstance(event, Event)
    assert event.what == "case.changed"
    assert town.streams == ["e1-1"]


async def test_after_an_outage_nothing_is_missing_and_nothing_is_double(
    news: AsyncIterator[News], town: Town, server: Server, clock: HandClock
) -> None:
    assert isinstance(await following(news), Board)
    town.happen("call.arrived", call=people.call())
    assert isinstance(await following(news), Event)
    server.stop()
    away = await following(news)
    assert away == Away(clock.at)
    clock.move(seconds=90)
    for version in (2, 3, 4):
        town.happen("call.changed", call=people.call(version=version))
    server.start()
    assert await following(news) == Back()
    missed = [await following(news) for _ in range(3)]
    assert [each.call.version for each in missed if isinstance(each, Event) and each.call] == [2, 3, 4]
    assert town.streams[-1] == "e1-1"


async def test_another_history_brings_a_whole_board(news: AsyncIterator[News], town: Town, server: Server) -> None:
    assert isinstance(await following(news), Board)
    server.stop()
    assert isinstance(await following(news), Away)
    town.epoch = "e2"
    town.cases["TL-20260302-0001"] = people.case()
    server.start()
    assert await following(news) == Back()
    board = await following(news)
    assert isinstance(board, Board)
    assert [case.number for case in board.cases] == ["TL-20260302-0001"]


async def test_an_event_of_a_service_of_another_age_costs_a_board_and_nothing_else(
    news: AsyncIterator[News], town: Town
) -> None:
    assert isinstance(await following(news), Board)
    town.events.append(("e1-1", "change", '{"id": "e1-1", "what": 7}'))
    assert isinstance(await following(news), Away)
    assert await following(news) == Back()
    assert isinstance(await following(news), Board)
    town.happen("case.opened", case=people.case())
    assert isinstance(await following(news), Event)


async def test_a_token_that_is_no_longer_good_ends_it(client: Client) -> None:
    stream = Stream(client, pauses=(0.02,))
    with pytest.raises(SignedOut):
        await anext(stream.news())
