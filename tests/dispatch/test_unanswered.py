from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from callbridge.events import CallEnd, CallRecord, CelPosition, CelRead, LinkDown, LinkUp, Party, Source
from dispatch import calls, cases, gaps
from dispatch.attention import Need
from dispatch.errors import Conflict
from dispatch.models import Case, CaseState, Gap, Ladder, LadderState, Reason, Turn
from dispatch.wire.calls import CallChange, SettleCall
from dispatch.wire.cases import Acknowledge, Reopen
from registry.models import LineKind
from registry.models.centre import Priority
from registry.store.journal import Journal
from tests.dispatch.register import HER_LINE
from tests.dispatch.town import Town


def only(town: Town) -> Case:
    (case,) = [case for case in town.all(Case) if case.state is CaseState.OPEN]
    return case


def settle(town: Town, uniqueid: str) -> None:
    with town.store.writing() as session:
        calls.settle_call(session, town.desk, town.call(uniqueid).id or 0, SettleCall())


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (CallEnd.ABANDONED, Need.ABANDONED),
        (CallEnd.TIMED_OUT, Need.TIMED_OUT),
        (CallEnd.CUT_OFF, Need.CUT_OFF),
        (CallEnd.FORWARDED, Need.FORWARDED),
    ],
)
def test_a_call_that_nobody_answered_is_a_case_to_call_back(town: Town, end: CallEnd, why: Need) -> None:
    resident = town.resident()
    town.hangs_up(town.rings_in(), end)
    case = only(town)
    assert (case.service_code, case.resident_id, case.attempts) == ("call_back", resident, 1)
    assert (case.needs_why, case.turn, case.priority) == (why, Turn.OPERATOR, Priority.ROUTINE)
    assert town.journal("case") == ["case.opened", "case.needs"]


def test_an_answered_call_leaves_none(town: Town) -> None:
    call = town.rings_in()
    town.answers(call)
    town.hangs_up(call, CallEnd.ANSWERED, Party.OPERATOR)
    assert town.all(Case) == []


@pytest.mark.parametrize("by", [Party.CALLER, Party.OPERATOR])
def test_a_call_that_was_over_at_once_after_the_answer_is_one_that_nobody_heard(town: Town, by: Party) -> None:
    resident = town.resident()
    call, at = town.rings_in(), town.clock.now()
    town.answers(call)
    town.hangs_up(call, CallEnd.ANSWERED, by, after=timedelta(seconds=1))
    town.tell(_read(at, replace(_record(call, at, CallEnd.ANSWERED, until=at + timedelta(seconds=1)), hung_up_by=by)))
    case = only(town)
    assert town.call(call).end is CallEnd.TOO_SHORT
    assert (case.resident_id, case.needs_why, case.attempts) == (resident, Need.TOO_SHORT, 1)


def test_a_button_that_was_over_at_once_after_the_answer_is_climbed_for_again(town: Town) -> None:
    town.resident(number="+8613700000001", kind=LineKind.BUTTON)
    call = town.rings_in("13700000001", emergency=True)
    town.answers(call)
    assert [ladder.state for ladder in town.all(Ladder)] == [LadderState.ACKNOWLEDGED]
    town.hangs_up(call, CallEnd.ANSWERED, after=timedelta(seconds=1))
    case = only(town)
    assert (case.priority, case.needs_why) == (Priority.EMERGENCY, Need.TOO_SHORT)
    assert [ladder.state for ladder in town.all(Ladder)] == [LadderState.CLIMBING]


def test_who_calls_again_has_one_case_with_her_attempts_and_is_urgent(town: Town) -> None:
    town.resident()
    for _ in range(3):
        town.hangs_up(town.rings_in())
        town.clock.move(timedelta(minutes=2))
    case = only(town)
    assert (case.attempts, case.priority) == (3, Priority.URGENT)


def test_an_operator_who_has_seen_it_is_told_again_when_she_calls_again(town: Town) -> None:
    town.resident()
    town.hangs_up(town.rings_in())
    with town.store.writing() as session:
        cases.acknowledge(session, town.desk, only(town).number, Acknowledge())
    assert only(town).needs_since is None
    town.hangs_up(town.rings_in())
    assert only(town).needs_since == town.clock.now()


def test_the_same_end_told_by_ami_and_by_cel_is_one_attempt(town: Town) -> None:
    town.resident()
    call = town.rings_in()
    for _ in range(2):
        town.hangs_up(call)
    at = town.clock.now()
    town.tell(_read(at, _record(call, at, CallEnd.ABANDONED)))
    assert only(town).attempts == 1


def test_unknown_callers_are_kept_by_their_number_and_hidden_ones_each_for_themselves(town: Town) -> None:
    for number in ("13812345678", "13812345678", "", "anonymous"):
        town.hangs_up(town.rings_in(number))
    attempts = sorted((case.call_back or "").split(":")[0] + f" {case.attempts}" for case in town.all(Case))
    assert attempts == ["call 1", "call 1", "number 2"]


def test_a_later_answered_call_does_not_settle_it_but_one_key_does(town: Town) -> None:
    town.resident()
    town.hangs_up(town.rings_in())
    later = town.rings_in()
    town.answers(later)
    town.hangs_up(later, CallEnd.ANSWERED)
    number = only(town).number
    settle(town, later)
    case = town.case(number)
    assert (case.state, case.outcome) == (CaseState.CLOSED, Reason.SERVED)
    with pytest.raises(Conflict):
        settle(town, later)


def test_after_it_was_settled_a_new_unanswered_call_is_a_new_case(town: Town) -> None:
    town.resident()
    first = town.rings_in()
    town.hangs_up(first)
    settle(town, first)
    town.hangs_up(town.rings_in())
    assert only(town).attempts == 1
    assert len(town.all(Case)) == 2


def test_a_case_of_its_own_from_the_unanswered_call_settles_the_call_back(town: Town) -> None:
    resident = town.resident()
    call = town.rings_in()
    town.hangs_up(call)
    town.open(resident, call_id=town.call(call).id)
    assert {case.service_code: case.outcome for case in town.all(Case)} == {
        "call_back": Reason.REFERRED,
        "medicine": None,
    }


def test_an_emergency_that_nobody_answered_stays_one_and_no_later_call_settles_it(town: Town) -> None:
    town.resident()
    town.hangs_up(town.rings_in(emergency=True))
    case = only(town)
    assert (case.priority, case.attempts, case.call_back) == (Priority.EMERGENCY, 1, None)
    later = town.rings_in()
    town.answers(later)
    with pytest.raises(Conflict):
        settle(town, later)
    town.hangs_up(later, CallEnd.ANSWERED)
    assert only(town).needs_why == Need.EMERGENCY


def test_an_unknown_caller_who_turns_out_to_be_somebody_takes_her_call_back_along(town: Town) -> None:
    resident = town.resident()
    town.hangs_up(town.rings_in("13812345678"))
    later = town.rings_in("13812345678")
    town.answers(later)
    with town.store.writing() as session:
        call = town.call(later)
        calls.change_call(session, town.desk, call.id or 0, CallChange(version=call.version, resident_id=resident))
    case = only(town)
    assert (case.call_back, case.resident_id) == (f"resident:{resident}", resident)


def test_two_call_backs_of_one_person_become_one(town: Town) -> None:
    resident = town.resident()
    town.hangs_up(town.rings_in())
    town.hangs_up(town.rings_in("13812345678"))
    later = town.rings_in("13812345678")
    town.answers(later)
    with town.store.writing() as session:
        call = town.call(later)
        calls.change_call(session, town.desk, call.id or 0, CallChange(version=call.version, resident_id=resident))
    assert (only(town).call_back, only(town).attempts) == (f"resident:{resident}", 2)


def test_by_hand_too_there_is_only_one_case_to_call_somebody_back(town: Town) -> None:
    resident = town.resident()
    first = town.rings_in()
    town.hangs_up(first)
    with pytest.raises(Conflict):
        town.open(resident, "call_back")
    number = only(town).number
    settle(town, first)
    town.hangs_up(town.rings_in())
    with pytest.raises(Conflict), town.store.writing() as session:
        cases.reopen(session, town.desk, number, Reopen(expects="closed"))


def test_the_database_takes_no_second_open_call_back_of_one_resident(town: Town) -> None:
    town.resident()
    town.hangs_up(town.rings_in())
    case = only(town)
    with pytest.raises(IntegrityError), town.store.writing() as session:
        session.add(Case(**case.model_dump(exclude={"id", "number"}), number="X-1"))


def test_a_gap_is_shown_with_what_was_recovered_and_who_is_to_be_called_back(town: Town) -> None:
    town.resident()
    down = town.clock.now()
    town.tell(LinkUp(exchange="main", at=down - timedelta(hours=1), away_since=None, exchange_restarted=False))
    assert town.all(Gap) == []
    waiting = town.rings_in("13900000009")
    town.tell(LinkDown(exchange="main", at=down, reason="cut"))
    town.clock.move(timedelta(seconds=149))
    up = town.clock.now()
    town.tell(LinkUp(exchange="main", at=up, away_since=down, exchange_restarted=False))
    ends = (CallEnd.ABANDONED, CallEnd.TIMED_OUT, CallEnd.ANSWERED)
    missed = [
        _record(f"m{n}", down + timedelta(seconds=n * 10), end, number=f"1381234567{n}")
        for n, end in enumerate(ends, start=1)
    ]
    hers = [_record(f"h{n}", down + timedelta(seconds=n * 10), CallEnd.ABANDONED, number=HER_LINE) for n in (5, 6)]
    cut = _record(waiting, down - timedelta(seconds=5), CallEnd.ABANDONED, number="13900000009", until=down)
    town.tell(_read(up, *missed, *hers, cut))
    (gap,) = town.all(Gap)
    assert (gap.began_at, gap.until, gap.calls, gap.to_call_back) == (down, up, 6, 4)
    entries = sorted(town.all(Journal), key=lambda entry: entry.seq or 0)
    told = [entry.data for entry in entries if entry.what == "exchange.gap"]
    assert [(each["calls"], each["to_call_back"]) for each in told] == [(0, 0), (6, 4)]


def test_after_a_gap_emergencies_are_on_the_board_first(town: Town) -> None:
    at = town.clock.now()
    routine = [_record(f"r{n}", at, CallEnd.ABANDONED, number=f"1381234{n:04d}") for n in range(25)]
    button = _record("e", at + timedelta(seconds=9), CallEnd.ABANDONED, number="13700000001", emergency=True)
    town.tell(_read(at, *routine, button))
    assert min(town.all(Case), key=lambda case: case.id or 0).priority is Priority.EMERGENCY
    assert len(town.all(Case)) == 26


def test_a_service_that_died_knows_from_its_last_sign_of_life_when_the_gap_began(town: Town) -> None:
    began = town.clock.now()
    town.tell(LinkUp(exchange="main", at=began, away_since=None, exchange_restarted=False))
    town.clock.move(timedelta(minutes=30))
    gaps.heard(town.store, "main")
    last = town.clock.now()
    town.clock.move(timedelta(minutes=10))
    town.tell(LinkUp(exchange="main", at=town.clock.now(), away_since=None, exchange_restarted=False))
    (gap,) = town.all(Gap)
    assert (gap.began_at, gap.until) == (last, town.clock.now())


def _read(at, *records):  # type: ignore[no-untyped-def]
    return CelRead(
        exchange="main",
        at=at,
        source=Source.CEL,
        position=CelPosition(generation="g1", row=9),
        calls=records,
        outgoing=(),
    )


def _record(uniqueid, at, end, *, number=HER_LINE, emergency=False, until=None):  # type: ignore[no-untyped-def]
    return CallRecord(
        exchange="main",
        at=at,
        source=Source.CEL,
        uniqueid=uniqueid,
        linkedid=uniqueid,
        channel="PJSIP/trunk-1",
        number=number,
        name="",
        dialled="02367000000",
        emergency=emergency,
        queued_at=at,
        answered_at=at if end is CallEnd.ANSWERED else None,
        extension="801" if end is CallEnd.ANSWERED else None,
        operator_uniqueid=f"{uniqueid}-op" if end is CallEnd.ANSWERED else None,
        ended_at=until or at + timedelta(seconds=8),
        end=end,
        hung_up_by=Party.CALLER,
        cause=16,
    )
