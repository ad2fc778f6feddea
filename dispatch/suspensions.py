"""Suspensions of merchants: by the rule when the red cards are too many, by hand with a reason, each with an end."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import col

from dispatch import notices
from dispatch.desk import Desk
from dispatch.errors import BadValue
from dispatch.models import Card, CardColour, CardState, Case, Offer
from dispatch.policy import record_policy
from dispatch.rule_bodies import RecordPolicy
from dispatch.wire.cards import Suspend
from dispatch.wire.catalogue import Catalogue
from registry import merchants
from registry.models import Centre, Merchant
from registry.store import Actor, Role, Writing


def suspend(session: Writing, desk: Desk, merchant_id: int, order: Suspend) -> Merchant:
    """By hand. Raises NotAllowed, the registry's NotFound, BadValue for an end that is over."""
    desk.needs(Role.SUPERVISOR)
    merchant = merchants.held_merchant(session, desk.scope, merchant_id)
    if order.until is not None and order.until <= session.clock.now():
        raise BadValue(field="until", found=order.until.isoformat(), right="moment.to_come")
    merchants.suspend(session, merchant, order.why, order.until, desk.actor)
    return merchant


def resume(session: Writing, desk: Desk, merchant_id: int) -> Merchant:
    """Ends a suspension before its time. Raises NotAllowed, the registry's NotFound."""
    desk.needs(Role.SUPERVISOR)
    merchant = merchants.held_merchant(session, desk.scope, merchant_id)
    if merchant.suspended_at is not None:
        merchants.resume(session, merchant, desk.actor)
    return merchant


def is_on(merchant: Merchant, now: datetime) -> bool:
    return merchant.suspended_at is not None and (merchant.suspended_until is None or merchant.suspended_until > now)


def by_rule(session: Writing, case: Case, offer: Offer) -> None:
    """A merchant has got a card: too many red ones since its last suspension, and nothing new is offered to it."""
    policy = record_policy(session, case.centre_id)
    merchant = session.lock(Merchant, offer.merchant_id)
    now = session.clock.now()
    if merchant is None or is_on(merchant, now) or not policy.suspend_at_red:
        return
    red = _red_cards(session, merchant, policy, merchant.suspended_at)
    if red < policy.suspend_at_red:
        return
    centre = session.get(Centre, case.centre_id)
    assert centre is not None
    why = Catalogue("dispatch", centre.language).say("suspended.red", red=str(red), days=str(policy.window_days))
    until = now + timedelta(days=policy.suspended_days)
    merchants.suspend(session, merchant, why, until, Actor.system(), by_rule=True)
    notices.tell_suspended(session, case, offer, why, until)


def reconsider(session: Writing, merchant_id: int, actor: Actor) -> None:
    """A card was withdrawn: a suspension by the rule ends when the others are too few for it."""
    merchant = session.lock(Merchant, merchant_id)
    if merchant is None or not merchant.suspended_by_rule or not is_on(merchant, session.clock.now()):
        return
    policy = record_policy(session, merchant.centre_id)
    if _red_cards(session, merchant, policy, None) < policy.suspend_at_red:
        merchants.resume(session, merchant, actor)


def _red_cards(session: Writing, merchant: Merchant, policy: RecordPolicy, since: datetime | None) -> int:
    """Within the window; with `since` only later ones, which no suspension has counted yet."""
    session.flush()
    begins = session.clock.now() - policy.window
    red = select(func.count()).where(
        col(Card.merchant_id) == merchant.id,
        col(Card.colour) == CardColour.RED,
        col(Card.state) != CardState.WITHDRAWN,
        col(Card.given_at) > (begins if since is None else max(begins, since)),
    )
    return session.scalar(red) or 0
