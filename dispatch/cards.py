"""Yellow and red cards: given by the clocks, told to whoever got one, disputed, decided by a supervisor."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from dispatch import notices, suspensions
from dispatch.attention import Need, met, need
from dispatch.casebook import OPEN_STATES, seen_by
from dispatch.desk import Desk
from dispatch.errors import Conflict, NotFound
from dispatch.models import Card, CardColour, CardState, Case, Limit, Offer, OfferState, Turn, Visit
from dispatch.models.transitions import key, move, note
from dispatch.wire.cards import DecideCard, DisputeCard
from dispatch.wire.catalogue import Catalogue
from registry.models import Centre, Merchant
from registry.store import Actor, Role, Subject, Writing


def give(
    session: Writing,
    case: Case,
    offer: Offer | None,
    visit: Visit | None,
    limit: Limit,
    colour: CardColour,
    due: datetime,
) -> Card:
    """A limit was passed at `due`. It is the card of the merchant that had accepted `offer`, who is told."""
    card = Card(
        centre_id=case.centre_id,
        area_id=case.area_id,
        case_id=key(case),
        offer_id=offer.id if offer is not None else None,
        visit_id=visit.id if visit is not None else None,
        merchant_id=offer.merchant_id if offer is not None else None,
        colour=colour,
        limit=limit,
        due_at=due,
        given_at=session.clock.now(),
    )
    session.add(card)
    note(session, card, "given", Actor.system(), colour=str(colour), limit=str(limit), merchant=card.merchant_id)
    if offer is not None:
        notices.tell_card(session, case, offer, limit, colour)
        suspensions.by_rule(session, case, offer)
    return card


def dispute_card(session: Writing, desk: Desk, card_id: int, told: DisputeCard) -> Card:
    """Writes down what the merchant says against its card. Raises NotFound, Conflict for one that is not standing."""
    case, card = _held(session, desk, card_id)
    if card.state != told.expects or card.merchant_id is None:
        raise Conflict(subject=Subject.CARD, now=card.state, expected=told.expects)
    disputed(session, case, card, told.words, desk.actor)
    return card


def disputed(session: Writing, case: Case, card: Card, words: str, actor: Actor) -> None:
    """The merchant says that its card, which the caller holds with its case, is wrong: a supervisor has to decide."""
    card.dispute, card.disputed_at = words, session.clock.now()
    move(session, card, CardState.DISPUTED, actor, colour=str(card.colour), limit=str(card.limit))
    need(session, case, Need.CARD_DISPUTED, actor, card=card.id)
    if case.state in OPEN_STATES:
        case.turn = Turn.SUPERVISOR


def decide_card(session: Writing, desk: Desk, card_id: int, decision: DecideCard) -> Card:
    """The supervisor's word: the card stays, or is taken back; the merchant is told why.

    Raises NotAllowed, NotFound, Conflict, and ForbiddenMove where there is nothing to uphold.
    """
    desk.needs(Role.SUPERVISOR)
    case, card = _held(session, desk, card_id)
    if card.state != decision.expects:
        raise Conflict(subject=Subject.CARD, now=card.state, expected=decision.expects)
    card.decision, card.decided_at, card.decided_by_id = decision.why, session.clock.now(), desk.operator_id
    to = CardState.UPHELD if decision.upheld else CardState.WITHDRAWN
    move(session, card, to, desk.actor, colour=str(card.colour), limit=str(card.limit))
    if case.needs_why == Need.CARD_DISPUTED:
        met(case)
        if case.turn is Turn.SUPERVISOR:
            case.turn = Turn.MERCHANT if _accepted(session, case) else Turn.OPERATOR
        case.version += 1
        note(session, case, "acknowledged", desk.actor, why=str(Need.CARD_DISPUTED))
    offer = session.get(Offer, card.offer_id) if card.offer_id is not None else None
    if offer is not None:
        notices.tell_decision(session, case, offer, upheld=decision.upheld, why=decision.why)
        if not decision.upheld:
            suspensions.reconsider(session, offer.merchant_id, desk.actor)
    return card


def disputed_by_key(session: Writing, case: Case, offer: Offer, actor: Actor) -> None:
    """A merchant that is called about its card says that it is wrong; a second time changes nothing."""
    found = _standing(session, col(Card.offer_id) == offer.id)
    if found is not None:
        centre = session.get(Centre, case.centre_id)
        assert centre is not None
        disputed(session, *found, Catalogue("dispatch", centre.language).say("menu.why"), actor)


def to_dispute(session: Writing, merchants: Sequence[Merchant]) -> tuple[Case, Card] | None:
    """The newest card of one of these merchants that stands undisputed, held with its case."""
    return _standing(session, col(Card.merchant_id).in_([merchant.id for merchant in merchants]))


def _standing(session: Writing, which: ColumnElement[bool]) -> tuple[Case, Card] | None:
    newest = select(col(Card.id)).where(which, col(Card.state) == CardState.STANDING).order_by(col(Card.id).desc())
    card_id = session.scalar(newest.limit(1))
    found = _lock(session, card_id) if card_id is not None else None
    return found if found is not None and found[1].state is CardState.STANDING else None


def _held(session: Writing, desk: Desk, card_id: int) -> tuple[Case, Card]:
    mine = select(col(Case.id)).join(Card, col(Card.case_id) == col(Case.id))
    visible = session.scalar(
        mine.where(col(Card.id) == card_id, col(Case.centre_id) == desk.centre_id, seen_by(desk))
    )
    found = _lock(session, card_id) if visible is not None else None
    if found is None:
        raise NotFound(subject=Subject.CARD, id=card_id)
    return found


def _lock(session: Writing, card_id: int) -> tuple[Case, Card] | None:
    seen = session.get(Card, card_id)
    case = session.lock(Case, seen.case_id) if seen is not None else None
    card = session.lock(Card, card_id)
    return (case, card) if case is not None and card is not None else None


def _accepted(session: Writing, case: Case) -> bool:
    accepted = select(col(Offer.id)).where(col(Offer.case_id) == case.id, col(Offer.state) == OfferState.ACCEPTED)
    return session.scalar(accepted.limit(1)) is not None
