"""The service killed, stopped, hung or cut off: the exchange goes on, nothing is lost and nothing is done twice."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from callbridge.exchange import Tree
from tests.system.day import SOON, Day, until, working_day

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]

WAITS, COMES_MEANWHILE = "孙德海", "李𬱖"
FIRST, SECOND = "kangning", "tongxin"
OFFER = "1接单"  # stands in every offer by SMS and in no other message


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def day(tree: Tree, spoken: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Day]:
    async with working_day(tree, spoken, tmp_path_factory.mktemp("away")) as day:
        yield day


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nothing_is_doubled_or_missing(day: Day) -> AsyncIterator[None]:
    """After each test the console has had every event of the journal, once, in order, and shows what is."""
    yield
    await day.watch.knows_all()
    await day.nothing_missed(day.watch)
    assert '"level": "error"' not in day.service_log


async def test_a_call_waits_on_and_an_offer_by_sms_goes_out_once(day: Day) -> None:
    await day.stage.set_habit(FIRST, sms="silent")
    number = day.stage.community.merchant(FIRST).numbers.sms
    case = await day.offer("林婉芝", FIRST, "sms")
    offer = case.offers[-1]
    await day.watch.event("offer.sent", lambda event: event.subject_id == offer.id)
    await until(lambda: day.sms("delivered", number, OFFER), "the offer at the merchant's telephone")
    waiting = await day.call(WAITS)
    call = await day.wait_call(WAITS, lambda call: call.state == "queued")

    await day.kill()
    await day.watch.away()
    meanwhile = await day.call(COMES_MEANWHILE)
    await until(lambda: day.hotline("ENTERQUEUE") == 2, "the second caller in the queue, with nobody to tell")
    day.claims_run_out()
    await day.start()
    await day.watch.back()

    assert (await day.wait_call(WAITS, lambda each: each.state == "queued")).id == call.id
    second = await day.wait_call(COMES_MEANWHILE, lambda each: each.state == "queued")
    assert day.watch.world.cases[case.number].state == "offering"
    await day.pick_up(call)
    await day.stage.town.hang_up(waiting)
    await day.pick_up(second)
    await day.stage.town.hang_up(meanwhile)
    assert day.watch.world.calls[second.id].operator is not None

    day.stage.merchants.write(day.stage.community.merchant(FIRST), "1")
    await day.watch.event("offer.accepted", lambda event: event.subject_id == offer.id)
    assert len(day.sms("delivered", number, OFFER)) == 1


@pytest.mark.parametrize("seconds", [2.0, 6.0])
async def test_a_merchant_who_is_on_the_telephone_is_not_called_again(day: Day, seconds: float) -> None:
    await day.stage.set_habit(SECOND, voice="accept", seconds=seconds)
    number = day.stage.community.merchant(SECOND).numbers.voice
    rang, pressed = len(day.town("rang", number)), len(day.town("presses", number))
    case = await day.offer("林婉芝", SECOND, "voice")
    offer = case.offers[-1]
    sent = await day.watch.event("offer.sent", lambda event: event.subject_id == offer.id)
    await until(lambda: day.town("answered", number)[rang:], "the merchant picks up")
    call = await day.call(WAITS)
    waits = await day.wait_call(WAITS, lambda each: each.state == "queued")

    await day.kill()
    if seconds < 3:
        await until(lambda: len(day.town("presses", number)) > pressed, "the key, with nobody to hear it")
    day.claims_run_out()
    await day.start()

    await day.watch.event("offer.accepted", lambda event: event.subject_id == offer.id)
    assert len(day.town("presses", number)) == pressed + 1
    await day.pick_up(await day.wait_call(WAITS, lambda each: each.id == waits.id))
    await day.stage.town.hang_up(call)
    await day.watch.event("call.ended", lambda event: event.subject_id == waits.id)
    assert len(day.town("rang", number)) == rang + 1
    assert day.channels(str(sent.data["attempt"])) == 1


@pytest.mark.parametrize("arrives", [True, False])
async def test_an_sms_of_which_the_phone_has_not_answered_yet_goes_out_once(day: Day, arrives: bool) -> None:
    await day.stage.set_habit(FIRST, sms="silent")
    number = day.stage.community.merchant(FIRST).numbers.sms
    had = len(day.sms("sent", number, OFFER))
    (day.sms_line.back if arrives else day.sms_line.forth).clear()
    offer = (await day.offer("林婉芝", FIRST, "sms")).offers[-1]
    async with asyncio.timeout(SOON):
        await day.sms_line.holds.wait()
    await day.kill()
    assert day.sql("SELECT state FROM message WHERE offer_id = :id", id=offer.id) == [("handed_over",)]
    await day.sms_line.cut()
    day.claims_run_out()
    seen = len(day.watch.events)
    await day.start()

    if not arrives:
        await day.watch.event("message.wanted", lambda event: event.data.get("result") == "never_seen", after=seen)
        day.claims_run_out()
    await day.watch.event("offer.sent", lambda event: event.subject_id == offer.id)
    await until(lambda: day.sms("delivered", number, OFFER)[had:], "the offer at the merchant's telephone")
    day.stage.merchants.write(day.stage.community.merchant(FIRST), f"{offer.code} 1")
    await day.watch.event("offer.accepted", lambda event: event.subject_id == offer.id)
    assert len(day.sms("sent", number, OFFER)) == had + 1


@pytest_asyncio.fixture(loop_scope="module")
async def robot(day: Day) -> AsyncIterator[None]:
    """The operator's telephone picks up by itself."""
    assert day.stage.phone is not None
    day.stage.phone.answer_after = 0.5
    yield
    day.stage.phone.answer_after = None


async def test_without_the_service_a_call_is_answered_by_the_operators_telephone(day: Day, robot: None) -> None:
    answered = day.hotline("CONNECT")
    await day.stage.service.stop()
    assert not await day.listens()
    call = await day.call(WAITS, times=1)
    await until(lambda: day.hotline("CONNECT") > answered, "the operator's telephone picks up")
    await until(lambda: [each for each in day.town("speaks") if each.call == call], "she is heard")
    seen = len(day.watch.events)

    await day.start()
    arrived = await day.watch.event("call.arrived", after=seen)
    talking = await day.wait_call(WAITS, lambda each: each.id == arrived.subject_id and each.state == "talking")
    assert (talking.operator.extension if talking.operator else None) == day.stage.extension
    await day.stage.town.hang_up(call)
    await day.watch.event("call.ended", lambda event: event.subject_id == arrived.subject_id)


async def test_while_the_service_hangs_calls_come_through_and_all_are_there_afterwards(day: Day, robot: None) -> None:
    assert day.stage.phone is not None
    answered, abandoned = day.hotline("CONNECT"), day.hotline("ABANDON")
    seen = len(day.watch.events)
    merchant = day.stage.community.merchant(FIRST)
    pid = day.pid
    os.kill(pid, signal.SIGSTOP)
    hung_until = asyncio.get_running_loop().time() + 20
    try:
        first = await day.call(WAITS, times=1)
        await until(lambda: day.hotline("CONNECT") == answered + 1, "the first is answered")
        await asyncio.sleep(4)  # of talk: what is over at once counts as not answered
        await day.stage.town.hang_up(first)
        day.stage.merchants.write(merchant, "好的")
        day.stage.phone.answer_after = None
        second = await day.call(COMES_MEANWHILE)
        await asyncio.sleep(3)
        await day.stage.town.hang_up(second)
        await until(lambda: day.hotline("ABANDON") == abandoned + 1, "the second gave up")
        third = await day.call("陈㛃")
        await asyncio.sleep(hung_until - asyncio.get_running_loop().time())
    finally:
        os.kill(pid, signal.SIGCONT)

    waits = await day.wait_call("陈㛃", lambda call: call.state == "queued")
    await day.pick_up(waits)
    await day.stage.town.hang_up(third)
    await day.ended("陈㛃", seen)
    first_end, second_end = await day.ended(WAITS, seen), await day.ended(COMES_MEANWHILE, seen)
    assert (first_end.end, first_end.hung_up_by) == ("answered", "caller")
    assert (second_end.end, second_end.hung_up_by) == ("abandoned", "caller")
    assert first_end.ended_at is not None
    assert second_end.ended_at is not None
    apart = (second_end.ended_at - first_end.ended_at).total_seconds()
    assert apart > 2, "told when it happened and not when it was heard"
    await day.watch.event("message.received", after=seen)
    assert len(day.sql("SELECT id FROM inbound WHERE body = '好的'")) == 1


async def test_while_the_link_is_silent_a_call_comes_through_and_is_there_afterwards(day: Day, robot: None) -> None:
    answered, seen = day.hotline("CONNECT"), len(day.watch.events)
    day.ami_line.forth.clear()
    day.ami_line.back.clear()
    call = await day.call(WAITS, times=1)
    await until(lambda: day.hotline("CONNECT") > answered, "the operator's telephone picks up")
    await day.watch.event("exchange.link_down", after=seen)
    await day.stage.town.hang_up(call)
    await day.ami_line.cut()
    await day.watch.event("exchange.link_up", after=seen)
    ended = await day.ended(WAITS, seen)
    assert (ended.end, ended.recovered) == ("answered", True)
    assert ended.operator is not None


async def test_the_exchange_calls_the_supervisor_about_a_dead_service_and_not_about_a_stopped_one(day: Day) -> None:
    await day.stage.set_habit(SECOND, voice="accept", seconds=1.0)  # picks up and presses 1
    number = day.stage.community.merchant(SECOND).numbers.voice
    rang, pressed, seen = len(day.town("rang", number)), len(day.town("presses", number)), len(day.watch.events)
    steps = [{"who": "supervisor", "seconds": 45, "numbers": [number]}]
    await day.stage.change_rule("ladder", steps=steps)
    await day.stage.change_rule("heartbeat", silent_seconds=5, stopped_seconds=60, pause_seconds=5)
    mirrored = "database show townline-supervisor"
    await until(lambda: number in day.stage.exchange.console_command(mirrored), "the number in the exchange")

    await day.stage.service.stop()
    await asyncio.sleep(8)
    assert len(day.town("rang", number)) == rang, "stopped as it should be, a moment ago"
    await day.start()
    await day.watch.event("exchange.link_up", after=seen)
    await asyncio.sleep(3)  # a sign of life
    await day.kill()
    await until(lambda: len(day.town("presses", number)) > pressed, "the supervisor presses 1", seconds=30)
    await day.start()
    told = await day.watch.event("exchange.called_supervisor", after=seen)
    assert told.data["calls"] == 1
    assert told.data["acknowledged_at"] is not None
    assert len(day.town("rang", number)) == rang + 1
