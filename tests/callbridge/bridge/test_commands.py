"""What the exchange is told of a caller and of what it has to know by itself."""

import asyncio

import pytest

from callbridge.errors import ActionRefused, LinkLost, UnsafeValue
from callbridge.events import CallArrived
from callbridge.standin.ami import AmiStandIn
from tests.callbridge.bridge.conftest import CALL, Make, arrive
from tests.callbridge.witness import Witness


async def test_a_caller_is_moved_when_she_joins_and_when_she_has_joined(exchange: AmiStandIn, make: Make) -> None:
    witness, bridge = Witness(), make()
    await bridge.start(witness, None)
    await arrive(exchange)
    await witness.see(CallArrived)
    await bridge.recognise(CALL, priority=7, name="王秀英奶奶")
    [named] = exchange.of("Setvar")
    assert (named["Variable"], named["Value"]) == (["CALLERID(name)"], ["王秀英奶奶"])
    assert exchange.of("QueueChangePriorityCaller") == []
    await exchange.say(Event="QueueCallerJoin", Uniqueid=CALL, Queue="hotline", Position="3")
    [moved] = await exchange.until("QueueChangePriorityCaller")
    assert (moved["Queue"], moved["Caller"], moved["Priority"], moved["Immediate"]) == (
        ["hotline"],
        ["PJSIP/trunk-00000001"],
        ["7"],
        ["yes"],
    )
    await bridge.recognise(CALL, priority=9, name=None)
    assert len(exchange.of("QueueChangePriorityCaller")) == 2
    exchange.answers["Setvar"] = lambda _: {"Response": "Error", "Message": "No such channel"}
    await bridge.recognise(CALL, priority=None, name="王秀英奶奶")
    with pytest.raises(UnsafeValue):
        await bridge.recognise(CALL, priority=None, name="王\r\n\r\nAction: Originate")


async def test_a_mirrored_fact_is_stored_refused_or_unknown(exchange: AmiStandIn, make: Make) -> None:
    bridge = make()
    await bridge.start(Witness(), None)

    async def say(response: str) -> None:
        originate = exchange.of("Originate")[-1]
        await exchange.say(Event="OriginateResponse", ActionID=originate["ActionID"][0], Response=response)

    for response in ("Success", "Failure"):
        seen = len(exchange.of("Originate"))
        storing = asyncio.create_task(bridge.mirror("townline-emergency", ["13800000001"], "1"))
        await exchange.until("Originate", seen + 1)
        await say(response)
        if response == "Success":
            await storing
        else:
            with pytest.raises(ActionRefused):
                await storing
    storing = asyncio.create_task(bridge.mirror("townline-emergency", ["13800000001"], "1"))
    await exchange.until("Originate", 3)
    await exchange.cut()
    with pytest.raises(LinkLost):
        await storing
    with pytest.raises(UnsafeValue):
        await bridge.mirror("townline-emergency", ["1"], "a,TL_FAMILY=registrar")
    with pytest.raises(UnsafeValue):
        await bridge.mirror("townline-emergency", ["1", "2-3"], "1")
