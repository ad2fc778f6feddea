"""Offers (派单): a case to one merchant after the other until one accepts.

Whoever comes in here holds the case first, then the offer; that order keeps two answers apart on both databases.
"""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from dispatch import casebook, choosing, messages, timers, visits
from dispatch.attention import Need, met, need
from dispatch.casebook import expect, first, held, service_of
from dispatch.choosing import Choice
from dispatch.desk import Desk
from dispatch.errors import BadValue, Conflict, ForbiddenMove, NotFound
from dispatch.models import Case, CaseState, DecisionSheet, Offer, OfferRole, OfferState, TimerKind, Turn
from dispatch.models.transitions import key, move, note
from dispatch.wire.work import Dispatch, OfferAnswer, OfferEnd
from registry.models import Channel
from registry.store import Actor, Scope, Subject, Writing

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without 0 O 1 I
CODE_LIFE = timedelta(days=90)  # so long a code means one offer to one number
LIVE = frozenset({OfferState.PENDING, OfferState.SENT})


def candidates(session: Writing, desk: Desk | Scope, number: str) -> DecisionSheet:
    """Who could serve the case now and why, who not and why not; kept as a sheet. Raises NotFound."""
    case = held(session, desk, number)
    sheet, _ = choosing.decide(session, case)
    return sheet


def dispatch_case(session: Writing, desk: Desk, number: str, order: Dispatch) -> Offer:
    """Offers the case to the merchant picked, or to the first candidate; who was being asked before is told off.

    Raises NotFound, Conflict (not in the state expected, or nobody there to ask), ForbiddenMove for a case that has
    been accepted or closed, BadValue for a merchant that is no candidate or a sheet of another case.
    """
    case = held(session, desk, number)
    expect(session, case, order.expects)
    if case.state not in (CaseState.OPEN, CaseState.OFFERING):
        raise ForbiddenMove(subject=Subject.CASE, now=case.state, wanted=CaseState.OFFERING, **first(session, case))
    for offer in live(session, case):
        end(session, case, offer, OfferState.WITHDRAWN, desk.actor)
    channel = Channel(order.channel) if order.channel is not None else None
    sheet, able = choosing.decide(session, case, channel=channel, picked=order.merchant_id)
    if order.sheet_id is not None:
        able = choosing.as_seen(session, case, order.sheet_id, able)
    if order.merchant_id is not None:
        able = [choice for choice in able if choice.merchant_id == order.merchant_id]
        if not able:
            raise BadValue(field="merchant_id", found=order.merchant_id, right="merchant.candidate")
    if not able:
        raise Conflict(subject=Subject.CASE, now=case.state, needs=str(Need.NOBODY_LEFT))
    return _offer(session, case, able[0], sheet, desk.actor, by_hand=order.merchant_id is not None)


def answer_offer(session: Writing, desk: Desk, number: str, offer_id: int, told: OfferAnswer) -> Offer:
    """Writes down what the merchant told the operator. Raises NotFound, Conflict with who was first."""
    case, offer = _held(session, desk, number, offer_id)
    _expect_offer(session, case, offer, told.expects)
    if told.answer == "accept":
        accept(session, case, offer, desk.actor, by=None)
    else:
        decline(session, case, offer, desk.actor, by=None)
    return offer


def end_offer(session: Writing, desk: Desk, number: str, offer_id: int, how: OfferEnd) -> Offer:
    """Withdraws an open offer, or ends an accepted one. Raises NotFound, Conflict, ForbiddenMove.

    After a withdrawal or a revocation it is the operator's turn; after a giving back the next candidate is asked.
    """
    case, offer = _held(session, desk, number, offer_id)
    _expect_offer(session, case, offer, how.expects)
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
    ids = session.scalars(
        select(col(Offer.id)).where(col(Offer.case_id) == case.id, col(Offer.state).in_(LIVE)).order_by(col(Offer.id))
    ).all()
    held_now = (session.lock(Offer, id_ or 0) for id_ in ids)
    return [offer for offer in held_now if offer is not None and offer.state in LIVE]


def accept(session: Writing, case: Case, offer: Offer, actor: Actor, *, by: Channel | None) -> None:
    """The merchant comes: the others are told off, the visit's clocks start, the door is told.

    Raises Conflict, with who was first and when, for an offer that is no longer open or a case that has been taken.
    """
    if offer.state not in LIVE or case.state is not CaseState.OFFERING:
        raise Conflict(subject=Subject.OFFER, now=offer.state, case=case.state, **first(session, case))
    offer.answered_at, offer.answered_by = session.clock.now(), by
    who_was_first = first(session, case)
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
    visits.promise(session, case, offer, actor)
    _tell_details(session, case, offer)


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
    was_accepted, was_told = offer.state is OfferState.ACCEPTED, messages.was_told(session, offer)
    move(session, offer, state, actor, **facts)
    timers.stop(session, Subject.OFFER, key(offer))
    messages.end_calls(session, offer)
    if was_accepted:
        visits.call_off(session, offer, actor)
    if state is OfferState.REVOKED or (state is OfferState.WITHDRAWN and was_told):
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


def move_on(session: Writing, case: Case) -> Offer | None:
    """Asks the next candidate who has not been asked yet; when nobody is left the operators are.

    Nothing happens while somebody is still being asked, or when the case has gone another way.
    """
    if case.state not in (CaseState.OPEN, CaseState.OFFERING) or live(session, case):
        return None
    sheet, able = choosing.decide(session, case, again=False)
    if able:
        return _offer(session, case, able[0], sheet, Actor.system(), by_hand=False)
    if case.state is CaseState.OFFERING:
        move(session, case, CaseState.OPEN, Actor.system())
    need(session, case, Need.NOBODY_LEFT, Actor.system())
    return None


def expire(session: Writing, case: Case, offer: Offer) -> None:
    """Nobody answered in time: the next one is asked."""
    if offer.state in LIVE:
        end(session, case, offer, OfferState.EXPIRED, Actor.system())
        move_on(session, case)


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


def ask_by_telephone(session: Writing, case: Case, offer: Offer) -> bool:
    """The SMS did not get through: the same offer by telephone, where there is one."""
    number = messages.number_for(session, offer.merchant_id, Channel.VOICE)
    if offer.state not in LIVE or offer.channel is Channel.VOICE or number is None:
        return False
    offer.channel, offer.number = Channel.VOICE, number
    offer.version += 1
    note(session, offer, "offered", Actor.system(), channel=str(offer.channel), merchant=offer.merchant_id)
    messages.ask(session, case, offer)
    return True


def _offer(
    session: Writing, case: Case, choice: Choice, sheet: DecisionSheet, actor: Actor, *, by_hand: bool
) -> Offer:
    now = session.clock.now()
    offer = Offer(
        centre_id=case.centre_id,
        area_id=case.area_id,
        case_id=key(case),
        merchant_id=choice.merchant_id,
        sheet_id=sheet.id,
        role=OfferRole.SUPPLIER,
        channel=choice.channel,
        number=choice.number,
        code=_code(session, choice.number),
        distance=choice.distance,
        by_hand=by_hand,
        offered_at=now,
        expires_at=now + timedelta(minutes=service_of(session, case).accept_minutes),
    )
    session.add(offer)
    note(session, offer, "offered", actor, channel=str(choice.channel), merchant=choice.merchant_id, by_hand=by_hand)
    met(case)
    case.turn, case.turn_operator_id = Turn.MERCHANT, None
    if case.state is CaseState.OPEN:
        move(session, case, CaseState.OFFERING, actor, offer=offer.id, merchant=choice.merchant_id)
    timers.stop(session, Subject.CASE, offer.case_id, TimerKind.WANTED_SOON)
    timers.arm(session, TimerKind.OFFER_EXPIRES, offer, offer.expires_at)
    messages.ask(session, case, offer)
    return offer


def _code(session: Writing, number: str) -> str:
    """Four characters that have not meant another offer to this number for a long time."""
    since = session.clock.now() - CODE_LIFE
    used = set(
        session.scalars(select(col(Offer.code)).where(col(Offer.number) == number, col(Offer.offered_at) > since))
    )
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(4))
        # With a letter and a figure it is never taken for a bare figure or for a word.
        if code not in used and not code.isdigit() and not code.isalpha():
            return code


def _held(session: Writing, desk: Desk, number: str, offer_id: int) -> tuple[Case, Offer]:
    case = held(session, desk, number)
    offer = session.lock(Offer, offer_id)
    if offer is None or offer.case_id != case.id:
        raise NotFound(subject=Subject.OFFER, id=offer_id)
    return case, offer


def _expect_offer(session: Writing, case: Case, offer: Offer, expected: str) -> None:
    if offer.state != expected:
        raise Conflict(subject=Subject.OFFER, now=offer.state, expected=expected, **casebook.first(session, case))
