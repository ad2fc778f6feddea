"""The operator's telephone from the keyboard: who gets a call, what the exchange is asked, and what it reports."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from callbridge.errors import ActionRefused, LinkLost, NotLinked
from callbridge.events import (
    CallAnswered,
    CallEnd,
    CallHeld,
    CallParties,
    CallQueued,
    CallReached,
    CallResumed,
    LinkUp,
    PartyJoined,
    PartyLeft,
    PhoneReached,
)
from dispatch import dialling, phone_orders, telephone
from dispatch.errors import BadValue, Conflict, NotAllowed
from dispatch.models import (
    CallState,
    Case,
    CaseCall,
    Direction,
    Leg,
    LegRole,
    Operator,
    OrderState,
    PhoneOrder,
    Presence,
)
from dispatch.telephonist import Telephonist
from dispatch.views.timeline import timeline
from dispatch.wire.telephone import BringIn, Dial, DropLeg, HandOver, Listen
from registry.store import Role, Scope
from registry.store.journal import Journal
from tests.dispatch.at_the_telephone import (
    DAUGHTER,
    QUEUED,
    TALKING,
    Telephone,
    contact_of,
    do,
    event,
    leg_of,
    talking,
    work,
)
from tests.dispatch.register import HER_LINE
from tests.dispatch.town import Town


@pytest.fixture
def exchange(town: Town) -> Telephone:
    """Linked, with both operators' telephones registered and both operators there."""
    town.tell(LinkUp(exchange="main", at=town.clock.now(), away_since=None, exchange_restarted=False))
    for extension in ("801", "802"):
        town.tell(PhoneReached(exchange="main", at=town.clock.now(), extension=extension, reachable=True))
    with town.store.writing() as session:
        for desk in (town.desk, town.colleague):
            operator = session.get(Operator, desk.operator_id)
            assert operator is not None
            operator.presence = Presence.READY
    return Telephone()


def test_of_two_operators_who_take_one_call_exactly_one_gets_it_and_the_other_is_told_who(
    town: Town, exchange: Telephone
) -> None:
    uniqueid = town.rings_in()
    call = town.call(uniqueid)

    def take(desk: Any) -> str | None:
        try:
            do(town, telephone.take, desk, call, QUEUED)
        except Conflict as conflict:
            return str(conflict.values["by"])
        return None

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(take, (town.desk, town.colleague)))
    assert told.count(None) == 1
    winner = (town.desk, town.colleague)[told.index(None)]
    assert [each for each in told if each is not None] == ["陈雨" if winner is town.desk else "刘洋"]
    work(town, exchange)
    assert exchange.asked == [("take", (uniqueid, winner.extension), {})]


def test_a_taken_call_whose_telephone_nobody_lifts_is_anybodys_again(town: Town, exchange: Telephone) -> None:
    uniqueid = town.rings_in()
    call = town.call(uniqueid)
    do(town, telephone.take, town.desk, call, QUEUED)
    work(town, exchange)
    event(town, CallQueued, uniqueid=uniqueid, queue="hotline", position=1)
    do(town, telephone.take, town.colleague, call, QUEUED)
    assert town.call(uniqueid).taken_by_id == town.colleague.operator_id


@pytest.mark.parametrize("problem", [ActionRefused("the caller no longer waits"), NotLinked("no link")])
def test_a_take_that_the_exchange_refuses_is_taken_back_and_said(
    town: Town, exchange: Telephone, problem: Exception
) -> None:
    uniqueid = town.rings_in()
    do(town, telephone.take, town.desk, town.call(uniqueid), QUEUED)
    exchange.problem = problem
    work(town, exchange)
    assert town.call(uniqueid).taken_by_id is None
    (failed,) = [entry for entry in town.all(Journal) if entry.what == "call.order_failed"]
    assert (failed.data["order"], failed.data["operator"]) == ("take", town.desk.operator_id)


def test_what_may_have_happened_is_not_done_again(town: Town, exchange: Telephone) -> None:
    _, call = talking(town)
    do(town, telephone.bring_in, town.desk, call, BringIn(expects="talking", number="120"))
    exchange.problem = LinkLost("cut")
    work(town, exchange)
    exchange.problem = None
    work(town, exchange)
    assert exchange.names() == ["bring_in"]
    (order,) = town.all(PhoneOrder)
    assert (order.state, order.why) == (OrderState.FAILED, phone_orders.UNKNOWN)
    assert leg_of(town, LegRole.THIRD).ended_at is None, "she may be ringing"


def test_a_cases_timeline_names_who_was_brought_into_its_call_and_who_left_it(
    town: Town, exchange: Telephone
) -> None:
    resident = town.resident(contacts=[DAUGHTER])
    uniqueid, call = talking(town)
    case = town.case(town.open(resident, call_id=call.id))
    do(town, telephone.bring_in, town.desk, call, BringIn(expects="talking", contact_id=contact_of(town)))
    leg = leg_of(town, LegRole.THIRD)
    event(town, PartyJoined, uniqueid=uniqueid, leg=leg.uniqueid)
    event(town, PartyLeft, leg=leg.uniqueid, cause=16)
    do(town, telephone.bring_in, town.desk, call, BringIn(expects="talking", number="120"))
    with town.store.reading() as session:
        told = [(entry.what, entry.party) for entry in timeline(session, case) if entry.party is not None]
    assert [(what, party.name or party.number) for what, party in told] == [
        ("call.bringing_in", "王珂"),
        ("call.party_joined", "王珂"),
        ("call.party_left", "王珂"),
        ("call.bringing_in", "120"),
    ]


async def test_whatever_is_ordered_is_done_at_once(
    town: Town, exchange: Telephone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a telephonist who looks only when a commit wakes her."""
    monkeypatch.setattr("dispatch.telephonist.LOOK_EVERY", 3600.0)
    _, call = await asyncio.to_thread(talking, town)
    telephonist = Telephonist(town.store, exchange, "main")
    town.store.on_commit(telephonist.wake)
    running = asyncio.create_task(telephonist.run())
    try:
        for name, command in (
            ("bring_in", BringIn(expects="talking", number="13900000001")),
            ("drop", None),
            ("hold", TALKING),
            ("hand_over", HandOver(expects="talking", operator_id=town.colleague.operator_id or 0)),
            ("hang_up", TALKING),
        ):
            wish = command or DropLeg(expects="talking", leg_id=leg_of(town, LegRole.THIRD).id or 0)
            await asyncio.sleep(0.05)  # she has found nothing and rests
            await asyncio.to_thread(do, town, getattr(telephone, name), town.desk, call, wish)
            asked = "hang_up_call" if name == "hang_up" else name
            async with asyncio.timeout(5):
                assert await exchange.next.get() == asked
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_an_order_that_comes_too_late_is_not_meant_any_more(town: Town, exchange: Telephone) -> None:
    _, call = talking(town)
    do(town, telephone.hold, town.desk, call, TALKING)
    town.clock.move(timedelta(seconds=11))
    work(town, exchange)
    assert exchange.asked == []
    assert [order.why for order in town.all(PhoneOrder)] == ["late"]


def test_a_call_is_held_and_resumed_by_who_talks_in_it_and_by_nobody_else(town: Town, exchange: Telephone) -> None:
    uniqueid, call = talking(town)
    with pytest.raises(Conflict) as refused:
        do(town, telephone.hold, town.colleague, call, TALKING)
    assert refused.value.values["by"] == "陈雨"
    do(town, telephone.hold, town.desk, call, TALKING)
    work(town, exchange)
    assert exchange.asked == [("hold", (uniqueid, "801"), {})]
    event(town, CallHeld, uniqueid=uniqueid)
    event(town, CallHeld, uniqueid=uniqueid)
    with pytest.raises(Conflict):
        do(town, telephone.hold, town.desk, call, TALKING)
    town.clock.move(timedelta(seconds=40))
    do(town, telephone.resume, town.desk, call, TALKING)
    event(town, CallResumed, uniqueid=uniqueid)
    assert town.call(uniqueid).held_since is None
    said = [entry for entry in town.all(Journal) if entry.what in ("call.held", "call.resumed")]
    assert [entry.what for entry in said] == ["call.held", "call.resumed"]
    assert said[-1].data == {"seconds": 40}


def test_a_contact_is_brought_in_joins_and_is_dropped(town: Town, exchange: Telephone) -> None:
    town.resident(contacts=[DAUGHTER])
    uniqueid, call = talking(town)
    contact = contact_of(town)
    do(town, telephone.bring_in, town.desk, call, BringIn(expects="talking", contact_id=contact))
    work(town, exchange)
    leg = leg_of(town, LegRole.THIRD)
    assert exchange.asked == [("bring_in", (uniqueid, leg.uniqueid), {"number": DAUGHTER, "extension": None})]
    event(town, PartyJoined, uniqueid=uniqueid, leg=leg.uniqueid)
    assert leg_of(town, LegRole.THIRD).answered_at == town.clock.now()
    own = leg_of(town, LegRole.OPERATOR)
    with pytest.raises(BadValue):
        do(town, telephone.drop, town.desk, call, DropLeg(expects="talking", leg_id=own.id))
    do(town, telephone.drop, town.desk, call, DropLeg(expects="talking", leg_id=leg.id))
    work(town, exchange)
    assert exchange.asked[-1] == ("drop", (leg.uniqueid,), {})
    event(town, PartyLeft, leg=leg.uniqueid, cause=16)
    with pytest.raises(Conflict):
        do(town, telephone.drop, town.desk, call, DropLeg(expects="talking", leg_id=leg.id))


def test_somebody_elses_contact_is_not_called(town: Town, exchange: Telephone) -> None:
    town.resident(contacts=[DAUGHTER])
    contact = contact_of(town)
    other = town.rings_in("13800000009")
    town.answers(other)
    with pytest.raises(BadValue):
        do(town, telephone.bring_in, town.desk, town.call(other), BringIn(expects="talking", contact_id=contact))


def test_a_call_handed_over_is_the_colleagues_when_she_answers_and_so_is_the_turn(
    town: Town, exchange: Telephone
) -> None:
    resident = town.resident()
    uniqueid, call = talking(town)
    number = town.open(resident, call_id=call.id)
    to = HandOver(expects="talking", operator_id=town.colleague.operator_id)
    do(town, telephone.hand_over, town.desk, call, to)
    work(town, exchange)
    leg = leg_of(town, LegRole.OPERATOR)
    assert exchange.asked == [("hand_over", (uniqueid, leg.uniqueid), {"by": "801", "extension": "802"})]
    assert town.call(uniqueid).operator_id == town.desk.operator_id
    event(town, PartyJoined, uniqueid=uniqueid, leg=leg.uniqueid)
    event(town, PartyLeft, leg=f"{uniqueid}-op", cause=16)
    assert town.call(uniqueid).operator_id == town.colleague.operator_id
    case = town.case(number)
    assert (case.owner_id, case.turn_operator_id) == (town.desk.operator_id, town.colleague.operator_id)
    with pytest.raises(Conflict):
        do(town, telephone.hold, town.desk, call, TALKING)
    do(town, telephone.hold, town.colleague, call, TALKING)


def test_a_colleague_who_does_not_answer_leaves_the_call_where_it_was(town: Town, exchange: Telephone) -> None:
    uniqueid, call = talking(town)
    to = HandOver(expects="talking", operator_id=town.colleague.operator_id)
    do(town, telephone.hand_over, town.desk, call, to)
    event(town, PartyLeft, leg=leg_of(town, LegRole.OPERATOR).uniqueid, cause=19)
    assert town.call(uniqueid).operator_id == town.desk.operator_id
    assert "call.party_not_reached" in [entry.what for entry in town.all(Journal)]


def test_a_call_that_ends_stops_what_still_rings_to_be_in_it(town: Town, exchange: Telephone) -> None:
    uniqueid, call = talking(town)
    do(town, telephone.bring_in, town.desk, call, BringIn(expects="talking", number="13900000001"))
    work(town, exchange)
    town.hangs_up(uniqueid, CallEnd.ANSWERED)
    work(town, exchange)
    leg = leg_of(town, LegRole.THIRD)
    assert exchange.asked[-1] == ("drop", (leg.uniqueid,), {}) or exchange.asked[-2] == ("drop", (leg.uniqueid,), {})


def test_a_number_is_dialled_reached_and_belongs_to_its_case(town: Town, exchange: Telephone) -> None:
    resident = town.resident()
    number = town.open(resident)
    with town.store.writing() as session:
        wish = Dial(resident_id=resident, case_number=number)
        call = dialling.dial(session, town.desk, town.plan, "main", wish)
    work(town, exchange)
    own = leg_of(town, LegRole.OPERATOR)
    assert exchange.asked == [("dial", (own.uniqueid, "801", HER_LINE), {})]
    assert (call.direction, call.state, call.resident_id) == (Direction.OUT, CallState.RINGING, resident)
    event(town, CallReached, uniqueid=own.uniqueid, called="main-1.7")
    assert town.call(own.uniqueid).state is CallState.TALKING
    do(town, telephone.hold, town.desk, call, TALKING)
    town.hangs_up(own.uniqueid, CallEnd.ANSWERED)
    assert {leg.role for leg in town.all(Leg)} == {LegRole.OPERATOR, LegRole.CALLED}
    assert [link.call_id for link in town.all(CaseCall)] == [call.id]


def test_a_number_that_is_not_reached_needs_nobody_to_call_back(town: Town, exchange: Telephone) -> None:
    missed = town.rings_in("13800000009")
    town.hangs_up(missed)
    cases = len(town.all(Case))
    with town.store.writing() as session:
        dialling.dial(session, town.desk, town.plan, "main", Dial(call_id=town.call(missed).id))
    exchange.problem = ActionRefused("no such telephone")
    work(town, exchange)
    call = town.call(leg_of(town, LegRole.OPERATOR).uniqueid)
    assert (call.state, call.end, call.number) == (CallState.ENDED, CallEnd.NOT_REACHED, "+8613800000009")
    assert len(town.all(Case)) == cases


def test_only_a_supervisor_listens_and_it_is_in_the_journal(town: Town, exchange: Telephone) -> None:
    uniqueid, call = talking(town)
    with pytest.raises(NotAllowed):
        do(town, telephone.listen, town.colleague, call, Listen(expects="talking"))
    with town.store.writing() as session:
        operator = session.get(Operator, town.colleague.operator_id)
        assert operator is not None
        operator.role = Role.SUPERVISOR
    supervisor = town.colleague.__class__(
        scope=Scope(town.centre_id, "/", Role.SUPERVISOR),
        operator_id=town.colleague.operator_id,
        extension=town.colleague.extension,
    )
    do(town, telephone.listen, supervisor, call, Listen(expects="talking", how="whisper"))
    work(town, exchange)
    leg = leg_of(town, LegRole.SUPERVISOR)
    assert exchange.asked == [("listen", (uniqueid, leg.uniqueid, "802"), {"to": "801", "whisper": True})]
    (said,) = [entry for entry in town.all(Journal) if entry.what == "call.whispered"]
    assert said.actor_id == supervisor.operator_id
    with pytest.raises(Conflict):
        do(
            town,
            telephone.drop,
            supervisor,
            call,
            DropLeg(expects="talking", leg_id=leg_of(town, LegRole.OPERATOR).id),
        )
    do(town, telephone.drop, supervisor, call, DropLeg(expects="talking", leg_id=leg.id))
    work(town, exchange)
    assert exchange.asked[-1] == ("drop", (leg.uniqueid,), {})


def test_after_a_gap_parties_that_have_gone_have_left_and_hold_is_what_is_so(town: Town, exchange: Telephone) -> None:
    uniqueid, call = talking(town)
    do(town, telephone.bring_in, town.desk, call, BringIn(expects="talking", number="13900000001"))
    event(town, PartyJoined, uniqueid=uniqueid, leg=leg_of(town, LegRole.THIRD).uniqueid)
    event(town, CallParties, uniqueid=uniqueid, legs=(uniqueid, f"{uniqueid}-op"), held=True)
    assert leg_of(town, LegRole.THIRD).ended_at is not None
    assert leg_of(town, LegRole.OPERATOR).ended_at is None
    assert town.call(uniqueid).held_since is not None


def test_who_was_left_on_hold_waits_again_and_is_whose_answers_next(town: Town, exchange: Telephone) -> None:
    uniqueid, _ = talking(town)
    event(town, CallHeld, uniqueid=uniqueid)
    event(town, PartyLeft, leg=f"{uniqueid}-op", cause=16)
    town.clock.move(timedelta(seconds=3))
    event(town, CallQueued, uniqueid=uniqueid, queue="hotline", position=1)
    call = town.call(uniqueid)
    assert (call.state, call.held_since) == (CallState.QUEUED, None)
    do(town, telephone.take, town.colleague, call, QUEUED)
    event(
        town,
        CallAnswered,
        uniqueid=uniqueid,
        extension="802",
        operator_uniqueid=f"{uniqueid}-other",
        waited=timedelta(),
    )
    assert town.call(uniqueid).operator_id == town.colleague.operator_id


def test_without_a_telephone_that_can_be_reached_nothing_is_taken(town: Town, exchange: Telephone) -> None:
    call = town.call(town.rings_in())
    event(town, PhoneReached, extension="801", reachable=False)
    with pytest.raises(Conflict) as refused:
        do(town, telephone.take, town.desk, call, QUEUED)
    assert refused.value.values["now"] == "phone_unreachable"
