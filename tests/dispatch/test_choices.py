"""What becomes of a caller who decided by key while everybody was talking."""

from datetime import timedelta
from typing import Any

import pytest

from callbridge.events import CallEnd, CallerChose, Choice, Party
from dispatch import recordings
from dispatch.attention import Need
from dispatch.desk import Desk
from dispatch.errors import Conflict, NotAllowed
from dispatch.models import Call, Case, CaseState, OfferState, Recording, RecordingKind
from registry.models import AccessLog
from registry.store import Role, Scope
from tests.dispatch.event_log import cel, record
from tests.dispatch.town import Town


def chooses(town: Town, call: str, choice: Choice, digit: str = "", file: str = "") -> None:
    at = town.clock.now()
    town.tell(CallerChose(exchange="main", at=at, uniqueid=call, choice=choice, digit=digit, file=file))


def the_case(town: Town) -> Case:
    (case,) = town.all(Case)
    return case


def told_by_cel(town: Town, call: str, end: CallEnd, **facts: Any) -> None:
    """The event log says the same once more, or for the first time."""
    at = town.clock.now()
    ended = {"queued_at": at, "ended_at": at, "end": end, "hung_up_by": Party.CALLER, "cause": 16}
    town.tell(cel(at, 9, record(call, at, **(ended | facts))))


def test_who_asks_to_be_called_back_keeps_the_time_of_her_place(town: Town) -> None:
    resident = town.resident()
    call = town.rings_in()
    waited_since = town.clock.now()
    town.passes(minutes=4)
    chooses(town, call, Choice.CALL_BACK)
    town.hangs_up(call, CallEnd.CALL_BACK, Party.EXCHANGE)
    told_by_cel(town, call, CallEnd.CALL_BACK, choice=Choice.CALL_BACK, queued_at=waited_since)
    case = the_case(town)
    assert (case.resident_id, case.service_code, case.needs_why) == (resident, "call_back", Need.CALL_BACK_WANTED)
    assert case.needs_since == waited_since
    assert town.call(call).choice is Choice.CALL_BACK


def test_a_message_is_linked_to_its_call_and_opens_a_case(town: Town) -> None:
    town.resident()
    call = town.rings_in()
    chooses(town, call, Choice.MESSAGE, file="main-1-1-message.wav")
    town.hangs_up(call, CallEnd.MESSAGE)
    told_by_cel(town, call, CallEnd.MESSAGE, choice=Choice.MESSAGE, file="main-1-1-message.wav")
    (kept,) = town.all(Recording)
    assert (kept.call_id, kept.kind) == (town.call(call).id, RecordingKind.MESSAGE)
    assert the_case(town).needs_why == Need.MESSAGE_LEFT


def test_an_order_by_key_is_a_case_of_its_own_and_is_offered_at_once(town: Town) -> None:
    resident = town.resident()
    town.merchant("百草堂", sms="+8613900000001")
    call = town.rings_in()
    chooses(town, call, Choice.ORDER, "1")
    town.hangs_up(call, CallEnd.ORDERED, Party.EXCHANGE)
    told_by_cel(town, call, CallEnd.ORDERED, choice=Choice.ORDER, digit="1")
    case = the_case(town)
    assert (case.resident_id, case.service_code, case.state) == (resident, "medicine", CaseState.OFFERING)
    assert town.states(case.number) == [OfferState.PENDING]
    town.send()
    assert len(town.sms_to("+8613900000001")) == 1


def test_an_order_that_only_the_event_log_knows_is_offered_all_the_same(town: Town) -> None:
    town.resident()
    town.merchant("百草堂", sms="+8613900000001")
    told_by_cel(town, "main-7.1", CallEnd.ORDERED, choice=Choice.ORDER, digit="1")
    assert the_case(town).state is CaseState.OFFERING


def test_the_same_order_again_while_it_is_open_reminds(town: Town) -> None:
    town.resident()
    town.merchant("百草堂", sms="+8613900000001")
    for _ in range(2):
        call = town.rings_in()
        chooses(town, call, Choice.ORDER, "1")
        town.hangs_up(call, CallEnd.ORDERED)
    assert the_case(town).reminders == 1


def test_an_order_of_somebody_unknown_comes_before_the_operators(town: Town) -> None:
    town.merchant("百草堂", sms="+8613900000001")
    call = town.rings_in("13800000077")
    chooses(town, call, Choice.ORDER, "1")
    town.hangs_up(call, CallEnd.ORDERED)
    case = the_case(town)
    assert (case.service_code, case.state, case.needs_why) == ("medicine", CaseState.OPEN, Need.ORDERED)


def test_an_order_of_a_service_that_there_is_no_more_is_asked_about(town: Town) -> None:
    town.resident()
    call = town.rings_in()
    chooses(town, call, Choice.ORDER, "0")
    town.hangs_up(call, CallEnd.ORDERED)
    case = the_case(town)
    assert (case.service_code, case.needs_why) == ("call_back", Need.ORDERED)


def conversation(town: Town) -> Recording:
    """One with the first operator, recorded."""
    call = town.rings_in()
    town.answers(call)
    told_by_cel(town, call, CallEnd.ANSWERED, answered_at=town.clock.now(), extension="801", recording="main-1-1.wav")
    (kept,) = town.all(Recording)
    return kept


def play(town: Town, desk: Desk, kept: Recording) -> None:
    with town.store.writing() as session:
        recordings.to_be_played(session, desk, kept.id or 0)


def test_a_conversation_is_heard_by_its_operator_and_each_hearing_is_in_the_access_log(town: Town) -> None:
    resident = town.resident()
    kept = conversation(town)
    play(town, town.desk, kept)
    play(town, town.desk, kept)
    heard = [each for each in town.all(AccessLog) if each.what == "recording"]
    assert [(each.operator_id, each.resident_id) for each in heard] == [(town.desk.operator_id, resident)] * 2


def test_a_conversation_of_a_colleague_is_heard_by_a_supervisor_only(town: Town) -> None:
    town.resident()
    kept = conversation(town)
    with pytest.raises(NotAllowed):
        play(town, town.colleague, kept)
    assert not [each for each in town.all(AccessLog) if each.what == "recording"]
    above = Scope(town.centre_id, role=Role.SUPERVISOR)
    desk = Desk(scope=above, operator_id=town.colleague.operator_id, extension="802")
    play(town, desk, kept)


def test_recordings_are_removed_after_the_time_they_are_kept(town: Town, tmp_path: Any) -> None:
    town.resident()
    kept = conversation(town)
    file = tmp_path / kept.file
    file.write_bytes(b"voice")
    town.clock.move(timedelta(days=89))
    assert recordings.remove_old(town.store, town.centre_id, tmp_path, "main") == 0
    town.clock.move(timedelta(days=2))
    assert recordings.remove_old(town.store, town.centre_id, tmp_path, "main") == 1
    assert not file.exists()
    assert town.get(Recording, kept.id).removed_at is not None
    with pytest.raises(Conflict):
        play(town, town.desk, kept)
    assert town.all(Call), "the call stays"
