"""What is read back of the exchange's event log: after a gap, beside AMI, and by two at once."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest

from callbridge.events import (
    CallEnd,
    CelState,
    Party,
    Source,
)
from dispatch.arrivals import Recognition
from dispatch.models import (
    Call,
    CallState,
    Case,
    CaseState,
    ExchangePosition,
    Leg,
)
from dispatch.views.desk import link_lines
from tests.dispatch.event_log import cel, record
from tests.dispatch.town import Town, arrived


def test_a_call_that_came_while_we_were_away_is_there_afterwards(town: Town) -> None:
    resident = town.resident()
    at = town.clock.now() - timedelta(minutes=5)
    ended = at + timedelta(seconds=40)
    town.tell(
        cel(
            town.clock.now(),
            17,
            record("u1", at, queued_at=at, ended_at=ended, end=CallEnd.ABANDONED, hung_up_by=Party.CALLER, cause=16),
        )
    )
    call = town.call("u1")
    assert (call.recovered, call.resident_id, call.arrived_at, call.ended_at) == (True, resident, at, ended)
    assert town.all(Case)[0].call_back == f"resident:{resident}"
    position = town.get(ExchangePosition, "main")
    assert (position.generation, position.row, position.stamp) == ("g1", 17, town.clock.now().timestamp())


def test_an_event_log_that_cannot_be_read_stands_on_the_board_until_it_can(town: Town) -> None:
    def says(problem: str) -> str:
        town.tell(CelState(exchange="main", at=town.clock.now(), source=Source.CEL, problem=problem))
        with town.store.reading() as session:
            return link_lines(session)[0].log_problem

    assert says("") == ""
    assert says("master.db: database is locked") == "master.db: database is locked"
    assert says("master.db: database is locked") == "master.db: database is locked"
    assert says("") == ""
    assert town.journal("exchange") == ["exchange.log_unreadable", "exchange.log_readable"]


def test_a_caller_who_still_waits_after_a_gap_is_recognised(town: Town) -> None:
    town.resident()
    at = town.clock.now()
    assert town.tell(cel(at, 3, record("u1", at, queued_at=at))) == [Recognition("u1", None, "王秀英奶奶")]
    assert town.call("u1").state is CallState.QUEUED


def test_cel_a_little_faster_than_ami_is_no_gap(town: Town) -> None:
    at = town.clock.now()
    town.tell(cel(at, 3, record("u1", at)))
    town.tell(arrived("u1", "02367001001", at))
    assert not town.call("u1").recovered
    assert len(town.all(Call)) == 1


def test_cel_fills_in_what_ami_missed_and_puts_right_what_it_got_wrong(town: Town) -> None:
    call = town.rings_in()
    town.hangs_up(call, CallEnd.ABANDONED)
    at = town.clock.now()
    town.tell(
        cel(
            at,
            9,
            record(
                call,
                at,
                queued_at=at,
                answered_at=at - timedelta(seconds=9),
                extension="802",
                operator_uniqueid="op-1",
                ended_at=at,
                end=CallEnd.ANSWERED,
                hung_up_by=Party.OPERATOR,
                cause=16,
            ),
        )
    )
    put_right = town.call(call)
    assert (put_right.end, put_right.hung_up_by, put_right.operator_id) == (
        CallEnd.ANSWERED,
        Party.OPERATOR,
        town.colleague.operator_id,
    )
    assert [case.state for case in town.all(Case)] == [CaseState.CLOSED]


def test_a_long_reading_is_kept_whole_and_its_position_only_at_the_end(town: Town) -> None:
    at = town.clock.now()
    records = [record(f"u{n}", at, number=f"0236700{n:04d}") for n in range(45)]
    broken = [*records, record("u99", at, number=None)]
    with pytest.raises(TypeError):
        town.tell(cel(at, 99, *broken))
    position = town.all(ExchangePosition)
    assert not position or position[0].row == 0, "nobody may believe that this was read"
    town.tell(cel(at, 99, *records))
    assert len(town.all(Call)) == 45
    assert town.get(ExchangePosition, "main").row == 99


def test_one_call_told_by_two_at_once_is_one_call(town: Town) -> None:
    town.resident()
    barrier = Barrier(4)

    def tell() -> None:
        barrier.wait()
        town.tell(arrived("u1", "02367001001", town.clock.now()))

    threads = [Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(town.all(Call)) == 1
    assert len(town.all(Leg)) == 1
