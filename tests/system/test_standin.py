"""The exchange's stand-in tells what a real exchange tells: the same events and the same rows, call by call."""

import asyncio
import re
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from callbridge.exchange import Exchange
from callbridge.settings import ExchangeSettings
from callbridge.standin.exchange import ExchangeStandIn
from callbridge.standin.telephones import BUSY, NOBODY, SAYS_NOTHING, presses
from registry.store import MovableClock
from tests.conftest import MORNING
from tests.patience import SOON
from tests.system.ami import Ami, Message
from tests.system.town import Town
from tests.system.wav import tone

pytestmark = pytest.mark.system

PRESSES, SILENT, ENGAGED, RINGS, WITHDRAWN = (f"1390000000{each}" for each in range(1, 6))
ANSWERED, BUTTON = "13800000001", "13800000002"
HOTLINE, EMERGENCY = "02367000000", "02367000120"
OUTGOING = {PRESSES: "press", SILENT: "silent", ENGAGED: "busy", RINGS: "rings", WITHDRAWN: "withdrawn"}
# What a call's length, its place in the dialplan, or the SIP behind it decide, and nobody reads.
VARIES = {"Timestamp", "Privilege", "TechCause", "Priority", "CallerIDName", "ConnectedLineName", "Token", "Channel"}
VARIES |= {f"Dest{each}" for each in VARIES} | {"HoldTime", "RingTime", "TalkTime", "ActionID"}
# Whether the telephone that the queue calls rings already when it tells of the call is a race of its own.
WHETHER_IT_RINGS = {"DestChannelState", "DestChannelStateDesc"}
LATE = {"AgentComplete": 1, "OriginateResponse": 2}  # those whose place among the others is anybody's guess

Told = dict[str, list[Any]]  # by the call it belongs to


def originate(ami: Ami, number: str, prompt: Path) -> None:
    variables = {
        "TL_ATTEMPT": OUTGOING[number],
        "TL_PROMPT": prompt,
        "TL_KEYS": "12",
        "TL_TRIES": "1",
        "TL_WAIT": "2",
    }
    ami.originate(
        Channel=f"PJSIP/{number}@trunk",
        Context="townline-ask",
        Exten="s",
        ChannelId=f"test-{OUTGOING[number]}",
        CallerID="02367000000",
        Timeout="2000" if number == RINGS else "20000",
        Variable=[f"{key}={value}" for key, value in variables.items()],
    )


def until_it_rings(ami: Ami, channel: str) -> None:
    """The telephone that is called there rings."""
    give_up = time.monotonic() + SOON
    while not any(each["ChannelStateDesc"] == "Ringing" for each in ami.named("Status")):
        assert time.monotonic() < give_up, "it did not ring"
        ami.action("Status", Channel=channel)


def of_the_exchange(exchange: Exchange, ami: Ami, town: Callable[..., Town]) -> tuple[Told, Told]:
    rings = ["Ringing", "Wait(30)"]
    world = town(
        subscribers={
            PRESSES: ["Ringing", "Wait(0.3)", "Answer", "Wait(1)", "SendDTMF(1)", "Wait(20)"],
            SILENT: ["Answer", "Wait(30)"],
            ENGAGED: ["Busy"],
            RINGS: rings,
            WITHDRAWN: rings,
        },
        telephones={"801": ["Ringing", "Wait(1)", "Answer", "Wait(20)"]},
    )
    prompt = exchange.places.directory / "offer"
    prompt.with_suffix(".wav").write_bytes(tone(1.0))
    for number in OUTGOING:
        originate(ami, number, prompt)
    world.call(ANSWERED, HOTLINE, 2)
    ami.wait("AgentCalled", Uniqueid=ami.wait("TownlineArrived")["Uniqueid"])
    until_it_rings(ami, "test-withdrawn")
    ami.action("Hangup", Channel="test-withdrawn", Cause="26")
    ami.wait("TownlineEnded", End="answered")
    world.call(BUTTON, EMERGENCY, 0.5)
    ami.wait("TownlineEnded", End="abandoned")
    for attempt in OUTGOING.values():
        ami.wait("Hangup", 20, Uniqueid=f"test-{attempt}")
    time.sleep(0.2)  # the last rows follow the last events
    return events(ami.events), rows(exchange.cel_path)


async def of_the_stand_in(settings: ExchangeSettings, folder: Path) -> tuple[Told, Told]:
    clock = MovableClock(MORNING)
    stand_in = ExchangeStandIn(settings, folder / "cel.db", secret="secret", token="token", now=clock.now)
    stand_in.ready.clear()
    stand_in.ready.add("801")
    habits = {PRESSES: presses("1"), SILENT: SAYS_NOTHING, ENGAGED: BUSY, RINGS: NOBODY, WITHDRAWN: NOBODY}
    for number, habit in habits.items():
        stand_in.telephones.when_called(number, habit)
    await stand_in.start()
    reached = settings.model_copy(update={"ami_port": stand_in.ami.port})
    ami = await asyncio.to_thread(Ami, reached, "secret")
    for number in OUTGOING:
        await asyncio.to_thread(originate, ami, number, folder / "offer")
    answered = await stand_in.callers.call_in(ANSWERED)
    await asyncio.to_thread(ami.action, "Hangup", Channel="test-withdrawn", Cause="26")
    await stand_in.callers.answer(answered, "801")
    await stand_in.callers.hang_up(answered)
    await stand_in.callers.hang_up(await stand_in.callers.call_in(BUTTON, EMERGENCY))
    while (at := stand_in.agenda.next_at) is not None:
        clock.move_to(max(at, clock.now()))
        await stand_in.agenda.catch_up()
    await asyncio.to_thread(ami.wait, "Hangup", 10, Uniqueid="test-silent")
    await asyncio.to_thread(ami.__exit__)
    await stand_in.stop()
    return events(ami.events), rows(folder / "cel.db")


def events(told: list[Message]) -> Told:
    """Of each call of ours and each caller, its events in order: name, fields, and the values that somebody reads."""
    found: Told = defaultdict(list)
    whose: dict[str, str] = {}
    for event in told:
        uniqueid = event.get("Uniqueid", "")
        if event.get("UserEvent") == "TownlineArrived":
            whose[uniqueid] = event["Number"]
        name = whose.get(uniqueid, uniqueid.removeprefix("test-"))
        asked = event["Event"] == "Status"
        if not asked and (name in OUTGOING.values() or name in (ANSWERED, BUTTON)):
            fields = {key: plain(value) for key, value in event.items() if key not in VARIES}
            found[name].append(fields)
    for told_of_one in found.values():
        # Two threads each: the answer to an Originate and the Hangup it is about; the queue's last word of a call and
        # the dialplan's, in whose context the queue may speak already.
        told_of_one.sort(key=lambda event: LATE.get(event["Event"], 0))
        for event in told_of_one:
            if event["Event"] == "AgentComplete":
                del event["Context"]
            if event["Event"] == "AgentCalled":
                for each in WHETHER_IT_RINGS & event.keys():
                    del event[each]
    return found


def rows(path: Path) -> Told:
    """The same of CEL, and of every telephone in a call."""
    found: Told = defaultdict(list)
    whose: dict[str, str] = {}
    with closing(sqlite3.connect(path)) as database:
        columns = [column[1] for column in database.execute("PRAGMA table_info(cel)")]
        for row in database.execute("SELECT * FROM cel WHERE channame NOT LIKE 'Local/%' ORDER BY AcctId"):
            named = dict(zip(columns, map(str, row), strict=True))
            uniqueid, linkedid = named["uniqueid"], named["linkedid"]
            if named["eventtype"] == "CHAN_START":
                whose[uniqueid] = named["cidnum"] or uniqueid.removeprefix("test-")
            if named["eventtype"] == "LINKEDID_END":  # about the call, by whichever channel was the last
                found[whose[linkedid]].append("over")
                continue
            if named["eventtype"] == "BRIDGE_EXIT":  # names who is left in it: the other, or nobody
                named["peer"] = ""
            name = f"{whose[linkedid]} {whose[uniqueid]}" if linkedid != uniqueid else whose[uniqueid]
            found[name].append(
                {key: plain(value) for key, value in named.items() if key not in ("AcctId", "eventtime")}
            )
    return found


def plain(value: str) -> str:
    """Without what is another one each time: ids, channel numbers, moments."""
    value = re.sub(r"(trunk|801)-[0-9a-f]{8}", r"\1", value)
    value = re.sub(r"test-\d{10}[.-]\d+", "id", value)
    value = re.sub(r"(answered=|^)\d{10}\b", r"\1moment", value)
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "bridge", value)


async def test_the_stand_in_tells_what_the_exchange_tells(
    exchange: Exchange, ami: Ami, town: Callable[..., Town], tmp_path: Path
) -> None:
    real_events, real_rows = await asyncio.to_thread(of_the_exchange, exchange, ami, town)
    (tmp_path / "stand-in").mkdir()
    settings = exchange.settings.model_copy(update={"ami_port": 0})
    told_events, told_rows = await of_the_stand_in(settings, tmp_path / "stand-in")
    assert told_rows.keys() == real_rows.keys()
    for name, expected in real_rows.items():
        assert told_rows[name] == expected, name
    for name, expected in real_events.items():
        assert told_events[name] == expected, name
