"""Live calls: what Asterisk's events mean, and which of them are not believed."""

from datetime import UTC, datetime, timedelta

import pytest

from callbridge.calls import LiveCalls, Token
from callbridge.events import (
    BridgeEvent,
    CallAnswered,
    CallArrived,
    CallEnd,
    CallEnded,
    CallQueued,
    CallRangOut,
    CallRecord,
    CallRinging,
    Outcome,
    Party,
)
from callbridge.outgoing import CallsOut
from callbridge.phones import Phones
from callbridge.wire import Fields, Splitter

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CALL = "main-1772413200.1"


def fields(event: str, **values: str) -> Fields:
    return {"event": event, "uniqueid": CALL, "linkedid": CALL, "channel": "PJSIP/trunk-00000001", **values}


def user_event(kind: str, **values: str) -> Fields:
    return fields("UserEvent", userevent=kind, **({"token": "secret"} | values))


ARRIVED = user_event("TownlineArrived", number="%2B86138", name="%E7%8E%8B%E7%A7%80", dialled="023", emergency="1")
ENDED = user_event("TownlineEnded", call=CALL, end="abandoned", hungupby="caller", cause="16")


class Line:
    """Live calls that hear an event a second."""

    def __init__(self) -> None:
        self.token = Token("secret")
        self.calls = LiveCalls("main", self.token)
        self.clock = T0

    def hear(self, *events: Fields) -> list[BridgeEvent]:
        said: list[BridgeEvent] = []
        for event in events:
            said += self.calls.hear(event, self.clock)
            self.clock += timedelta(seconds=1)
        return said

    def kinds(self, *events: Fields) -> list[str]:
        return [type(each).__name__ for each in self.hear(*events)]


@pytest.fixture
def line() -> Line:
    return Line()


def test_an_arrival_carries_what_the_caller_sent_decoded(line: Line) -> None:
    [arrived] = line.hear(ARRIVED)
    assert isinstance(arrived, CallArrived)
    assert (arrived.number, arrived.name, arrived.dialled, arrived.emergency) == ("+86138", "王秀", "023", True)
    assert (arrived.exchange, arrived.uniqueid, arrived.at) == ("main", CALL, T0)


@pytest.mark.parametrize("sent", ["%0D%0A%0D%0AEvent%3A%20x", "%5B%2Fb%5D", "%FF%FE", "%", "1" * 300, ""])
def test_a_number_of_any_kind_is_one_arrival(line: Line, sent: str) -> None:
    assert line.kinds(ARRIVED | {"number": sent}) == ["CallArrived"]


def test_a_call_through_the_queue(line: Line) -> None:
    said = line.hear(
        ARRIVED,
        fields("QueueCallerJoin", queue="hotline", position="2"),
        fields("AgentCalled", interface="PJSIP/801"),
        fields("AgentCalled", interface="PJSIP/802"),
        fields("AgentRingNoAnswer", interface="PJSIP/801"),
        fields("AgentCalled", interface="PJSIP/801"),
        fields("AgentConnect", interface="PJSIP/802", destuniqueid="main-1772413200.3"),
        ENDED | {"end": "answered", "hungupby": "operator"},
    )
    assert isinstance(said[1], CallQueued)
    assert (said[1].queue, said[1].position) == ("hotline", 2)
    assert [(type(each), each.extension) for each in said[2:6] if isinstance(each, CallRinging | CallRangOut)] == [
        (CallRinging, "801"),
        (CallRinging, "802"),
        (CallRangOut, "801"),
        (CallRinging, "801"),
    ]
    assert isinstance(said[6], CallAnswered)
    assert (said[6].extension, said[6].operator_uniqueid) == ("802", "main-1772413200.3")
    assert said[6].waited == timedelta(seconds=5)
    assert isinstance(said[7], CallRangOut)
    assert said[7].extension == "801", "the others no longer ring once somebody has answered"
    assert isinstance(said[8], CallEnded)
    assert (said[8].end, said[8].hung_up_by, said[8].cause) == (CallEnd.ANSWERED, Party.OPERATOR, 16)
    assert len(said) == 9


def test_telephones_stop_ringing_before_the_call_has_ended(line: Line) -> None:
    assert line.kinds(ARRIVED, fields("AgentCalled", interface="PJSIP/801"), ENDED)[-2:] == [
        "CallRangOut",
        "CallEnded",
    ]


@pytest.mark.parametrize("token", ["", "guess", "secre", "secret2", "密"])
def test_an_event_without_the_token_is_refused_and_counted(line: Line, token: str) -> None:
    assert line.hear(ARRIVED | {"token": token}) == []
    assert line.hear(ENDED | {"token": token}) == []
    assert line.token.refused == 2


def test_an_event_that_a_line_break_was_smuggled_into_is_refused(line: Line) -> None:
    genuine = "\r\n".join(f"{key}: {value}" for key, value in ARRIVED.items())
    smuggled = genuine.replace("Channel: ", "channel: ").replace("channel: ", "number: 110\r\nchannel: ", 1)
    [doubled] = Splitter().feed(f"{smuggled}\r\n\r\n".encode())
    assert line.hear(doubled) == []
    assert line.token.refused == 1


def test_the_rest_of_an_event_cut_in_two_by_a_caller_is_refused(line: Line) -> None:
    forged = (
        "Event: UserEvent\r\nUserEvent: TownlineArrived\r\nUniqueid: main-1.1\r\nCallerIDNum: 138\r\n\r\n"
        "Event: UserEvent\r\nUserEvent: TownlineEnded\r\nCall: x\r\nCallerIDName: \r\nUniqueid: main-1.1\r\n"
        "UserEvent: TownlineArrived\r\nToken: secret\r\nNumber: 138\r\n\r\n"
    )
    assert [each for message in Splitter().feed(forged.encode()) for each in line.hear(message)] == []
    assert line.token.refused


@pytest.mark.parametrize(
    "event",
    [
        fields("QueueCallerJoin", queue="hotline", position="1"),
        fields("AgentCalled", interface="PJSIP/801"),
        fields("AgentConnect", interface="PJSIP/801"),
        fields("Hangup", cause="16"),
    ],
    ids=lambda event: event["event"],
)
def test_queue_events_of_a_call_that_nobody_vouched_for_are_not_believed(line: Line, event: Fields) -> None:
    assert line.hear(event) == []


def test_an_arrival_told_twice_is_one_arrival(line: Line) -> None:
    assert line.kinds(ARRIVED, ARRIVED) == ["CallArrived"]


def test_nothing_is_said_of_a_call_after_its_end(line: Line) -> None:
    line.hear(ARRIVED, ENDED)
    assert line.hear(ENDED, ARRIVED, fields("AgentCalled", interface="PJSIP/801"), fields("Hangup")) == []


def test_an_end_is_believed_even_of_a_call_whose_arrival_was_missed(line: Line) -> None:
    assert line.kinds(ENDED) == ["CallEnded"]


def test_a_call_whose_hangup_handler_failed_is_ended_by_its_hangup(line: Line) -> None:
    *_, ended = line.hear(ARRIVED, fields("AgentConnect", interface="PJSIP/801"), fields("Hangup", cause="16"))
    assert isinstance(ended, CallEnded)
    assert (ended.end, ended.hung_up_by) == (CallEnd.ANSWERED, Party.EXCHANGE)


def test_a_call_that_only_cel_told_of_is_believed_from_then_on(line: Line) -> None:
    line.calls.learn(record())
    assert line.kinds(fields("AgentConnect", interface="PJSIP/801")) == ["CallAnswered"]


def test_a_call_that_cel_has_ended_is_over(line: Line) -> None:
    line.hear(ARRIVED)
    line.calls.learn(record(end=CallEnd.ABANDONED))
    assert line.hear(fields("AgentCalled", interface="PJSIP/801"), ENDED) == []


def test_interfaces_that_are_no_telephone_of_an_operator_are_left_out(line: Line) -> None:
    line.hear(ARRIVED)
    for interface in ("PJSIP/trunk-00000001", "Local/801@x", "PJSIP/８０１", "", "801"):
        assert line.hear(fields("AgentCalled", interface=interface)) == []


def record(end: CallEnd | None = None) -> CallRecord:
    return CallRecord(
        exchange="main",
        at=T0,
        uniqueid=CALL,
        linkedid=CALL,
        channel="PJSIP/trunk-00000001",
        number="138",
        name="",
        dialled="023",
        emergency=False,
        queued_at=T0,
        answered_at=None,
        extension=None,
        operator_uniqueid=None,
        ended_at=T0 if end else None,
        end=end,
        hung_up_by=Party.CALLER if end else None,
        cause=16 if end else None,
    )


def test_a_key_is_the_outcome_of_a_call_of_ours_and_its_hangup_no_second_one() -> None:
    calls = CallsOut("main", Token("secret"))
    calls.place("a1", "action-1")
    key = user_event("TownlineKey", attempt="a1", result="key", key="1", answered="1772413201")
    [out] = calls.hear(key | {"uniqueid": "main-a1"}, T0)
    assert (out.attempt, out.outcome, out.key) == ("a1", Outcome.KEY, "1")
    assert out.answered_at == T0 + timedelta(seconds=1)
    assert calls.hear(fields("Hangup", cause="16", channelstate="6") | {"uniqueid": "main-a1"}, T0) == []


def test_a_result_without_the_token_accepts_nothing() -> None:
    token = Token("secret")
    key = user_event("TownlineKey", attempt="a1", result="key", key="1", token="guess")
    assert CallsOut("main", token).hear(key, T0) == []
    assert token.refused == 1


def test_an_answered_call_without_a_result_is_left_to_cel() -> None:
    calls = CallsOut("main", Token("secret"))
    calls.place("a1", "action-1")
    assert calls.hear(fields("Hangup", cause="16", channelstate="6") | {"uniqueid": "main-a1"}, T0) == []


def test_a_telephone_is_told_when_it_changes_and_once_for_both_its_queues() -> None:
    phones = Phones("main", ("801", "802"))
    members = [{"stateinterface": "PJSIP/801", "status": "1"}] * 2
    assert [(each.extension, each.reachable) for each in phones.survey(members, T0)] == [
        ("801", True),
        ("802", False),
    ]
    gone = {"event": "QueueMemberStatus", "stateinterface": "PJSIP/801", "status": "5"}
    assert [each.reachable for _ in "12" for each in phones.hear(gone, T0)] == [False]
    busy = gone | {"stateinterface": "PJSIP/802", "status": "2"}
    assert [each.reachable for each in phones.hear(busy, T0)] == [True]
    assert phones.hear(gone | {"stateinterface": "PJSIP/999"}, T0) == []
