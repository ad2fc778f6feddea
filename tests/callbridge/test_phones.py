"""Which telephones let themselves be rung, from what the queues report."""

from datetime import UTC, datetime

import pytest

from callbridge.events import PhonePresence, PhoneRefuses, PhoneTaken
from callbridge.phones import PhoneNews, Phones
from callbridge.wire import Fields

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CALL = "main-1772413200.1"


@pytest.fixture
def phones() -> Phones:
    return Phones("main", ["801", "802"])


def rang_out(phones: Phones, ring_time: str, call: str = CALL, extension: str = "801") -> list[PhoneNews]:
    interface = f"PJSIP/{extension}"
    return phones.hear(
        {"event": "AgentRingNoAnswer", "interface": interface, "ringtime": ring_time, "uniqueid": call}, NOW
    )


def status(phones: Phones, state: str) -> list[PhoneNews]:
    fields: Fields = {"event": "QueueMemberStatus", "stateinterface": "PJSIP/801", "status": state}
    return phones.hear(fields, NOW)


@pytest.mark.parametrize("ring_times", [("0", "0", "0"), ("1000", "0", "1000")])
def test_the_third_rejection_in_a_row_is_said_once_however_the_seconds_fall(
    phones: Phones, ring_times: tuple[str, ...]
) -> None:
    said = [event for ring_time in ring_times for event in rang_out(phones, ring_time)]
    assert said == [PhoneRefuses(exchange="main", at=NOW, extension="801")]


def test_one_that_rings_out_or_takes_a_call_refuses_nothing(phones: Phones) -> None:
    for ring_time in ("0", "0", "20000", "0", "0"):
        assert rang_out(phones, ring_time) == []
    phones.hear({"event": "AgentConnect", "interface": "PJSIP/801"}, NOW)
    assert rang_out(phones, "0") == []
    assert rang_out(phones, "0", extension="802") == []


def test_callers_who_hang_up_while_it_rings_are_no_refusal(phones: Phones) -> None:
    for number in range(4):
        call = f"main-1772413200.{number}"
        phones.hear({"event": "QueueCallerAbandon", "uniqueid": call}, NOW)
        assert rang_out(phones, "0", call) == []


def test_one_that_refused_is_taken_when_it_is_in_use_also_after_a_restart_of_ours(phones: Phones) -> None:
    assert not [each for each in status(phones, "2") if isinstance(each, PhoneTaken)]
    for _ in range(3):
        rang_out(phones, "0")
    assert not [each for each in status(phones, "1") if isinstance(each, PhoneTaken)]
    taken = PhoneTaken(exchange="main", at=NOW, extension="801")
    assert taken in status(phones, "2")
    assert taken not in status(phones, "2")

    again = Phones("main", ["801"])
    member = {"queue": "hotline", "stateinterface": "PJSIP/801", "paused": "1", "pausedreason": "refuses"}
    assert again.ring([member], NOW).presences == {"801": PhonePresence.REFUSES}
    assert taken in status(again, "2")
