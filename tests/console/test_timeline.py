"""A case's journal as its operator reads it, in both languages."""

from typing import Any

import pytest

from console.case.timeline import timeline_rows
from console.speech import Speech
from console.world import World
from dispatch.wire.board import TimelineEntry
from dispatch.wire.calls import LegLine
from dispatch.wire.ladders import ActorLine
from tests.console import people


def entry(what: str, party: LegLine | None = None, **data: Any) -> TimelineEntry:
    actor = ActorLine(kind="exchange")
    about = {"subject": "call", "subject_id": 41, "actor": actor, "data": data, "party": party}
    return TimelineEntry.model_validate({"id": f"e-{what}", "at": people.NOW, "what": what} | about)


DAUGHTER, HELP = people.leg(53, "林晓"), people.leg(54, "", number="120")
COLLEAGUE = people.leg(55, "", role="operator", operator=people.SHE)
OF_A_CALL = [
    entry("call.holding", order="hold"),
    entry("call.held"),
    entry("call.resumed", seconds=40),
    entry("call.bringing_in", DAUGHTER, order="bring_in", leg=53),
    entry("call.party_joined", DAUGHTER, leg=53),
    entry("call.party_left", DAUGHTER, leg=53, cause=16),
    entry("call.party_not_reached", HELP, leg=54, cause=17),
    entry("call.handing_over", COLLEAGUE, order="hand_over", leg=55),
    entry("call.order_failed", order="hold", why="late"),
]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "zh",
            [
                "请来电人稍候",
                "继续通话",
                "邀请 林晓 加入通话",
                "林晓 加入通话",
                "林晓 离开通话",
                "没有请到 120 急救",
                "转给 刘芳",
                "话机操作「保持」没有成功",
            ],
        ),
        (
            "en",
            [
                "Caller on hold",
                "Call resumed",
                "林晓 is called into the call",
                "林晓 joined the call",
                "林晓 left the call",
                "120 ambulance was not reached",
                "Being handed to 刘芳",
                "The exchange did not do it: hold",
            ],
        ),
    ],
)
def test_what_was_done_with_a_call_is_told_with_names_and_once(language: str, sentences: list[str]) -> None:
    rows = timeline_rows(OF_A_CALL, people.case(), World(lambda: people.NOW), Speech(language))
    assert [row.cells[1] for row in rows] == sentences
