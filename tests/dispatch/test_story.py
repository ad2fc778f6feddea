"""The whole way through, as issue 2 tells it, without a real exchange."""

from callbridge.events import CallEnd
from dispatch.models import CallState, CaseState, OfferState, Turn, VisitState
from tests.dispatch.register import FAR
from tests.dispatch.town import Town


def test_a_case_goes_from_the_call_to_its_end(town: Town) -> None:
    resident = town.resident()
    town.merchant("康宁药房", sms="+8613900000001", voice="+8613900000001")
    town.merchant("同心药房", voice="+8613900000002", position=FAR)

    call = town.rings_in("02367001001")
    town.answers(call)
    assert town.call(call).resident_id == resident
    assert town.call(call).operator_id == town.desk.operator_id

    number = town.open(None, call_id=town.call(call).id, words="降压药一盒")
    assert town.case(number).resident_id == resident
    assert number == "TL-20260302-0001"

    town.dispatch(number)
    town.send()
    (offered,) = town.sms_to("+8613900000001")
    code = town.newest_offer(number).code
    assert f"单号{code}" in offered
    assert "送药上门" in offered
    assert "青石里" in offered
    assert "502" not in offered
    assert town.case(number).turn is Turn.MERCHANT

    town.writes("13900000001", "2")
    assert town.states(number) == [OfferState.DECLINED, OfferState.SENT]
    (spoken,) = town.exchange.dialled
    assert spoken.number == "+8613900000002"
    assert "502" not in spoken.text

    town.presses("+8613900000002", "1")
    assert town.case(number).state is CaseState.ACCEPTED
    town.send()
    details = [call for call in town.exchange.dialled if call.number == "+8613900000002"][-1]
    assert "青石里五栋二单元五零二" in details.text
    assert "王秀英奶奶" in details.text
    assert (details.keys, details.repeat) == ("345", "9")
    town.presses("+8613900000002", "3")
    assert town.case(number).state is CaseState.ON_THE_WAY

    town.reports(number, "at_the_door")
    town.reports(number, "done")
    assert town.visit(number).state is VisitState.DONE
    assert town.newest_offer(number).state is OfferState.FULFILLED
    assert town.case(number).turn is Turn.OPERATOR

    town.close(number)
    town.hangs_up(call, CallEnd.ANSWERED)
    assert town.case(number).state is CaseState.CLOSED
    assert town.case(number).turn is Turn.NOBODY
    assert town.call(call).state is CallState.ENDED
    assert town.journal("call", "case", "offer", "visit") == [
        "call.arrived",
        "call.recognised",
        "call.queued",
        "call.ringing",
        "call.talking",
        "case.opened",
        "offer.offered",
        "case.offering",
        "offer.sent",
        "offer.declined",
        "offer.offered",
        "offer.sent",
        "offer.accepted",
        "case.accepted",
        "visit.on_the_way",
        "case.on_the_way",
        "visit.at_the_door",
        "case.on_site",
        "visit.done",
        "offer.fulfilled",
        "case.served",
        "case.closed",
        "call.ended",
    ]
