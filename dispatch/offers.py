"""Offers (派单): a case to one merchant after the other until one accepts.

Whoever comes in here holds the case first, then the offer; that order keeps two answers apart on both databases.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from dispatch import casebook, choosing, hold, incident_news, limits, messages, rally, timers, visit_news, visits
from dispatch.attention import Need, met, need
from dispatch.casebook import expect, first, held, service_of
from dispatch.choosing import Choice, Decision
from dispatch.codes import new_code
from dispatch.desk import Desk
from dispatch.errors import BadValue, Conflict, ForbiddenMove, NotFound
from dispatch.models import Case, CaseState, DecisionSheet, Message, Offer, OfferRole, OfferState, TimerKind, Turn
from dispatch.models.transitions import key, move, note
from dispatch.next_steps import Step, Unheard
from dispatch.policy import next_steps, service_policy
from dispatch.wire.offers import Dispatch, OfferAnswer, OfferEnd
from registry.channel_plan import Asking, asked_at
from registry.models import Channel
from registry.store import Actor, Scope, Subject, Writing

TO_GIVE_AWAY = frozenset({CaseState.ACCEPTED, CaseState.ON_THE_WAY})
OTHER = {Channel.SMS: Channel.VOICE, Channel.VOICE: Channel.SMS}
LIVE = frozenset({OfferState.PENDING, OfferState.SENT})


def candidates(session: Writing, desk: Desk | Scope, number: str) -> DecisionSheet:
    """Who could serve the case now and why, who not and why not; kept as a sheet. Raises NotFound."""
    case = held(session, desk, number)
    return choosing.decide(session, case).sheet


def dispatch_case(session: Writing, desk: Desk, number: str, order: Dispatch) -> Offer | None:
    """Offers the case to the merchant picked, or to those whose turn it is by its policy; returns the first offer.

    Who was being asked before is told off; so is who had accepted and is not there yet, when another one is picked.
    A medical emergency goes out without a clinic too, and without an offer then: everybody else is called.

    Raises NotFound, Conflict (not in the state expected, or nobody there to ask), ForbiddenMove for a case that has
    been accepted or closed, BadValue for a merchant that is no candidate or a sheet of another case.
    """
    case = held(session, desk, number)
    expect(session, case, order.expects)
    if order.merchant_id is not None and case.state in TO_GIVE_AWAY:
        _take_back(session, case, desk.actor)
    if case.state not in (CaseState.OPEN, CaseState.OFFERING):
        raise ForbiddenMove(subject=Subject.CASE, now=case.state, wanted=CaseState.OFFERING, **first(session, case))
    for offer in live(session, case):
        end(session, case, offer, OfferState.WITHDRAWN, desk.actor)
    channel = Channel(order.channel) if order.channel is not None else None
    decision = choosing.decide(session, case, channel=channel, picked=order.merchant_id)
    if order.sheet_id is not None:
        able = choosing.as_seen(session, case, order.sheet_id, decision.able)
        decision = replace(decision, able=able)
    chosen = decision.next_ones([])
    if order.merchant_id is not None:
        chosen = [choice for choice in decision.able if choice.merchant_id == order.merchant_id]
        if not chosen:
            raise BadValue(field="merchant_id", found=order.merchant_id, right="merchant.candidate")
    together = rally.calls_together(session, case)
    if not chosen and not together:
        raise Conflict(subject=Subject.CASE, now=case.state, needs=str(Need.NOBODY_LEFT))
    asked = _ask(session, case, decision, chosen, desk.actor, by_hand=order.merchant_id is not None)
    if together:
        rally.call_together(session, case, desk)
    if not asked:
        _nobody_left(session, case)
    return asked[0] if asked else None


def _take_back(session: Writing, case: Case, actor: Actor) -> None:
    """Who had accepted does not have to come: somebody else will be asked."""
    taken = accepted(session, case)
    if taken is not None:
        end(session, case, taken, OfferState.REVOKED, actor)
    move(session, case, CaseState.OPEN, actor)


def answer_offer(session: Writing, desk: Desk, number: str, offer_id: int, told: OfferAnswer) -> Offer:
    """Writes down what the merchant told the operator. Raises NotFound, Conflict with who was first, BadValue for
    somebody else's staff.
    """
    case, offer = held_offer(session, desk, number, offer_id)
    expect_offer(session, case, offer, told.expects)
    if told.answer == "accept":
        accept(session, case, offer, desk.actor, by=None, comes=told.comes)
    else:
        decline(session, case, offer, desk.actor, by=None)
    return offer


def end_offer(session: Writing, desk: Desk, number: str, offer_id: int, how: OfferEnd) -> Offer:
    """Withdraws an open offer, or ends an accepted one. Raises NotFound, Conflict, ForbiddenMove.

    After a withdrawal or a revocation it is the operator's turn; after a giving back the next candidate is asked.
    """
    case, offer = held_offer(session, desk, number, offer_id)
    expect_offer(session, case, offer, how.expects)
    if how.how == "give_back":
        give_back(session, case, offer, desk.actor)
        return offer
    end(session, case, offer, OfferState.WITHDRAWN if how.how == "withdraw" else OfferState.REVOKED, desk.actor)
    if not live(session, case) and CaseState.OPEN in case.moves[case.state]:
        case.turn, case.turn_operator_id = Turn.OPERATOR, desk.operator_id
        move(session, case, CaseState.OPEN, desk.actor)
        casebook.watch_wanted(session, case)
    return offer


def live(session: Writing, case: Case) -> list[Offer]:
    """The open offers of a case, held."""
    ids = session.rows(_LIVE, case_id=case.id).scalars().all()
    held_now = (session.lock(Offer, id_ or 0) for id_ in ids)
    return [offer for offer in held_now if offer is not None and offer.state in LIVE]


_LIVE = (
    select(col(Offer.id))
    .where(col(Offer.case_id) == bindparam("case_id"), col(Offer.state).in_(LIVE))
    .order_by(col(Offer.id))
)


def accept(
    session: Writing, case: Case, offer: Offer, actor: Actor, *, by: Channel | None, comes: int | None = None
) -> None:
    """The merchant comes: the others are told off, the visit's clocks start, the door is told. `comes` is who of its
    staff, where it has said so.

    Raises Conflict, with who was first and when, for an offer that is no longer open or a case that has been taken,
    and BadValue for somebody else's staff.
    """
    if offer.state not in LIVE or case.state is not CaseState.OFFERING:
        raise Conflict(subject=Subject.OFFER, now=offer.state, case=case.state, **first(session, case))
    who_was_first = first(session, case)
    offer.answered_at, offer.answered_by = session.clock.now(), by
    move(session, offer, OfferState.ACCEPTED, actor, by=str(by) if by else "operator")
    try:
        session.flush()
    except IntegrityError as refused:  # uq_offer_accepted: the database has the last word
        raise Conflict(
            subject=Subject.OFFER, now=OfferState.SENT, case=CaseState.ACCEPTED, **who_was_first
        ) from refused
    timers.stop(session, Subject.OFFER, key(offer))
    messages.end_calls(session, offer)
    for other in live(session, case):
        end(session, case, other, OfferState.WITHDRAWN, Actor.system())
    met(case)
    case.turn, case.turn_operator_id = Turn.MERCHANT, None
    move(session, case, CaseState.ACCEPTED, actor, offer=offer.id, merchant=offer.merchant_id)
    timers.stop(session, Subject.CASE, offer.case_id)
    visit = visits.promise(session, case, offer, comes)
    incident_news.moved(session, case)
    _tell_details(session, case, offer)
    visit_news.coming(session, case, visit)


def decline(session: Writing, case: Case, offer: Offer, actor: Actor, *, by: Channel | None) -> None:
    """The merchant does not come: the next one is asked. Raises Conflict for an offer that is no longer open."""
    if offer.state not in LIVE:
        raise Conflict(subject=Subject.OFFER, now=offer.state, case=case.state, **first(session, case))
    offer.answered_at, offer.answered_by = session.clock.now(), by
    end(session, case, offer, OfferState.DECLINED, actor, by=str(by) if by else "operator")
    move_on(session, case)


def give_back(session: Writing, case: Case, offer: Offer, actor: Actor) -> None:
    """A merchant who had accepted cannot come: the next one is asked."""
    end(session, case, offer, OfferState.GIVEN_BACK, actor)
    case.turn, case.turn_operator_id = Turn.OPERATOR, None
    move(session, case, CaseState.OPEN, actor, offer=offer.id)
    move_on(session, case)


def end(session: Writing, case: Case, offer: Offer, state: OfferState, actor: Actor, **facts: Any) -> None:
    """Ends an offer that the caller holds, with its clocks and its visit; who was told to come is told not to."""
    was_accepted = offer.state is OfferState.ACCEPTED
    told_off = state is OfferState.REVOKED or (state is OfferState.WITHDRAWN and messages.was_told(session, offer))
    move(session, offer, state, actor, **facts)
    timers.stop(session, Subject.OFFER, key(offer))
    messages.end_calls(session, offer)
    if was_accepted:
        visits.call_off(session, offer, actor)
        limits.relieved(session, case)
    if told_off:
        messages.tell_off(session, case, offer)


def call_off(session: Writing, case: Case, actor: Actor) -> None:
    """The case is over: nobody is asked any more, and who had accepted does not have to come."""
    for offer in live(session, case):
        end(session, case, offer, OfferState.WITHDRAWN, actor)
    taken = accepted(session, case)
    if taken is not None:
        end(session, case, taken, OfferState.REVOKED, actor)


def accepted(session: Writing, case: Case) -> Offer | None:
    """The offer that somebody has accepted and not yet fulfilled, held."""
    offer_id = session.scalar(
        select(col(Offer.id)).where(col(Offer.case_id) == case.id, col(Offer.state) == OfferState.ACCEPTED)
    )
    return session.lock(Offer, offer_id) if offer_id is not None else None


def tell_anew(session: Writing, case: Case) -> None:
    """Something has changed that whoever has accepted the case has to know."""
    taken = accepted(session, case)
    if taken is not None:
        _tell_details(session, case, taken)


def _tell_details(session: Writing, case: Case, offer: Offer) -> None:
    if messages.tell_details(session, case, offer) is None:
        need(session, case, Need.DETAILS_FAILED, Actor.system())


def move_on(session: Writing, case: Case) -> None:
    """Asks those who come next and have not been asked yet; when nobody is left the operators are asked.

    Nothing happens while as many are being asked as the policy has places for, or when the case has gone another way.
    """
    if case.state not in (CaseState.OPEN, CaseState.OFFERING):
        return
    asked = live(session, case)
    if asked and len(asked) >= choosing.places(session, case):
        return
    decision = choosing.decide(session, case, again=False)
    if chosen := decision.next_ones(asked):
        _ask(session, case, decision, chosen, Actor.system(), by_hand=False)
    elif not asked:
        _nobody_left(session, case)


def _nobody_left(session: Writing, case: Case) -> None:
    """There is nobody whom the case could be offered to: the operators are asked, who in an emergency call 120."""
    if case.state is CaseState.OFFERING:
        move(session, case, CaseState.OPEN, Actor.system())
    need(session, case, Need.NO_CLINIC if rally.calls_together(session, case) else Need.NOBODY_LEFT, Actor.system())


def expire(session: Writing, case: Case, offer: Offer) -> None:
    """Nobody answered in time: the next one is asked. On hold after a restore the operators are, who find out whether
    the merchant has heard of it; one who was not asked, as far as is known, does not count as silent.
    """
    if offer.state not in LIVE:
        return
    if hold.current(session, case.centre_id) is None:
        end(session, case, offer, OfferState.EXPIRED, Actor.system())
        move_on(session, case)
        return
    over = OfferState.EXPIRED if messages.was_told(session, offer) else OfferState.WITHDRAWN
    end(session, case, offer, over, Actor.system(), why="held")
    if case.state is CaseState.OFFERING and not live(session, case):
        move(session, case, CaseState.OPEN, Actor.system())
    need(session, case, Need.OFFER_HELD, Actor.system())


def fail(session: Writing, case: Case, offer: Offer, why: str) -> None:
    """The merchant could not be reached at all: the next one is asked."""
    if offer.state in LIVE:
        end(session, case, offer, OfferState.FAILED, Actor.system(), why=why)
        move_on(session, case)


def sent(session: Writing, offer: Offer, actor: Actor, attempt: str) -> None:
    """The merchant has been sent the offer, or its telephone rings."""
    if offer.state is OfferState.PENDING:
        offer.sent_at = session.clock.now()
        move(session, offer, OfferState.SENT, actor, attempt=attempt)


def ask_by(session: Writing, case: Case, offer: Offer, channel: Channel) -> bool:
    """The same offer by another channel, where there is one by which it has not been asked yet."""
    number = messages.number_for(session, offer.merchant_id, channel)
    if offer.state not in LIVE or number is None or messages.was_asked_by(session, offer, channel):
        return False
    _ask_at(session, case, offer, channel, number)
    return True


def ask_at_next_number(session: Writing, case: Case, offer: Offer, missed: Message) -> bool:
    """The same offer at the number that comes after the one at which nobody was reached, where there is one."""
    number = messages.next_number(session, missed)
    if offer.state not in LIVE or number is None:
        return False
    _ask_at(session, case, offer, missed.channel, number)
    return True


def follow(session: Writing, case: Case, offer: Offer, step: Step, missed: Message) -> bool:
    """After a message that was missed the same offer goes to the next number or by the other channel; False where
    that is not possible.
    """
    match step:
        case Step.NEXT_NUMBER:
            return ask_at_next_number(session, case, offer, missed)
        case Step.OTHER_CHANNEL:
            return ask_by(session, case, offer, OTHER[missed.channel])
        case Step.AGAIN:
            return False


def silent(session: Writing, case: Case, offer: Offer) -> None:
    """Part of its time is over and nothing has come back to the SMS: what the rule says, at first a call."""
    if offer.state in LIVE and offer.channel is Channel.SMS and hold.current(session, case.centre_id) is None:
        missed = messages.last_asked(session, offer, Channel.SMS)
        steps = next_steps(session, case.centre_id).after(Unheard.SILENT) if missed is not None else []
        any(missed is not None and follow(session, case, offer, step, missed) for step in steps)


def _ask_at(session: Writing, case: Case, offer: Offer, channel: Channel, number: str) -> None:
    offer.channel, offer.number = channel, number
    offer.version += 1
    note(session, offer, "offered", Actor.system(), channel=str(channel), merchant=offer.merchant_id)
    messages.ask(session, case, offer)


def _ask(
    session: Writing, case: Case, decision: Decision, chosen: list[Choice], actor: Actor, *, by_hand: bool
) -> list[Offer]:
    """Offers the case to all of them at once."""
    if chosen and chosen[0].beyond and not by_hand:
        note(session, case, "widened", actor, metres=decision.order.within)
    return [_offer(session, case, choice, decision.sheet, actor, by_hand=by_hand) for choice in chosen]


def _offer(
    session: Writing, case: Case, choice: Choice, sheet: DecisionSheet, actor: Actor, *, by_hand: bool
) -> Offer:
    now = session.clock.now()
    plan = asked_at(session, case.centre_id, [choice.merchant_id], now).get(choice.merchant_id)
    telephone = None  # to be called beside the SMS
    if plan is not None and plan.ask is Asking.BOTH and choice.channel is Channel.SMS:
        telephone = messages.number_for(session, choice.merchant_id, Channel.VOICE)
    offer = Offer(
        centre_id=case.centre_id,
        area_id=case.area_id,
        case_id=key(case),
        merchant_id=choice.merchant_id,
        sheet_id=sheet.id,
        role=OfferRole.CLINIC if rally.calls_together(session, case) else OfferRole.SUPPLIER,
        channel=choice.channel,
        number=choice.number,
        code=new_code(session, choice.merchant_id),
        distance=choice.distance,
        by_hand=by_hand,
        both_channels=telephone is not None,
        tries=plan.tries if plan is not None else None,
        offered_at=now,
        expires_at=now + service_policy(session, service_of(session, case)).minutes(case.priority),
    )
    session.add(offer)
    note(session, offer, "offered", actor, channel=str(choice.channel), merchant=choice.merchant_id, by_hand=by_hand)
    met(case)
    case.turn, case.turn_operator_id = Turn.MERCHANT, None
    if case.state is CaseState.OPEN:
        move(session, case, CaseState.OFFERING, actor, offer=offer.id, merchant=choice.merchant_id)
    if case.wanted_at is not None:
        timers.stop(session, Subject.CASE, offer.case_id, TimerKind.WANTED_SOON)
    timers.arm(session, TimerKind.OFFER_EXPIRES, offer, offer.expires_at)
    messages.ask(session, case, offer)
    if telephone is not None:
        messages.ask(session, case, offer, also_at=telephone)
    else:
        _watch_silence(session, offer)
    return offer


def _watch_silence(session: Writing, offer: Offer) -> None:
    """Who was written to is looked at again before the time is over."""
    rule = next_steps(session, offer.centre_id)
    may_be_called = messages.number_for(session, offer.merchant_id, Channel.VOICE) is not None
    if offer.channel is Channel.SMS and rule.silent and (may_be_called or Step.NEXT_NUMBER in rule.silent):
        after = (offer.expires_at - offer.offered_at) * rule.silent_percent / 100
        timers.arm(session, TimerKind.OFFER_SILENT, offer, offer.offered_at + after)


def held_offer(session: Writing, desk: Desk, number: str, offer_id: int) -> tuple[Case, Offer]:
    """Both held, in this order. Raises NotFound."""
    case = held(session, desk, number)
    offer = session.lock(Offer, offer_id)
    if offer is None or offer.case_id != case.id:
        raise NotFound(subject=Subject.OFFER, id=offer_id)
    return case, offer


def expect_offer(session: Writing, case: Case, offer: Offer, expected: str) -> None:
    """Raises Conflict, with who was first where somebody was, unless the offer is in the state its sender saw."""
    if offer.state != expected:
        raise Conflict(subject=Subject.OFFER, now=offer.state, expected=expected, **casebook.first(session, case))
