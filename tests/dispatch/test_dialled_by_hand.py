"""A number dialled on the operator's telephone, and not from the keyboard, is a call like every other."""

from datetime import timedelta

from callbridge.events import (
    CallDialled,
    CallEnd,
    CallReached,
    CallRecord,
    CelPosition,
    CelRead,
    Party,
    Source,
)
from dispatch.models import Call, CallState, Case, CaseCall, Direction, Leg, LegRole, Recording, Speaker
from dispatch.models.transitions import key
from tests.dispatch.register import HER_LINE
from tests.dispatch.town import Town

BY_HAND = "02367001001"
OWN = "main-1700000000.7"


def dials(town: Town, number: str = BY_HAND, extension: str = "801") -> Call:
    town.tell(
        CallDialled(
            exchange="main",
            at=town.clock.now(),
            uniqueid=OWN,
            linkedid=OWN,
            channel=f"PJSIP/{extension}-00000007",
            extension=extension,
            number=number,
        )
    )
    return town.call(OWN)


def read_back(town: Town, number: str = BY_HAND, *, seconds: int = 40) -> None:
    """What CEL says of such a call, which was answered, when it is read."""
    at = town.clock.now()
    record = CallRecord(
        exchange="main",
        at=at,
        source=Source.CEL,
        uniqueid=OWN,
        linkedid=OWN,
        channel="PJSIP/801-00000007",
        number=number,
        name="",
        dialled=number,
        emergency=False,
        queued_at=None,
        answered_at=at + timedelta(seconds=5),
        extension="801",
        operator_uniqueid=OWN,
        ended_at=at + timedelta(seconds=seconds),
        end=CallEnd.ANSWERED,
        hung_up_by=Party.OPERATOR,
        cause=16,
        outgoing=True,
        recording="by-hand.wav",
    )
    position = CelPosition(generation="one", row=9, stamp=1.0)
    town.tell(CelRead(exchange="main", at=at, source=Source.CEL, position=position, calls=(record,), outgoing=()))


def test_a_resident_called_by_hand_is_known_and_the_call_is_her_operators(town: Town) -> None:
    resident = town.resident()
    call = dials(town)
    assert (call.direction, call.state, call.resident_id) == (Direction.OUT, CallState.RINGING, resident)
    assert (call.number, call.speaker, call.operator_id) == (HER_LINE, Speaker.RESIDENT, town.desk.operator_id)
    town.tell(CallReached(exchange="main", at=town.clock.now(), uniqueid=OWN, called="main-1700000000.8"))
    assert town.call(OWN).state is CallState.TALKING
    town.hangs_up(OWN, CallEnd.ANSWERED)
    assert {leg.role for leg in town.all(Leg)} == {LegRole.OPERATOR, LegRole.CALLED}
    assert town.all(Case) == []


def test_what_was_dialled_while_the_service_was_away_is_there_once_with_its_recording(town: Town) -> None:
    read_back(town)
    dials(town)
    read_back(town)
    (call,) = town.all(Call)
    assert (call.state, call.end, call.operator_id) == (CallState.ENDED, CallEnd.ANSWERED, town.desk.operator_id)
    assert [recording.call_id for recording in town.all(Recording)] == [key(call)]
    assert town.all(Case) == []


def test_who_is_called_back_by_hand_has_that_call_in_her_case_which_stays_open(town: Town) -> None:
    town.resident()
    missed = town.rings_in()
    town.hangs_up(missed)
    (case,) = town.all(Case)
    call = dials(town)
    town.hangs_up(OWN, CallEnd.NOT_REACHED)
    assert {link.call_id for link in town.all(CaseCall)} == {key(town.call(missed)), key(call)}
    (after,) = town.all(Case)
    assert (after.state, after.attempts) == (case.state, 1)


def test_a_telephone_that_is_nobodys_and_a_number_of_nobody_make_a_call_all_the_same(town: Town) -> None:
    call = dials(town, "110", extension="899")
    assert (call.number_heard, call.operator_id, call.resident_id) == ("110", None, None)
    town.hangs_up(OWN, CallEnd.ANSWERED)
    assert town.call(OWN).state is CallState.ENDED
